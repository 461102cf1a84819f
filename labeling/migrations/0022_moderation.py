"""Reported faces, which are hidden until a reviewer decides, and what removed pictures
are known by."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0021_webhooks"),
    ]

    operations = [
        migrations.CreateModel(
            name='FaceReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('child', 'it shows a child'), ('not_agreed', 'the person did not agree'), ('abuse', 'it shows abuse, or shames somebody')], max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('alerted_at', models.DateTimeField(blank=True, help_text='When the operator was sent a mail.', null=True)),
                ('former_status', models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], max_length=10)),
                ('was_shown', models.BooleanField(help_text='To voters.')),
            ],
            options={
                'verbose_name': 'reported face',
                'verbose_name_plural': 'reported faces',
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='RemovedPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.BinaryField(help_text='See ml/vision/fingerprint.py.', max_length=18, unique=True)),
                ('removed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='contribution',
            name='decided_has_emotion_and_time',
        ),
        migrations.RemoveConstraint(
            model_name='contribution',
            name='in_doubt_is_seen_by_nobody',
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('rights', 'rights changed'), ('password', 'password set for somebody'), ('password_link', 'password link made for somebody'), ('second_factor', 'second factor removed'), ('address', 'address confirmed for somebody'), ('token', "somebody's API token revoked"), ('account', "somebody's account deleted"), ('withdrawal', 'face withdrawn for its giver'), ('removed', 'reported face removed'), ('cleared', 'reported face shown again'), ('import', 'faces imported'), ('run', 'retraining started'), ('cancel', 'retraining cancelled'), ('rows', 'rows of a version downloaded'), ('release', 'dataset released'), ('backup', 'backup made'), ('restore', 'backup restored'), ('limits', 'started with other limits')], max_length=20),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], db_default='waiting', default='waiting', max_length=10),
        ),
        migrations.AlterField(
            model_name='review',
            name='from_status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], max_length=10),
        ),
        migrations.AlterField(
            model_name='review',
            name='to_status',
            field=models.CharField(choices=[('waiting', 'waiting for review'), ('accepted', 'accepted'), ('rejected', 'rejected'), ('in_doubt', 'set aside'), ('hidden', 'reported, and hidden')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_emotion', ''), ('status', 'waiting')), models.Q(('decided_at__isnull', False), ('status__in', ['rejected', 'in_doubt'])), ('status', 'hidden'), models.Q(('decided_at__isnull', False), ('status', 'accepted'), models.Q(('decided_emotion', ''), _negated=True)), _connector='OR'), name='decided_has_emotion_and_time'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['in_doubt', 'hidden']), _negated=True), ('screened_at', None), _connector='OR'), name='in_doubt_is_seen_by_nobody'),
        ),
        migrations.AddField(
            model_name='facereport',
            name='contribution',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='report', to='labeling.contribution', verbose_name='face'),
        ),
        migrations.AddIndex(
            model_name='facereport',
            index=models.Index(condition=models.Q(('alerted_at', None)), fields=['created_at'], name='not_alerted_yet'),
        ),
    ]
