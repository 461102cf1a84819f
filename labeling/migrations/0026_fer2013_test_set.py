"""What copies of FER-2013's test faces are known by, for every host of the site."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0024_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name='Fer2013TestSet',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('sha256', models.CharField(help_text='Of the signatures.', max_length=64)),
                ('signatures', models.BinaryField(help_text='One after the other; no picture.')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='one_fer2013_test_set')],
            },
        ),
    ]
