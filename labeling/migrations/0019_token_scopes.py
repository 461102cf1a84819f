import django.db.models.deletion
from django.db import migrations, models

# What every token could do before there were scopes.
BEFORE = ["detect", "give", "train", "read"]


class Migration(migrations.Migration):
    dependencies = [("labeling", "0017_suspects")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="scopes",
            field=models.JSONField(
                default=BEFORE, help_text="What it opens, of Scope."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                help_text="The token that made it, and takes it along when it is "
                "revoked.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="made",
                to="labeling.apitoken",
            ),
        ),
    ]
