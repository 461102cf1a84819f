"""Columns by the field's own words. Tables, index names and what stands in the rows stay;
Postgres carries indexes and constraints along with a renamed column."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0004_tombstones_in_manifests'),
    ]

    operations = [
        migrations.AlterModelTable(name='answer', table='labeling_answer'),
        migrations.AlterModelTable(name='figures', table='labeling_figures'),
        migrations.RenameModel(old_name='Answer', new_name='PredictionFeedback'),
        migrations.RenameModel(old_name='Figures', new_name='SiteStats'),
        migrations.RenameField('contribution', old_name='worth', new_name='priority'),
        migrations.RenameField('contribution', old_name='side', new_name='split'),
        migrations.RenameField('crop', old_name='side', new_name='edge'),
        migrations.RenameField('modelversion', old_name='tainted_at', new_name='contaminated_at'),
        migrations.RenameField('user', old_name='side', new_name='split'),
        migrations.AlterField(
            model_name='crop',
            name='signature',
            field=models.BinaryField(blank=True, help_text='For near-duplicates: see ml/vision/near_duplicates.py.', null=True),
        ),
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.RemoveConstraint(model_name='contribution', name='examined_only_of_known_givers'),
            migrations.RemoveIndex(model_name='contribution', name='desk_by_worth'),
            migrations.RemoveIndex(model_name='contribution', name='desk_by_emotion'),
            migrations.RemoveIndex(model_name='contribution', name='decided_faces'),
            migrations.AddIndex(
                model_name='contribution',
                index=models.Index(condition=models.Q(('status', 'waiting')), fields=['-priority', 'created_at'], name='desk_by_worth'),
            ),
            migrations.AddIndex(
                model_name='contribution',
                index=models.Index(condition=models.Q(('status', 'waiting')), fields=['emotion', '-priority', 'created_at'], name='desk_by_emotion'),
            ),
            migrations.AddIndex(
                model_name='contribution',
                index=models.Index(fields=['status', 'decided_emotion', 'split'], name='decided_faces'),
            ),
            migrations.AddConstraint(
                model_name='contribution',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('split', 'exam'), _negated=True), ('giver__isnull', False), _connector='OR'), name='examined_only_of_known_givers'),
            ),
        ]),
    ]
