"""Answers about faces that only a visitor's own device has seen, counted apart."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0031_user_language"),
    ]

    operations = [
        migrations.AddField(
            model_name='predictionfeedback',
            name='is_from_device',
            field=models.BooleanField(db_default=False, default=False, help_text='The browser looked by itself: nothing proves the guess, nor that one face was answered once. Counted apart.'),
        ),
    ]
