"""The two groups: reviewers decide about faces, trainers start and judge trainings."""

from django.db import migrations

GROUPS = {
    "reviewer": ("contribution", "review", "Can review contributions"),
    "trainer": ("trainingrun", "train", "Can start, cancel, override and roll back"),
}


def make_groups(apps, schema_editor):
    # Django makes permissions after all migrations have run, which is too late here.
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    groups = apps.get_model("auth", "Group").objects
    for name, (model, codename, title) in GROUPS.items():
        content_type, _ = content_types.get_or_create(app_label="labeling", model=model)
        permission, _ = permissions.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": title}
        )
        group, _ = groups.get_or_create(name=name)
        group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
