from django.db import migrations

# A log that its writers could change later would prove nothing. What is left possible is to forget an account that is
# deleted: its name stays in the entry.
FORWARD = """
CREATE FUNCTION readers_auditentry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit log can only be added to.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_log_append_only';
END $$;
CREATE TRIGGER readers_auditentry_keep BEFORE UPDATE OR DELETE ON readers_auditentry
    FOR EACH ROW EXECUTE FUNCTION readers_auditentry_keep();
"""
BACKWARD = """
DROP TRIGGER readers_auditentry_keep ON readers_auditentry;
DROP FUNCTION readers_auditentry_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("readers", "0002_sessions_and_audit_log")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
