from django.db import migrations

FORWARD = """
CREATE FUNCTION rankings_list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array['list-' || coalesce(NEW.slug, OLD.slug)], 1);
    RETURN NULL;
END $$;
CREATE TRIGGER rankings_storylist_purge AFTER INSERT OR DELETE
    OR UPDATE OF title, size, section_id, format, fill, repeats, shown_on, position ON rankings_storylist
    FOR EACH ROW EXECUTE FUNCTION rankings_list_changed();

CREATE FUNCTION rankings_placement_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys text[] := array(
        SELECT 'list-' || slug FROM rankings_storylist
        WHERE id = coalesce(NEW.story_list_id, OLD.story_list_id)
    );
BEGIN
    PERFORM purge(keys, 1);
    IF TG_OP <> 'DELETE' AND NEW.cancelled_at IS NULL THEN
        PERFORM purge(keys, 1, moment) FROM unnest(array[lower(NEW.period), upper(NEW.period)]) AS moments (moment)
        WHERE moment > now();
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rankings_placement_purge AFTER INSERT OR UPDATE OR DELETE ON rankings_placement
    FOR EACH ROW EXECUTE FUNCTION rankings_placement_changed();

-- A list is computed in several statements: one row for each of them is enough.
CREATE FUNCTION rankings_rankedstory_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array_agg('list-' || slug), 0) FROM rankings_storylist
    WHERE id IN (SELECT story_list_id FROM changed) HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER rankings_rankedstory_added AFTER INSERT ON rankings_rankedstory
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION rankings_rankedstory_changed();
CREATE TRIGGER rankings_rankedstory_ended AFTER UPDATE ON rankings_rankedstory
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION rankings_rankedstory_changed();
CREATE TRIGGER rankings_rankedstory_gone AFTER DELETE ON rankings_rankedstory
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION rankings_rankedstory_changed();
"""
# What is booked already.
EXPECTED = """
SELECT purge(array['list-' || list.slug], 1, moment)
FROM rankings_placement placement JOIN rankings_storylist list ON list.id = placement.story_list_id,
    unnest(array[lower(placement.period), upper(placement.period)]) AS moments (moment)
WHERE placement.cancelled_at IS NULL AND moment > now();
"""
BACKWARD = """
DROP FUNCTION rankings_rankedstory_changed() CASCADE;
DROP FUNCTION rankings_placement_changed() CASCADE;
DROP FUNCTION rankings_list_changed() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("rankings", "0002_names"), ("articles", "0008_purge")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD), migrations.RunSQL(EXPECTED, migrations.RunSQL.noop)]
