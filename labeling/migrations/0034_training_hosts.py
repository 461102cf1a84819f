"""Hosts that train one run together."""


import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0033_indexes_at_a_million'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrainingHost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveSmallIntegerField()),
                ('place', models.PositiveSmallIntegerField()),
                ('address', models.TextField()),
                ('heartbeat_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hosts', to='labeling.trainingrun')),
            ],
            options={
                'ordering': ['place'],
                'constraints': [models.UniqueConstraint(fields=('run', 'attempt', 'place'), name='one_host_a_place'), models.UniqueConstraint(fields=('run', 'attempt', 'address'), name='one_host_a_address')],
            },
        ),
    ]
