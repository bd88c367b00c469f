from django.contrib.postgres.aggregates import ArrayAgg
from django.core.management import CommandError
from django.db import migrations, models

import readers.addresses


def find_persons_with_two_accounts(apps, schema_editor):
    """Refuses to go on, with a sentence, where a reader has two accounts for one address."""
    rows = (
        apps.get_model("readers", "User")
        .objects.filter(is_staff=False)
        .exclude(email="")
        .values(key=readers.addresses.AddressKey("email"))
        .annotate(emails=ArrayAgg("email", order_by="pk"), accounts=models.Count("pk"))
        .filter(accounts__gt=1)
        .order_by("key")
    )
    if found := [" and ".join(row["emails"]) for row in rows[:20]]:
        raise CommandError(
            "These accounts belong to the same mailbox: "
            + "; ".join(found)
            + ". Delete one of each, or change its address, in the admin; then migrate again. Nothing was changed."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("readers", "0009_preferences"),
    ]

    operations = [
        migrations.RunPython(find_persons_with_two_accounts, migrations.RunPython.noop),
        migrations.RemoveConstraint("user", "reader_email_once"),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                readers.addresses.AddressKey("email"),
                condition=models.Q(models.Q(("email", ""), _negated=True), ("is_staff", False)),
                name="reader_email_once",
                violation_error_message="Another account has this e-mail address.",
            ),
        ),
    ]
