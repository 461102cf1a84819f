"""The audit log, which Postgres lets nobody change or delete from, and promotions, which
may lose a person or a former version that is gone and nothing else.

Django's own log of the admin is not kept any more: it held the names of accounts that
were erased. What it has keeps who, when and what, without those names. The log of a run
named who cancelled it, likewise for ever.
"""

import uuid

from django.db import migrations, models
from django.db.models.functions import Now

FIX_AUDIT = """
CREATE FUNCTION labeling_auditentry_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER auditentry_is_fixed
    BEFORE UPDATE OR DELETE ON labeling_auditentry FOR EACH ROW
    EXECUTE FUNCTION labeling_auditentry_is_fixed();
"""
FIX_PROMOTIONS = """
CREATE FUNCTION labeling_promotion_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a promotion is append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER promotion_is_fixed BEFORE UPDATE ON labeling_promotion FOR EACH ROW
    WHEN ((NEW.id, NEW.version_id, NEW.kind, NEW.reason, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.version_id, OLD.kind, OLD.reason, OLD.created_at))
    EXECUTE FUNCTION labeling_promotion_is_fixed();
"""
FORGET_WHO_CANCELLED = """
UPDATE labeling_trainingrun
SET log = regexp_replace(log, 'cancelled by [^\n]*', 'cancelled by a person', 'g')
WHERE log LIKE '%cancelled by %';
"""
UNFIX = """
DROP TRIGGER {table}_is_fixed ON labeling_{table};
DROP FUNCTION labeling_{table}_is_fixed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0008_set_aside"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, help_text="Random, so that a restore can bring later entries along.", primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=Now())),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("rights", "rights changed"),
                            ("password", "password set for somebody"),
                            ("password_link", "password link made for somebody"),
                            ("second_factor", "second factor removed"),
                            ("address", "address confirmed for somebody"),
                            ("token", "somebody's API token revoked"),
                            ("account", "somebody's account deleted"),
                            ("withdrawal", "face withdrawn for its giver"),
                            ("import", "faces imported"),
                            ("run", "retraining started"),
                            ("cancel", "retraining cancelled"),
                            ("rows", "rows of a version downloaded"),
                            ("release", "dataset released"),
                            ("backup", "backup made"),
                            ("restore", "backup restored"),
                            ("limits", "started with other limits"),
                        ],
                        max_length=20,
                    ),
                ),
                ("by_key", models.UUIDField(help_text="The account's key. Nobody: a command at the shell, or the site.", null=True)),
                ("subject", models.CharField(blank=True, help_text="What kind of thing, and which.", max_length=80)),
                ("details", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "pk"],
                "indexes": [models.Index(fields=["-at"], name="latest_audit_entries")],
            },
        ),
        migrations.RunSQL(FIX_AUDIT, UNFIX.format(table="auditentry")),
        migrations.RunSQL(FIX_PROMOTIONS, UNFIX.format(table="promotion")),
        migrations.RunSQL(
            "UPDATE django_admin_log SET object_repr = ''", migrations.RunSQL.noop
        ),
        migrations.RunSQL(FORGET_WHO_CANCELLED, migrations.RunSQL.noop),
    ]
