from django.db import migrations

# Strength 2: a withdrawn edition is never shown again, not even while the database does not answer.
FORWARD = """
CREATE TRIGGER editions_edition_purge AFTER INSERT OR DELETE
    OR UPDATE OF date, token, pages, size, withdrawn_at ON editions_edition
    FOR EACH ROW EXECUTE FUNCTION purge_row('edition', '2', 'editions');
"""
BACKWARD = "DROP TRIGGER editions_edition_purge ON editions_edition;"


class Migration(migrations.Migration):
    dependencies = [("editions", "0001_editions"), ("sections", "0006_purge")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
