"""That a vote's account was deleted: such votes count for nothing from then on."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0028_indexes_for_many_faces"),
    ]

    operations = [
        migrations.AddField(
            model_name="vote",
            name="voter_left",
            field=models.BooleanField(
                default=False,
                db_default=False,
                help_text="Deleted the account since. Nothing says who it was.",
                verbose_name="voter left",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                name="who_left_is_not_named",
                condition=models.Q(voter_left=False) | models.Q(voter=None),
            ),
        ),
        migrations.AddIndex(
            model_name="vote",
            index=models.Index(
                fields=["contribution"],
                condition=models.Q(voter_left=True),
                name="votes_of_who_left",
            ),
        ),
    ]
