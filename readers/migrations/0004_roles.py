from django.db import migrations

from readers.roles import make_roles


def forward(apps, schema_editor):
    make_roles(apps)


class Migration(migrations.Migration):
    dependencies = [
        ("readers", "0003_audit_log_is_append_only"),
        ("articles", "0006_link_check"),
        ("sections", "0004_redirect_hits"),
        ("photos", "0001_photos"),
        ("rankings", "0001_rankings"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
