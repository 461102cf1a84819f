"""Consent that came by the API until now is in doubt: a written no was kept as a yes.

It counts as not given until the giver says so again. Whoever has changed it on the page
since has said so already.

And a reviewer's decision about his own gift is marked as such, and as fixed as the rest.
"""

from django.db import migrations, models

DOUBT = """
    UPDATE labeling_contribution SET
        consent_in_doubt = 'keep adult'
            || CASE WHEN may_be_seen THEN ' may_be_seen' ELSE '' END
            || CASE WHEN may_be_released THEN ' may_be_released' ELSE '' END,
        may_be_seen = FALSE, may_be_released = FALSE, screened_at = NULL
    WHERE source = 'api' AND consented_at <= created_at
"""

COLUMNS = (
    *("id", "contribution_id", "act", "from_status", "to_status", "from_emotion"),
    *("to_emotion", "reason", "note", "undoes_id"),
)


def fixed(columns):
    new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ("NEW", "OLD"))
    return f"""
        DROP TRIGGER review_is_fixed ON labeling_review;
        CREATE TRIGGER review_is_fixed BEFORE UPDATE ON labeling_review FOR EACH ROW
            WHEN (({new}) IS DISTINCT FROM ({old}))
            EXECUTE FUNCTION labeling_review_is_fixed();
    """


class Migration(migrations.Migration):

    dependencies = [
        ('labeling', '0006_places_for_votes'),
    ]

    operations = [
        migrations.AddField(
            model_name='contribution',
            name='consent_in_doubt',
            field=models.CharField(blank=True, db_default='', default='', help_text='The consents that may never have been given, until they are anew.', max_length=60),
        ),
        migrations.RunSQL(DOUBT, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(('consent_in_doubt', ''), models.Q(('may_be_released', False), ('may_be_seen', False)), _connector='OR'), name='in_doubt_nothing_is_agreed'),
        ),
        migrations.AddField(
            model_name='review',
            name='is_own_gift',
            field=models.BooleanField(db_default=False, default=False, help_text='There was no other reviewer to decide about it.'),
        ),
        migrations.RunSQL(fixed((*COLUMNS, "is_own_gift")), fixed(COLUMNS)),
    ]
