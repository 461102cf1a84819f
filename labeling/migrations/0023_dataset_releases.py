"""What stood in which dataset release, and what each release was."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0022_moderation"),
    ]

    operations = [
        migrations.CreateModel(
            name='DatasetRelease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('variant', models.CharField(choices=[('all', 'all faces'), ('validated', 'faces that voters confirmed'), ('since', 'faces that no earlier one has'), ('metadata', 'all labels, without pictures')], max_length=10)),
                ('form', models.CharField(choices=[('parquet', 'Parquet files'), ('folders', 'a folder for each expression')], max_length=10)),
                ('url', models.URLField(blank=True, help_text='Where it can be downloaded.', max_length=500)),
                ('license', models.CharField(blank=True, max_length=200)),
                ('emotions', models.JSONField(default=dict, help_text='Faces of each.')),
                ('size', models.PositiveBigIntegerField(default=0, help_text='Bytes of all files.')),
                ('checksum', models.CharField(blank=True, help_text='SHA-256 of its SHA256SUMS.', max_length=64)),
                ('consents', models.JSONField(default=list, help_text='Versions of their texts.')),
                ('added', models.PositiveIntegerField(default=0)),
                ('gone', models.PositiveIntegerField(default=0)),
                ('croissant', models.JSONField(default=dict, help_text='croissant.json')),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('made_at', models.DateTimeField(help_text='Empty: it was never finished.', null=True)),
                ('before', models.ForeignKey(help_text='The last one of its variant: what has changed since.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='labeling.datasetrelease')),
            ],
            options={
                'verbose_name': 'dataset release',
                'verbose_name_plural': 'dataset releases',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='ReleasedFace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('face', models.UUIDField(db_index=True)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='faces', to='labeling.datasetrelease')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('release', 'face'), name='a_face_once_a_release')],
            },
        ),
    ]
