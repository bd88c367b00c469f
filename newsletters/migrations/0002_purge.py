from django.db import migrations

# The columns that pages show: every mail of an issue moves another one (`next_at`).
FORWARD = """
CREATE TRIGGER newsletters_newsletter_purge AFTER INSERT OR UPDATE OR DELETE ON newsletters_newsletter
    FOR EACH ROW EXECUTE FUNCTION purge_row('newsletter', '1', 'newsletters');
CREATE TRIGGER newsletters_issue_purge AFTER INSERT OR DELETE
    OR UPDATE OF subject, intro, state, day, newsletter_id ON newsletters_issue
    FOR EACH ROW EXECUTE FUNCTION purge_row('issue', '1', 'newsletters');

CREATE FUNCTION newsletters_story_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM purge(array['issue-' || coalesce(NEW.issue_id, OLD.issue_id)], 1);
    RETURN NULL;
END $$;
CREATE TRIGGER newsletters_issuestory_purge AFTER INSERT OR UPDATE OR DELETE ON newsletters_issuestory
    FOR EACH ROW EXECUTE FUNCTION newsletters_story_changed();
"""
BACKWARD = """
DROP FUNCTION newsletters_story_changed() CASCADE;
DROP TRIGGER newsletters_issue_purge ON newsletters_issue;
DROP TRIGGER newsletters_newsletter_purge ON newsletters_newsletter;
"""


class Migration(migrations.Migration):
    dependencies = [("newsletters", "0001_newsletters"), ("sections", "0007_breaking_news")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
