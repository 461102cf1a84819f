"""Rings: who is suspected of voting in league, and second reviewers' decisions."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0016_notice_version"),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('rights', 'rights changed'), ('password', 'password set for somebody'), ('password_link', 'password link made for somebody'), ('second_factor', 'second factor removed'), ('address', 'address confirmed for somebody'), ('token', "somebody's API token revoked"), ('account', "somebody's account deleted"), ('withdrawal', 'face withdrawn for its giver'), ('import', 'faces imported'), ('run', 'retraining started'), ('cancel', 'retraining cancelled'), ('suspect', 'cleared of being in a ring'), ('rows', 'rows of a version downloaded'), ('release', 'dataset released'), ('backup', 'backup made'), ('restore', 'backup restored'), ('limits', 'started with other limits')], max_length=20),
        ),
        migrations.AlterField(
            model_name='review',
            name='act',
            field=models.CharField(choices=[('accept', 'accepted'), ('relabel', 'relabelled'), ('reject', 'rejected'), ('screen', 'shown to voters'), ('undo', 'undone'), ('confirm', 'confirmed by a second reviewer')], max_length=10, verbose_name='decision'),
        ),
        migrations.CreateModel(
            name='Suspect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('giver', 'giver'), ('voter', 'voter')], max_length=10)),
                ('device_hash', models.CharField(blank=True, max_length=64, null=True)),
                ('belief', models.FloatField(help_text='How sure it is, 0 to 1.')),
                ('found_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('cleared_at', models.DateTimeField(blank=True, help_text='A reviewer looked, and saw no league: it is not raised again.', null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='suspected', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'role'), name='suspected_once_in_each_role'), models.UniqueConstraint(fields=('device_hash',), name='suspect_device_once'), models.CheckConstraint(condition=models.Q(models.Q(('device_hash', None), ('user__isnull', False)), models.Q(('device_hash__isnull', False), ('role', 'voter'), ('user', None)), _connector='OR'), name='suspect_is_somebody')],
            },
        ),
    ]
