"""The words that the admin shows for things; the tables stay as they are."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0010_sessions'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='contribution',
            options={'ordering': ['created_at'], 'permissions': [('review', 'Can review contributions')], 'verbose_name': 'face', 'verbose_name_plural': 'faces'},
        ),
        migrations.AlterModelOptions(
            name='erasure',
            options={'ordering': ['erased_at', 'pk'], 'verbose_name': 'erased account', 'verbose_name_plural': 'erased accounts'},
        ),
        migrations.AlterModelOptions(
            name='modelversion',
            options={'ordering': ['-pk'], 'verbose_name': 'version', 'verbose_name_plural': 'versions'},
        ),
        migrations.AlterModelOptions(
            name='review',
            options={'ordering': ['created_at', 'pk'], 'verbose_name': 'decision', 'verbose_name_plural': 'decisions'},
        ),
        migrations.AlterModelOptions(
            name='trainingrun',
            options={'ordering': ['-pk'], 'permissions': [('train', 'Can start, cancel, override and roll back')], 'verbose_name': 'training run', 'verbose_name_plural': 'training runs'},
        ),
        migrations.AlterModelOptions(
            name='user',
            options={'verbose_name': 'account', 'verbose_name_plural': 'accounts'},
        ),
        migrations.AlterField(
            model_name='contribution',
            name='agreement',
            field=models.FloatField(blank=True, help_text='Share of the votes for the most chosen answer.', null=True, verbose_name='voters agree'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='cluster',
            field=models.UUIDField(blank=True, help_text='Shared by near-duplicates; most have none.', null=True, verbose_name='group of near-duplicates'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='consent_in_doubt',
            field=models.CharField(blank=True, db_default='', default='', help_text='The consents that may never have been given, until they are anew.', max_length=60, verbose_name='consent in doubt'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='consented_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='consented on'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='given on'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='decided_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='decided on'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='decided_emotion',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], help_text='What was decided.', max_length=10, verbose_name='decided as'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='emotion',
            field=models.CharField(choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], help_text='What the giver says it shows.', max_length=10, verbose_name='given as'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='leased_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='being reviewed by'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='leased_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='being reviewed until'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='may_be_released',
            field=models.BooleanField(default=False, verbose_name='public release'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='may_be_seen',
            field=models.BooleanField(default=False, verbose_name='others may see it'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='model_emotion',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], max_length=10, verbose_name='model says'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='model_probabilities',
            field=models.JSONField(blank=True, default=dict, help_text='Emotion to probability.', verbose_name="the model's probabilities"),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='model_version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='labeling.modelversion', verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='released_at',
            field=models.DateTimeField(blank=True, help_text='It first stood in a dataset release.', null=True, verbose_name='released on'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='screened_at',
            field=models.DateTimeField(blank=True, help_text='A reviewer agreed that voters may see it.', null=True, verbose_name='shown to voters since'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='source_name',
            field=models.CharField(blank=True, max_length=100, verbose_name='name of the source'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='split',
            field=models.CharField(choices=[('train', 'Train'), ('exam', 'Exam'), ('neither', 'Neither')], db_default='train', default='train', max_length=10, verbose_name='used for'),
        ),
        migrations.AlterField(
            model_name='contribution',
            name='vote_count',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='votes'),
        ),
        migrations.AlterField(
            model_name='review',
            name='act',
            field=models.CharField(choices=[('accept', 'accepted'), ('relabel', 'relabelled'), ('reject', 'rejected'), ('screen', 'shown to voters'), ('undo', 'undone')], max_length=10, verbose_name='decision'),
        ),
        migrations.AlterField(
            model_name='review',
            name='contribution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='labeling.contribution', verbose_name='face'),
        ),
        migrations.AlterField(
            model_name='review',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='decided on'),
        ),
        migrations.AlterField(
            model_name='review',
            name='from_emotion',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], max_length=10, verbose_name='given as'),
        ),
        migrations.AlterField(
            model_name='review',
            name='to_emotion',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], max_length=10, verbose_name='decided as'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='is_champion',
            field=models.BooleanField(db_default=False, default=False, verbose_name='current model'),
        ),
        migrations.AlterField(
            model_name='vote',
            name='contribution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='votes', to='labeling.contribution', verbose_name='face'),
        ),
        migrations.AlterField(
            model_name='withdrawal',
            name='contribution_id',
            field=models.UUIDField(primary_key=True, serialize=False, verbose_name='face'),
        ),
    ]
