"""Faces that a backup brought back in doubt, and the site's own row.

A site that was there before is known by its first account's key, so that its older dumps,
which have no such row, are known for its own.
"""

import uuid

from django.db import migrations, models
from django.db.models import Q


def name_site(apps, schema_editor):
    first = apps.get_model("labeling", "User").objects.order_by("pk").first()
    key = first.key if first else uuid.uuid4()
    apps.get_model("labeling", "SiteRecord").objects.create(pk=1, key=key)


class Migration(migrations.Migration):
    dependencies = [("labeling", "0007_doubtful_consents")]

    operations = [
        migrations.AlterField(
            model_name="contribution",
            name="status",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting for review"),
                    ("accepted", "accepted"),
                    ("rejected", "rejected"),
                    ("in_doubt", "set aside"),
                ],
                db_default="waiting",
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="from_status",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting for review"),
                    ("accepted", "accepted"),
                    ("rejected", "rejected"),
                    ("in_doubt", "set aside"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="to_status",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting for review"),
                    ("accepted", "accepted"),
                    ("rejected", "rejected"),
                    ("in_doubt", "set aside"),
                ],
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="contribution", name="decided_has_emotion_and_time"
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.CheckConstraint(
                name="decided_has_emotion_and_time",
                condition=Q(status="waiting", decided_emotion="", decided_at=None)
                | Q(status__in=["rejected", "in_doubt"], decided_at__isnull=False)
                | (
                    Q(status="accepted", decided_at__isnull=False)
                    & ~Q(decided_emotion="")
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.CheckConstraint(
                name="in_doubt_is_seen_by_nobody",
                condition=~Q(status="in_doubt") | Q(screened_at=None),
            ),
        ),
        migrations.CreateModel(
            name="SiteRecord",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4,
                        help_text="Tells its dumps and logs from another site's.",
                    ),
                ),
                (
                    "deletions",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="How often faces or accounts were deleted.",
                    ),
                ),
                (
                    "erased",
                    models.PositiveBigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Of these, whose bytes are gone as well.",
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The first deletion whose bytes may be left.",
                        null=True,
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddConstraint(
            model_name="siterecord",
            constraint=models.CheckConstraint(name="one_site", condition=Q(id=1)),
        ),
        migrations.RunPython(name_site, migrations.RunPython.noop),
    ]
