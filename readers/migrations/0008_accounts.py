import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import readers.models

# Django's own table for a cache, as `createcachetable` makes it; it may be lost.
CACHE = """
CREATE UNLOGGED TABLE newsroom_cache (
    cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX newsroom_cache_expires ON newsroom_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("readers", "0007_fronts"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.RenameModel("StaffSession", "OpenSession"),
        migrations.AlterField(
            "opensession",
            "user",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="open_sessions",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                readers.models.AddressKey("email"),
                condition=models.Q(models.Q(("email", ""), _negated=True), ("is_staff", False)),
                name="reader_email_once",
                violation_error_message="Another account has this e-mail address.",
            ),
        ),
        migrations.RunSQL(CACHE, "DROP TABLE newsroom_cache"),
    ]
