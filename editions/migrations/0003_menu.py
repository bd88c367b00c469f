from django.db import migrations

# The menu led to a page that told of an e-paper to come.
FORWARD = """
UPDATE sections_menuitem item SET url = '/epaper/' WHERE url = '/products/e-paper/'
    AND NOT EXISTS (SELECT 1 FROM sections_menuitem other WHERE other.menu = item.menu AND other.url = '/epaper/')
"""


class Migration(migrations.Migration):
    dependencies = [("editions", "0002_purge"), ("sections", "0007_breaking_news")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
