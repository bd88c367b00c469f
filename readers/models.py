"""Everybody who can sign in: staff now, readers with accounts later; open sessions, and the record of what was done."""

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .addresses import AddressKey


class User(AbstractUser):
    """A person who can sign in. The e-mail address is unique whatever its case; a reader has one account for it."""

    email = models.EmailField(_("email address"))

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("Another account has this e-mail address."),
            ),
            models.UniqueConstraint(
                AddressKey("email"),
                name="reader_email_once",
                condition=~models.Q(email="") & models.Q(is_staff=False),
                violation_error_message=_("Another account has this e-mail address."),
            ),
        ]

    REQUIRED_FIELDS = ["email"]


class Preferences(models.Model):
    """How a reader wants the paper; it goes with the account. Empty: the reader never chose."""

    class TextSize(models.TextChoices):
        """Factors of the usual size."""

        SMALL = "0.9", "Small"
        NORMAL = "1", "Normal"
        LARGE = "1.15", "Large"
        LARGEST = "1.35", "Largest"

    class Theme(models.TextChoices):
        """As the property color-scheme of CSS has them."""

        AUTO = "light dark", "Auto"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Edition(models.TextChoices):
        FULL = "full", "Full"
        LITE = "lite", "Lite"

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="preferences")
    text_size = models.CharField(max_length=4, choices=TextSize, blank=True)
    theme = models.CharField(max_length=10, choices=Theme, blank=True)
    edition = models.CharField(max_length=4, choices=Edition, blank=True)
    ticker_closed_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"preferences of {self.user_id}"


class OpenSession(models.Model):
    """A browser in which somebody is signed in. It goes with the session it is about."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+", verbose_name=_("session"))
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions", verbose_name=_("user"))
    address = models.GenericIPAddressField(null=True, verbose_name=_("address"))
    browser = models.CharField(max_length=300, verbose_name=_("browser"))
    since = models.DateTimeField(default=timezone.now, verbose_name=_("since"))
    last_seen = models.DateTimeField(default=timezone.now, verbose_name=_("last seen"))

    class Meta:
        default_permissions = ()

    def __str__(self):
        return self.browser_words()

    def browser_words(self):
        """The browser in words, as far as it tells: “Firefox on Windows”."""
        browser = _first(self.browser, BROWSERS) or gettext("Unknown browser")
        system = _first(self.browser, SYSTEMS)
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


# Most browsers claim to be those further down, too.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Whale/": "Whale",
    "Firefox/": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def _first(text, names):
    return next((name for mark, name in names.items() if mark in text), "")


class Action(models.TextChoices):
    """What the audit log tells of."""

    SIGNED_IN = "signed_in", _("Signed in")
    FAILED = "failed", _("Failed sign-in")
    WRONG_CODE = "wrong_code", _("Wrong code")
    LOCKED_OUT = "locked_out", _("Locked out")
    SIGNED_OUT = "signed_out", _("Signed out")
    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    DELETED = "deleted", _("Deleted")
    HANDED_IN = "hand_in", _("Handed in")
    HANDED_BACK = "hand_back", _("Handed back")
    SCHEDULED = "schedule", _("Scheduled")
    PUBLISHED = "publish", _("Published")
    TAKEN_BACK = "take_back", _("Taken off the schedule")
    CORRECTED = "correct", _("Corrected")
    WITHDRAWN = "withdraw", _("Withdrawn")
    RESTORED = "restore", _("Restored")
    CHANGE_SCHEDULED = "schedule_change", _("Change scheduled")
    BROUGHT_BACK = "brought_back", _("Brought back from the bin")
    EXPUNGED = "expunged", _("Expunged for legal reasons")
    ROLE_CHANGED = "role_changed", _("Rights changed")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    FACTOR_ON = "factor_on", _("Second factor switched on")
    FACTOR_OFF = "factor_off", _("Second factor switched off")
    CODES_RENEWED = "codes_renewed", _("Recovery codes renewed")
    SESSIONS_ENDED = "sessions_ended", _("Sessions ended")


# What counts against the limits of signing in.
FAILURES = (Action.FAILED, Action.WRONG_CODE)


class AuditEntry(models.Model):
    """Who did what to which row, from where. Written by `readers.audit`; the database lets nobody change it."""

    at = models.DateTimeField(_("moment"), default=timezone.now)
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False, verbose_name=_("user")
    )
    user_name = models.CharField(_("user"), max_length=150, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    action = models.CharField(_("action"), max_length=40, choices=Action)
    model = models.CharField(_("kind"), max_length=100, blank=True)
    object_id = models.CharField(_("number"), max_length=64, blank=True)
    object_words = models.CharField(_("what"), max_length=300, blank=True)
    note = models.TextField(_("note"), blank=True)
    changes = models.JSONField(_("changes"), default=dict)

    class Meta:
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log entries")
        ordering = ["-at", "-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at", "id"], name="audit_newest"),
            models.Index(fields=["user", "at", "id"], name="audit_user"),
            models.Index(fields=["action", "at", "id"], name="audit_action"),
            models.Index(fields=["model", "at", "id"], name="audit_model"),
            models.Index(fields=["address", "at"], name="audit_failures", condition=models.Q(action__in=FAILURES)),
            GinIndex(OpClass(Upper("object_words"), name="gin_trgm_ops"), name="audit_words"),
        ]

    def __str__(self):
        return " ".join(part for part in (self.get_action_display(), self.object_words or self.user_name) if part)

    def model_words(self):
        """The kind of the object in words; as it was written where there is no such model any more."""
        try:
            return capfirst(str(apps.get_model(self.model)._meta.verbose_name))
        except (LookupError, ValueError):
            return self.model
