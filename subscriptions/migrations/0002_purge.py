from django.db import migrations

FORWARD = """
CREATE TRIGGER subscriptions_plan_purge AFTER INSERT OR UPDATE OR DELETE ON subscriptions_plan
    FOR EACH ROW EXECUTE FUNCTION purge_row('plan', '1', 'plans');
"""
BACKWARD = "DROP TRIGGER subscriptions_plan_purge ON subscriptions_plan;"


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_subscriptions"), ("sections", "0007_breaking_news")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
