from django.db import migrations, models

# A topic's or reporter's newest stories are found by one index however many stories there are: each link holds the
# moment of its story. Triggers keep it, so that imports, fixtures and bulk changes do not have to.
FORWARD = """
CREATE FUNCTION articles_moment_of_story() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT publish_at INTO NEW.publish_at FROM articles_article
    WHERE id = (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER articles_articletag_moment BEFORE INSERT OR UPDATE ON articles_articletag
    FOR EACH ROW EXECUTE FUNCTION articles_moment_of_story('content_object_id');
CREATE TRIGGER articles_byline_moment BEFORE INSERT OR UPDATE ON articles_byline
    FOR EACH ROW EXECUTE FUNCTION articles_moment_of_story('article_id');

CREATE FUNCTION articles_article_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE articles_articletag SET publish_at = NEW.publish_at WHERE content_object_id = NEW.id;
    UPDATE articles_byline SET publish_at = NEW.publish_at WHERE article_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_moved AFTER UPDATE OF publish_at ON articles_article
    FOR EACH ROW WHEN (NEW.publish_at IS DISTINCT FROM OLD.publish_at) EXECUTE FUNCTION articles_article_moved();

-- What a story's new moment changes is purged with the story itself.
DROP TRIGGER articles_articletag_purge ON articles_articletag;
DROP TRIGGER articles_byline_purge ON articles_byline;
UPDATE articles_articletag link SET publish_at = story.publish_at
    FROM articles_article story WHERE story.id = link.content_object_id;
UPDATE articles_byline link SET publish_at = story.publish_at
    FROM articles_article story WHERE story.id = link.article_id;
CREATE TRIGGER articles_articletag_purge AFTER INSERT OR UPDATE OF content_object_id, tag_id OR DELETE
    ON articles_articletag FOR EACH ROW EXECUTE FUNCTION articles_part_changed('content_object_id', 'tag', 'tag_id');
CREATE TRIGGER articles_byline_purge AFTER INSERT OR UPDATE OF article_id, reporter_id, role, position OR DELETE
    ON articles_byline FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id', 'reporter', 'reporter_id');
"""
BACK = """
DROP TRIGGER articles_article_moved ON articles_article;
DROP TRIGGER articles_articletag_moment ON articles_articletag;
DROP TRIGGER articles_byline_moment ON articles_byline;
DROP FUNCTION articles_article_moved();
DROP FUNCTION articles_moment_of_story();
DROP TRIGGER articles_articletag_purge ON articles_articletag;
DROP TRIGGER articles_byline_purge ON articles_byline;
CREATE TRIGGER articles_articletag_purge AFTER INSERT OR UPDATE OR DELETE ON articles_articletag
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('content_object_id', 'tag', 'tag_id');
CREATE TRIGGER articles_byline_purge AFTER INSERT OR UPDATE OR DELETE ON articles_byline
    FOR EACH ROW EXECUTE FUNCTION articles_part_changed('article_id', 'reporter', 'reporter_id');
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0009_rare_formats")]

    operations = [
        migrations.AddField(
            "articletag", "publish_at", models.DateTimeField(editable=False, null=True, serialize=False)
        ),
        migrations.AddField("byline", "publish_at", models.DateTimeField(editable=False, null=True, serialize=False)),
        migrations.RunSQL(FORWARD, BACK),
        migrations.AddIndex(
            "articletag",
            models.Index(
                models.F("tag"),
                models.F("publish_at").desc(),
                models.F("content_object").desc(),
                name="article_tag_newest",
            ),
        ),
        migrations.AddIndex(
            "byline",
            models.Index(
                models.F("reporter"), models.F("publish_at").desc(), models.F("article").desc(), name="byline_newest"
            ),
        ),
    ]
