"""Beside the consent: what the giver was told before the first look."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0015_plain_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='contribution',
            name='notice_version',
            field=models.CharField(blank=True, db_default='', default='', help_text='What the giver was told before the first look; empty: not by us.', max_length=40, verbose_name='notice'),
        ),
    ]
