from django.db import migrations

# What readers and archives rely on must hold whatever program writes to the table.
FORWARD = """
CREATE FUNCTION articles_article_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.edit_version := OLD.edit_version + 1;
    NEW.changed_at := clock_timestamp();
    IF OLD.status = 'ready' AND OLD.publish_at <= now() AND (
        NEW.status, NEW.publish_at, NEW.address_date, NEW.slug, NEW.guid
    ) IS DISTINCT FROM (
        OLD.status, OLD.publish_at, OLD.address_date, OLD.slug, OLD.guid
    ) THEN
        RAISE EXCEPTION 'Article % is public: its address and publication time are fixed.', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'article_public_address_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER articles_article_guard BEFORE UPDATE ON articles_article
    FOR EACH ROW EXECUTE FUNCTION articles_article_guard();

CREATE FUNCTION articles_article_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A legal expunge says so in its own transaction: SET LOCAL newsroom.expunge = 'on'.
    IF OLD.status = 'ready' AND OLD.publish_at <= now()
        AND coalesce(current_setting('newsroom.expunge', true), '') <> 'on' THEN
        RAISE EXCEPTION 'Article % was public: withdraw it, it cannot be deleted.', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'article_public_kept';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER articles_article_keep BEFORE DELETE ON articles_article
    FOR EACH ROW EXECUTE FUNCTION articles_article_keep();
"""
BACKWARD = """
DROP TRIGGER articles_article_keep ON articles_article;
DROP FUNCTION articles_article_keep();
DROP TRIGGER articles_article_guard ON articles_article;
DROP FUNCTION articles_article_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_articles")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
