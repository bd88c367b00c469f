from django.db import migrations, models

STATES = [
    ("queued", "Waits"),
    ("sending", "Is being sent"),
    ("sent", "Sent"),
    ("failed", "Refused"),
    ("unknown", "Unknown: the program ended in the middle"),
]


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0003_roles")]

    operations = [
        migrations.AlterField("mail", "claim", models.UUIDField(editable=False, null=True)),
        migrations.AlterField("mail", "claimed_at", models.DateTimeField(editable=False, null=True)),
        migrations.AlterField("mail", "data_at", models.DateTimeField(editable=False, null=True)),
        migrations.AlterField(
            "mail", "error", models.CharField(blank=True, max_length=500, verbose_name="what the server said")
        ),
        migrations.AlterField("mail", "sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
        migrations.AlterField(
            "mail",
            "state",
            models.CharField(choices=STATES, default="queued", max_length=10, verbose_name="state"),
        ),
    ]
