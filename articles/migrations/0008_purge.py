from django.db import migrations

# Which pages change with a story, its parts and the names beside it: the keys of sections.surrogates.
FORWARD = """
-- The lists that a story stands in, as keys.
CREATE FUNCTION articles_list_keys(story bigint) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT key) FROM (
        SELECT unnest(array[
            'stories', 'column-' || column_id || '-stories', 'day-' || address_date,
            to_char(address_date, '"month-"YYYY-MM'), to_char(address_date, '"year-"YYYY')
        ]) FROM articles_article WHERE id = story
        UNION ALL
        SELECT 'section-' || unnest(array[id, parent_id]) || '-stories' FROM sections_section WHERE id IN (
            SELECT section_id FROM articles_article WHERE id = story
            UNION ALL SELECT section_id FROM articles_article_also_in WHERE article_id = story
        )
        UNION ALL
        SELECT 'tag-' || tag_id || '-stories' FROM articles_articletag WHERE content_object_id = story
        UNION ALL
        SELECT 'reporter-' || reporter_id || '-stories' FROM articles_byline WHERE article_id = story
    ) AS found (key) WHERE key IS NOT NULL
$$;

-- Purges the pages that list a story, now or from the moment on at which it becomes public or is withdrawn.
CREATE FUNCTION articles_purge_lists(story bigint, keys text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begins timestamptz;
    ends timestamptz;
    near text[] := array(
        SELECT regexp_replace(key, '-stories$', '-near') FROM unnest(keys) key WHERE key ~ '^(section|tag|column)-'
    );
BEGIN
    SELECT CASE WHEN status = 'ready' THEN publish_at END, withdrawn_at INTO begins, ends
    FROM articles_article WHERE id = story;
    begins := CASE WHEN begins > now() THEN begins END;
    PERFORM purge(keys || ('article-' || story), 1, begins);
    PERFORM purge(near || array['texts', 'days'], 0, begins);
    IF ends > now() THEN
        PERFORM purge(keys || ('article-' || story), 2, ends);
    END IF;
END $$;

CREATE FUNCTION articles_article_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM fresh WHERE status = 'ready' LIMIT 201) many) > 200 THEN
        PERFORM purge(array['all'], 1);
        PERFORM articles_purge_lists(id, articles_list_keys(id)) FROM fresh
        WHERE status = 'ready' AND (publish_at > now() OR withdrawn_at > now());
    ELSE
        PERFORM articles_purge_lists(id, articles_list_keys(id)) FROM fresh WHERE status = 'ready';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_added AFTER INSERT ON articles_article
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION articles_article_added();

CREATE FUNCTION articles_article_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    seen bigint[] := array(
        SELECT fresh.id FROM fresh JOIN gone USING (id) WHERE 'ready' IN (fresh.status, gone.status)
    );
BEGIN
    IF cardinality(seen) = 0 THEN
        RETURN NULL;
    ELSIF cardinality(seen) > 200 THEN
        PERFORM purge(array['all'], 2);
    ELSE
        PERFORM purge(array(SELECT 'article-' || id FROM unnest(seen) id), 2);
        PERFORM purge(array['texts'], 0);
    END IF;
    -- Also where a bulk change purged everything: some of its stories may have a moment to come.
    PERFORM articles_purge_lists(fresh.id, articles_list_keys(fresh.id) || array_remove(array[
        'section-' || gone.section_id || '-stories', 'section-' || section.parent_id || '-stories',
        'column-' || gone.column_id || '-stories'
    ], NULL))
    FROM fresh JOIN gone USING (id) JOIN sections_section section ON section.id = gone.section_id
    WHERE fresh.id = ANY (seen) AND (
        fresh.status, fresh.publish_at, fresh.withdrawn_at, fresh.section_id, fresh.column_id, fresh.format
    ) IS DISTINCT FROM (gone.status, gone.publish_at, gone.withdrawn_at, gone.section_id, gone.column_id, gone.format);
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_changed AFTER UPDATE ON articles_article
    REFERENCING NEW TABLE AS fresh OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION articles_article_changed();

CREATE FUNCTION articles_article_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'ready' THEN
        PERFORM purge(array['article-' || OLD.id], 2);
        PERFORM purge(array['stories', 'day-' || OLD.address_date, 'section-' || OLD.section_id || '-stories'], 1);
        PERFORM purge(array['texts', 'days'], 0);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_deleted AFTER DELETE ON articles_article
    FOR EACH ROW EXECUTE FUNCTION articles_article_deleted();

-- Rows that belong to a story. Arguments: the column that names it, then pairs of a prefix and the column of what
-- lists the story, or of a key and nothing.
CREATE FUNCTION articles_part_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line jsonb;
    story bigint;
    moment timestamptz;
    keys text[];
BEGIN
    FOREACH line IN ARRAY array_remove(array[to_jsonb(NEW), CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END], NULL)
    LOOP
        story := line ->> TG_ARGV[0];
        SELECT publish_at INTO moment FROM articles_article WHERE id = story AND status = 'ready';
        CONTINUE WHEN NOT FOUND;
        PERFORM purge(array['article-' || story], 2);
        IF TG_NARGS = 2 THEN
            PERFORM purge(array[TG_ARGV[1]], 1);
        ELSIF TG_NARGS = 3 AND line ->> TG_ARGV[2] IS NOT NULL THEN
            keys := array[TG_ARGV[1] || '-' || (line ->> TG_ARGV[2]) || '-stories'];
            IF TG_ARGV[1] = 'section' THEN
                keys := keys || array(SELECT 'section-' || parent_id || '-stories' FROM sections_section
                    WHERE id = (line ->> 'section_id')::bigint AND parent_id IS NOT NULL);
            END IF;
            PERFORM articles_purge_lists(story, keys);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_articletag_purge AFTER INSERT OR UPDATE OR DELETE ON articles_articletag
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('content_object_id', 'tag', 'tag_id');
CREATE TRIGGER articles_byline_purge AFTER INSERT OR UPDATE OR DELETE ON articles_byline
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id', 'reporter', 'reporter_id');
CREATE TRIGGER articles_article_also_in_purge AFTER INSERT OR UPDATE OR DELETE ON articles_article_also_in
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id', 'section', 'section_id');
CREATE TRIGGER articles_articlephoto_purge AFTER INSERT OR UPDATE OR DELETE ON articles_articlephoto
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id');
CREATE TRIGGER articles_relatedarticle_purge AFTER INSERT OR UPDATE OR DELETE ON articles_relatedarticle
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id');
CREATE TRIGGER articles_video_purge AFTER INSERT OR UPDATE OR DELETE ON articles_video
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id');
CREATE TRIGGER articles_correction_purge AFTER INSERT OR UPDATE OR DELETE ON articles_correction
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id', 'corrections');

-- The number of versions stands on the story's page, and a change that waits is put there at its moment.
CREATE FUNCTION articles_articleversion_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.public_from IS NOT NULL THEN
        PERFORM purge(
            array['article-' || NEW.article_id], 2, CASE WHEN NEW.public_from > now() THEN NEW.public_from END
        );
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_articleversion_purge AFTER INSERT OR UPDATE ON articles_articleversion
    FOR EACH ROW EXECUTE FUNCTION articles_articleversion_changed();

CREATE TRIGGER articles_reporter_purge AFTER INSERT OR UPDATE OR DELETE ON articles_reporter
    FOR EACH ROW EXECUTE FUNCTION purge_row('reporter', '1', 'reporters', 'texts');
CREATE TRIGGER articles_tag_purge AFTER INSERT OR UPDATE OR DELETE ON articles_tag
    FOR EACH ROW EXECUTE FUNCTION purge_row('tag', '1', 'topics', 'texts');
CREATE TRIGGER articles_column_purge AFTER INSERT OR UPDATE OR DELETE ON articles_column
    FOR EACH ROW EXECUTE FUNCTION purge_row('column', '1', 'columns', 'texts');
CREATE FUNCTION articles_alias_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array_remove(array[
        'tag-' || coalesce(NEW.tag_id, OLD.tag_id), 'reporter-' || coalesce(NEW.reporter_id, OLD.reporter_id)
    ], NULL), 1);
    RETURN NULL;
END $$;
CREATE TRIGGER articles_alias_purge AFTER INSERT OR UPDATE OR DELETE ON articles_alias
    FOR EACH ROW EXECUTE FUNCTION articles_alias_changed();

-- Photos note nothing themselves: they are shown by stories, and by reporters whose portrait stands beside stories.
CREATE FUNCTION articles_photo_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys text[] := array(
        SELECT 'article-' || article_id FROM articles_articlephoto WHERE photo_id = NEW.id
        UNION SELECT 'reporter-' || id FROM articles_reporter WHERE portrait_id = NEW.id
        UNION SELECT 'article-' || byline.article_id FROM articles_byline byline
            JOIN articles_reporter reporter ON reporter.id = byline.reporter_id WHERE reporter.portrait_id = NEW.id
        LIMIT 501
    );
BEGIN
    IF cardinality(keys) > 0 THEN
        PERFORM purge(CASE WHEN cardinality(keys) > 500 THEN array['all'] ELSE keys END, 2);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_photo_purge AFTER UPDATE ON photos_photo
    FOR EACH ROW EXECUTE FUNCTION articles_photo_changed();

CREATE FUNCTION articles_portrait_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array(SELECT 'article-' || article_id FROM articles_byline WHERE reporter_id = NEW.id), 1);
    RETURN NULL;
END $$;
CREATE TRIGGER articles_portrait_purge AFTER UPDATE ON articles_reporter FOR EACH ROW
    WHEN (OLD.portrait_id IS DISTINCT FROM NEW.portrait_id) EXECUTE FUNCTION articles_portrait_changed();
"""
# What waits for its moment already.
EXPECTED = """
SELECT articles_purge_lists(id, articles_list_keys(id)) FROM articles_article
WHERE status = 'ready' AND (publish_at > now() OR withdrawn_at > now());
SELECT purge(array['article-' || article_id], 2, public_from) FROM articles_articleversion WHERE public_from > now();
"""
BACKWARD = """
DROP FUNCTION articles_portrait_changed() CASCADE;
DROP FUNCTION articles_photo_changed() CASCADE;
DROP FUNCTION articles_alias_changed() CASCADE;
DROP TRIGGER articles_column_purge ON articles_column;
DROP TRIGGER articles_tag_purge ON articles_tag;
DROP TRIGGER articles_reporter_purge ON articles_reporter;
DROP FUNCTION articles_articleversion_changed() CASCADE;
DROP FUNCTION articles_part_changed() CASCADE;
DROP FUNCTION articles_article_deleted() CASCADE;
DROP FUNCTION articles_article_changed() CASCADE;
DROP FUNCTION articles_article_added() CASCADE;
DROP FUNCTION articles_purge_lists(bigint, text[]);
DROP FUNCTION articles_list_keys(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0007_names"), ("photos", "0003_names"), ("sections", "0006_purge")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD), migrations.RunSQL(EXPECTED, migrations.RunSQL.noop)]
