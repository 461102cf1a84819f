"""Vectors, by whose index copies of faces are found. Faces that are there get theirs
from the worker, a few thousand a minute (`near_duplicates.cluster_new`)."""

import django.db.models.deletion
from django.db import migrations, models

import labeling.pgvector
from labeling.pgvector import ensure_extension

# The deletion is Postgres', so that a version that knows of no vectors deletes them too.
BESIDE_THE_MODEL = """
    ALTER TABLE labeling_facevector ADD CONSTRAINT vector_of_a_crop
        FOREIGN KEY (crop_id) REFERENCES labeling_crop ON DELETE CASCADE;
    CREATE INDEX faces_by_vector ON labeling_facevector
        USING hnsw (numbers halfvec_ip_ops);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0026_fer2013_test_set"),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: ensure_extension(), migrations.RunPython.noop
        ),
        migrations.CreateModel(
            name="FaceVector",
            fields=[
                ("crop", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+", serialize=False, to="labeling.crop")),
                ("numbers", labeling.pgvector.HalfVector(44)),
            ],
        ),
        migrations.RunSQL(BESIDE_THE_MODEL, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="crop",
            name="has_vector",
            field=models.BooleanField(db_default=False, default=False, help_text="See `FaceVector`."),
        ),
        migrations.AddIndex(
            model_name="crop",
            index=models.Index(condition=models.Q(("has_vector", False), ("signature__isnull", False)), fields=["contribution"], name="without_vector"),
        ),
    ]
