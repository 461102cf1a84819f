from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("labeling", "0026_fer2013_test_set"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="Chosen on a page, and spoken on all; empty: as the browser asks.",
                max_length=10,
            ),
        ),
    ]
