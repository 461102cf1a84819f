"""A yes to the minimum age, without a date of birth; data handed out are on record."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0023_dataset_releases"),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_of_age',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Said to be as old as the site asks; no date of birth is kept.', verbose_name='old enough'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('rights', 'rights changed'), ('password', 'password set for somebody'), ('password_link', 'password link made for somebody'), ('second_factor', 'second factor removed'), ('address', 'address confirmed for somebody'), ('token', "somebody's API token revoked"), ('account', "somebody's account deleted"), ('handed_out', 'data handed out to whom they are about'), ('withdrawal', 'face withdrawn for its giver'), ('removed', 'reported face removed'), ('cleared', 'reported face shown again'), ('import', 'faces imported'), ('run', 'retraining started'), ('cancel', 'retraining cancelled'), ('rows', 'rows of a version downloaded'), ('release', 'dataset released'), ('backup', 'backup made'), ('restore', 'backup restored'), ('limits', 'started with other limits')], max_length=20),
        ),
    ]
