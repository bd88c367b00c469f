import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models

# In triggers, as a change must reach the pages whatever program makes it: the admin, an import, psql.
FORWARD = """
CREATE FUNCTION purge(keys text[], strength int, due timestamptz DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO sections_purge (keys, strength, due_at, transaction)
    VALUES (keys, strength, due, pg_current_xact_id()::text::bigint)
$$;

-- Arguments: the name of the model, its strength, and further keys of every page that lists its rows.
CREATE FUNCTION purge_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array[TG_ARGV[0] || '-' || coalesce(NEW.id, OLD.id)] || TG_ARGV[2:], TG_ARGV[1]::int);
    RETURN NULL;
END $$;

CREATE FUNCTION purge_masthead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array['masthead'], 1);
    IF TG_OP <> 'DELETE' THEN
        PERFORM purge(array['masthead'], 1, moment)
        FROM (SELECT day::timestamp AT TIME ZONE 'Asia/Seoul' FROM unnest(array[NEW.valid_from, NEW.valid_until]) day)
            AS dates (moment)
        WHERE moment > now();
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER sections_section_purge AFTER INSERT OR UPDATE OR DELETE ON sections_section
    FOR EACH ROW EXECUTE FUNCTION purge_row('section', '1', 'menu', 'texts');
CREATE TRIGGER sections_page_purge AFTER INSERT OR UPDATE OR DELETE ON sections_page
    FOR EACH ROW EXECUTE FUNCTION purge_row('page', '1', 'pages');
CREATE TRIGGER sections_menuitem_purge AFTER INSERT OR UPDATE OR DELETE ON sections_menuitem
    FOR EACH ROW EXECUTE FUNCTION purge_row('menuitem', '0', 'menu');
CREATE TRIGGER sections_crawler_purge AFTER INSERT OR UPDATE OR DELETE ON sections_crawler
    FOR EACH ROW EXECUTE FUNCTION purge_row('crawler', '1', 'crawlers');
CREATE TRIGGER sections_adseller_purge AFTER INSERT OR UPDATE OR DELETE ON sections_adseller
    FOR EACH ROW EXECUTE FUNCTION purge_row('adseller', '1', 'ads');
CREATE TRIGGER sections_mastheadfact_purge AFTER INSERT OR UPDATE OR DELETE ON sections_mastheadfact
    FOR EACH ROW EXECUTE FUNCTION purge_masthead();
"""
# What is to come into force already.
EXPECTED = """
SELECT purge(array['masthead'], 1, moment)
FROM sections_mastheadfact fact, LATERAL (
    SELECT day::timestamp AT TIME ZONE 'Asia/Seoul' FROM unnest(array[fact.valid_from, fact.valid_until]) day
) AS dates (moment) WHERE moment > now();
"""
BACKWARD = """
DROP FUNCTION purge_masthead() CASCADE;
DROP FUNCTION purge_row() CASCADE;
DROP FUNCTION purge(text[], int, timestamptz) CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("sections", "0005_names")]

    operations = [
        migrations.CreateModel(
            name="Purge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("keys", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                (
                    "strength",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "is old: one process makes it anew, the others show it meanwhile"),
                            (1, "is not shown any more, unless the database does not answer"),
                            (2, "is never shown again"),
                        ]
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("transaction", models.BigIntegerField(db_index=True)),
                (
                    "written_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), db_index=True),
                ),
            ],
        ),
        migrations.AddField("purge", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("purge", "settled_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "purge", models.Index("id", condition=models.Q(("settled_at", None)), name="purge_not_settled")
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(EXPECTED, migrations.RunSQL.noop),
    ]
