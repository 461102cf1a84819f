"""What somebody sees is kept with their answer, not only that it is another."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', "0012_names"),
    ]

    operations = [
        migrations.AddField(
            model_name='predictionfeedback',
            name='emotion',
            field=models.CharField(blank=True, choices=[('angry', 'angry'), ('disgust', 'disgust'), ('fear', 'fear'), ('happy', 'happy'), ('sad', 'sad'), ('surprise', 'surprise'), ('neutral', 'neutral')], db_default='', default='', help_text='What the face shows; empty of answers from before they named it.', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='predictionfeedback',
            constraint=models.CheckConstraint(condition=models.Q(('emotion', ''), models.Q(('emotion', models.F('guess')), ('is_right', True)), models.Q(('is_right', False), models.Q(('emotion', models.F('guess')), _negated=True)), _connector='OR'), name='answer_right_if_it_names_the_guess'),
        ),
    ]
