"""Webhooks, what they are told, and that changing them is on record."""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0019_token_scopes"),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=500, verbose_name='address')),
                ('events', models.JSONField(default=list, help_text='Empty: all.', verbose_name='events')),
                ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ('salt', models.BinaryField(max_length=24)),
                ('former_salt', models.BinaryField(max_length=24, null=True)),
                ('former_until', models.DateTimeField(help_text='Until then the secret before this one signs as well.', null=True)),
                ('failures', models.PositiveIntegerField(db_default=0, default=0, help_text='Calls in a row.', verbose_name='failures')),
                ('paused_until', models.DateTimeField(null=True, verbose_name='paused until')),
                ('busy_until', models.DateTimeField(help_text='The lease of the worker that is calling it.', null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='added on')),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
                'ordering': ['pk'],
            },
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='act',
            field=models.CharField(choices=[('rights', 'rights changed'), ('password', 'password set for somebody'), ('password_link', 'password link made for somebody'), ('second_factor', 'second factor removed'), ('address', 'address confirmed for somebody'), ('token', "somebody's API token revoked"), ('account', "somebody's account deleted"), ('withdrawal', 'face withdrawn for its giver'), ('import', 'faces imported'), ('run', 'retraining started'), ('cancel', 'retraining cancelled'), ('rows', 'rows of a version downloaded'), ('release', 'dataset released'), ('backup', 'backup made'), ('restore', 'backup restored'), ('webhook', 'webhook changed'), ('limits', 'started with other limits')], max_length=20),
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('event', models.CharField(choices=[('model.promoted', 'a model was put in use'), ('model.kept', 'a new model was not put in use'), ('run.failed', 'a retraining failed'), ('face.decided', 'a face was decided about'), ('face.withdrawn', 'faces were withdrawn'), ('release.made', 'a dataset was released')], max_length=20, verbose_name='event')),
                ('body', models.TextField(help_text='As it is sent: each attempt signs the same.')),
                ('face', models.UUIDField(db_index=True, help_text='The delivery goes when this face does.', null=True)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('given_up', 'given up')], default='waiting', max_length=10, verbose_name='status')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('next_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True, verbose_name='next attempt')),
                ('answer', models.PositiveSmallIntegerField(help_text='The HTTP status of the last attempt.', null=True, verbose_name='answer')),
                ('problem', models.CharField(blank=True, help_text='Of the last attempt.', max_length=200, verbose_name='problem')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='written on')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='labeling.webhook', verbose_name='webhook')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-created_at', 'pk'],
                'indexes': [models.Index(fields=['-created_at'], name='latest_deliveries'), models.Index(condition=models.Q(('status', 'waiting')), fields=['webhook', 'next_at'], name='deliveries_due')],
            },
        ),
    ]
