from django.db import migrations, models

# Of faces withdrawn before, manifests said more than they do from now on.
ERASE = """
    UPDATE labeling_snapshotrow AS kept SET label = NULL, weight = NULL, source = ''
    WHERE NOT EXISTS (
        SELECT FROM labeling_contribution AS face WHERE face.id = kept.contribution_id
    )
"""


class Migration(migrations.Migration):
    dependencies = [("labeling", "0003_append_only")]

    operations = [
        migrations.AlterField(
            model_name="snapshotrow",
            name="digest",
            field=models.BinaryField(
                help_text="HMAC over all of the row; its key lies with the face.",
                max_length=32,
            ),
        ),
        migrations.AlterField(
            model_name="snapshotrow",
            name="label",
            field=models.JSONField(
                help_text="Seven probabilities, in FER-2013's order.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="snapshotrow",
            name="source",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AlterField(
            model_name="snapshotrow",
            name="weight",
            field=models.FloatField(null=True),
        ),
        migrations.RunSQL(ERASE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="snapshotrow",
            constraint=models.CheckConstraint(
                condition=models.Q(label__isnull=False, weight__isnull=False)
                | models.Q(label__isnull=True, weight__isnull=True, source=""),
                name="row_is_whole_or_erased",
            ),
        ),
    ]
