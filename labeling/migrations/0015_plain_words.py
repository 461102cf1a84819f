"""Presets, outcomes and promotions in plain words; the stored values stay."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', "0013_answers_name_the_emotion"),
    ]

    operations = [
        migrations.AlterField(
            model_name='exam',
            name='outcome',
            field=models.CharField(choices=[('promoted', 'put in use'), ('kept', 'not put in use'), ('rejected', 'failed a check')], max_length=10),
        ),
        migrations.AlterField(
            model_name='promotion',
            name='kind',
            field=models.CharField(choices=[('first', 'the first model'), ('exam', 'passed the exam'), ('override', 'put in use by a person'), ('roll_back', 'gone back to')], max_length=10),
        ),
        migrations.AlterField(
            model_name='trainingrun',
            name='preset',
            field=models.CharField(choices=[('quick', 'Quick: from the current model, a few thousand faces'), ('finetune', 'Fine-tune: from the current model'), ('full', 'Full: from scratch')], default='finetune', max_length=10),
        ),
    ]
