from django.db import migrations, models

# What a legal expunge takes out of the log: the words, never that somebody did something.
FORWARD = """
CREATE OR REPLACE FUNCTION readers_auditentry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('newsroom.expunge', true) = 'on'
        AND to_jsonb(NEW) - '{object_words,note,changes}'::text[] = to_jsonb(OLD) - '{object_words,note,changes}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit log can only be added to.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_log_append_only';
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION readers_auditentry_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.user_id IS NULL AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit log can only be added to.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_log_append_only';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("readers", "0005_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                choices=[
                    ("signed_in", "Signed in"),
                    ("failed", "Failed sign-in"),
                    ("wrong_code", "Wrong code"),
                    ("locked_out", "Locked out"),
                    ("signed_out", "Signed out"),
                    ("added", "Added"),
                    ("changed", "Changed"),
                    ("deleted", "Deleted"),
                    ("hand_in", "Handed in"),
                    ("hand_back", "Handed back"),
                    ("schedule", "Scheduled"),
                    ("publish", "Published"),
                    ("take_back", "Taken off the schedule"),
                    ("correct", "Corrected"),
                    ("withdraw", "Withdrawn"),
                    ("restore", "Restored"),
                    ("schedule_change", "Change scheduled"),
                    ("brought_back", "Brought back from the bin"),
                    ("expunged", "Expunged for legal reasons"),
                    ("role_changed", "Rights changed"),
                    ("password_changed", "Password changed"),
                    ("factor_on", "Second factor switched on"),
                    ("factor_off", "Second factor switched off"),
                    ("codes_renewed", "Recovery codes renewed"),
                    ("sessions_ended", "Sessions ended"),
                ],
                max_length=40,
                verbose_name="action",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
