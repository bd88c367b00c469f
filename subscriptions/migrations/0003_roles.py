from django.db import migrations

from readers.roles import make_roles


def forward(apps, schema_editor):
    make_roles(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0002_purge"),
        ("readers", "0008_accounts"),
        ("articles", "0008_purge"),
        ("sections", "0007_breaking_news"),
        ("photos", "0003_names"),
        ("rankings", "0006_age_cap"),
        ("newsletters", "0003_roles"),
        ("editions", "0004_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
