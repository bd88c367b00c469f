"""The settings of the paper, read from the environment.

Production is the default and the safe case: without SECRET_KEY, DATABASE_URL, SITE_URL and ALLOWED_HOSTS
it refuses to start with one sentence. `manage.py` and `make run` choose `NEWSROOM_ENV=local` where no
DATABASE_URL is set. README.md lists every variable.
"""

import importlib.util
import os
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("NEWSROOM_VAR", BASE_DIR / "var"))


def text(name, default=None):
    """The variable as text; without a default it must be set."""
    value = os.environ.get(name, "").strip()
    if value or default is not None:
        return value or default
    return missing(name)


def missing(name):
    """Refuses to start without the variable."""
    raise ImproperlyConfigured(f"Set {name}: see the table of settings in README.md.")


def flag(name, default):
    """The variable as a truth value: 1, true, yes, on or 0, false, no, off."""
    value = text(name, str(default)).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")


def number(name, default):
    """The variable as a whole number that is not negative."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number.")
    return int(value)


def words(name, default=""):
    """The variable as a list of words separated by commas; without a default there must be one."""
    found = [word.strip() for word in text(name, default).split(",") if word.strip()]
    return found if found or default is not None else missing(name)


def address(name, default=None):
    """The variable as the address of a site: scheme and host, no path."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or value != f"{parts.scheme}://{parts.netloc}":
        raise ImproperlyConfigured(f"{name} is {value!r}: write it like https://www.example.com.")
    return value


def page_address(name):
    """The variable as a full web address with any path; empty if it is not set."""
    value = text(name, "")
    if value and not re.fullmatch(r"https?://[\w.:\[\]-]+(/[!-~]*)?", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} is {value!r}: write it like https://hub.example.com/publish.")
    return value


def mail_server(name):
    """The variable as Django's settings of a mail server; without a host if it is not set."""
    value = text(name, "")
    try:
        parts = urlsplit(value)
        fits = not value or (parts.scheme in ("smtp", "smtp+tls", "smtps") and parts.hostname and parts.port != 0)
    except ValueError:
        fits = False
    if not fits:  # without the value, which has a password
        raise ImproperlyConfigured(f"{name} must be a mail server: write it like smtp+tls://user:password@host:587.")
    usual = {"smtp+tls": 587, "smtps": 465}
    return {
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or usual.get(parts.scheme, 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 30,
    }


def key_and_secret(name):
    """The variable as a key and its secret; empty if it is not set."""
    value = text(name, "")
    key, _, secret = value.partition(":")
    if value and not (re.fullmatch(r"[!-~]+", value) and key and secret):  # without the value, which is secret
        raise ImproperlyConfigured(f"{name} must be a key and its secret: write it like client-id:secret.")
    return (key, secret) if value else ()


def local_secret():
    """A secret made once for this machine and kept in var/secret-key."""
    path = VAR / "secret-key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        fresh = VAR / f"secret-key.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(fresh, path)  # the first of several processes wins
        fresh.unlink()
    return path.read_text().strip()


# pytest sets PYTEST_VERSION; pytest-django reads the settings before any conftest could choose them.
ENV = text("NEWSROOM_ENV", "test" if "PYTEST_VERSION" in os.environ else "production")
if ENV not in ("production", "local", "test"):
    raise ImproperlyConfigured(f"NEWSROOM_ENV is {ENV!r}: write production, local or test.")
PRODUCTION = ENV == "production"

DEBUG = flag("DEBUG", False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("DEBUG shows secrets to readers: set NEWSROOM_ENV=local to use it.")
SECRET_KEY = text("SECRET_KEY") if PRODUCTION else text("SECRET_KEY", "") or local_secret()
SITE_URL = address("SITE_URL", None if PRODUCTION else f"http://127.0.0.1:{number('PORT', 8000)}")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", None if PRODUCTION else "*")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "mypaper",
    "paywall",
    "editions",
    "subscriptions",
    "newsletters",
    "rankings",
    "articles",
    "photos",
    "sections",
    "readers",
    "taggit",
    "admin_ordering",
    "django_prose_editor",
    "newsroom.admin_config.DeskAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "csp",
    "newsroom",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "newsroom.middleware.RefuseOddRequests",
    "newsroom.middleware.CompressPublicPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "newsroom.middleware.LiteEdition",
    "newsroom.middleware.DeskLanguage",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "readers.middleware.SeenInAccounts",
    "newsroom.middleware.AccountPages",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"
AUTH_USER_MODEL = "readers.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False  # sections.views.without_slash does it, in one hop for old addresses
TAGGIT_CASE_INSENSITIVE = True
TAGGIT_TAGS_FROM_STRING = "articles.topics.names_in"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "NAME": name,
        "DIRS": folders,
        "APP_DIRS": True,
        "OPTIONS": {
            # Public pages get no request, user or messages: they are the same bytes for every reader.
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
    # The lite edition has files of its own only for what differs.
    for name, folders in (
        ("django", [BASE_DIR / "templates"]),
        ("lite", [BASE_DIR / "templates" / "lite", BASE_DIR / "templates"]),
    )
]

# ---- database: DATABASE_URL, or the embedded PostgreSQL of this checkout
if os.environ.get("DATABASE_URL"):
    try:
        DATABASES = {"default": dj_database_url.config(conn_max_age=60, conn_health_checks=True)}
    except ValueError:  # which must not be shown: the address has a password
        DATABASES = {"default": {}}
elif PRODUCTION:
    raise ImproperlyConfigured(
        "Set DATABASE_URL, like postgresql://user:password@host:5432/newsroom, or set NEWSROOM_ENV=local "
        "to use the embedded PostgreSQL."
    )
else:
    from newsroom import localpg

    DATABASES = {"default": localpg.settings() | {"CONN_MAX_AGE": 60}}
# Seconds that a server that does not answer may hold up a page.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# Nothing may be left in a connection that a pooler lends from transaction to transaction.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = flag("DATABASE_POOLED", False)
if DATABASES["default"].get("ENGINE") != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL server: write it like postgresql://user:password@host:5432/newsroom."
    )

# ---- signing in
# Staff sign in at the desk with a user name, readers at /login/ with an e-mail address; neither gets in at the other.
AUTHENTICATION_BACKENDS = [
    "readers.signing_in.Guard",
    "readers.signing_in.StaffBackend",
    "readers.accounts.ReaderBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "account_home"
# A name is locked for the address from which it was tried too often (readers/signing_in.py has the other limits).
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# Tries during the pause are refused unread, so that the page can say when it is over.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "readers.requests.limited_address"
AXES_USERNAME_CALLABLE = "readers.signing_in.counted_name"
# Readers have limits of their own (RATES).
AXES_WHITELIST_CALLABLE = "readers.signing_in.is_reader"
AXES_LOCKOUT_CALLABLE = "readers.signing_in.locked_page"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "old_password", "new_password1", "new_password2"]
# The audit log says who signed in.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
MFA_ADAPTER = "readers.second_factor.SealedSecrets"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "readers.passkeys.AddForm",
    "edit_webauthn": "readers.passkeys.RenameForm",
    "authenticate_webauthn": "readers.passkeys.StepForm",
    "login_webauthn": "readers.passkeys.LoginForm",
    "reauthenticate_webauthn": "readers.passkeys.ProveForm",
}
# Clocks may differ by half a minute.
MFA_TOTP_TOLERANCE = 1

# ---- accounts of readers
ACCOUNT_ADAPTER = "readers.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "newsletters.forms.RegisterForm",
    "login": "readers.account_forms.LoginForm",
    "reset_password": "readers.account_forms.ResetPasswordForm",
    "request_login_code": "readers.account_forms.RequestCodeForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
# A reader without a password signs in with a code that comes by mail.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 2
# In the browser in which one has registered.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_URL.partition(":")[0]
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if flag("BEHIND_PROXY", False) else 0

# Other services with whose account readers may log in, where the keys that each has given are set.
SOCIAL_LOGINS = {
    service: keys for service in ("google", "kakao", "naver") if (keys := key_and_secret(f"LOGIN_{service.upper()}"))
}
if SOCIAL_LOGINS and not (find_spec("requests") and find_spec("jwt")):
    raise ImproperlyConfigured("Install requirements/social.txt for LOGIN_GOOGLE, LOGIN_KAKAO and LOGIN_NAVER.")
SOCIALACCOUNT_ADAPTER = "readers.social.SocialAdapter"
SOCIALACCOUNT_FORMS = {"signup": "readers.account_forms.SocialRegisterForm"}
# Everybody is asked for the terms, and shown what the service told.
SOCIALACCOUNT_AUTO_SIGNUP = False

# ---- words and time
LANGUAGE_CODE = "en"
# The desk's; the paper itself has one language (newsroom.middleware.DeskLanguage).
LANGUAGES = [("en", "English"), ("ko", "한국어")]
LANGUAGE_COOKIE_PATH = "/admin/"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Seoul"
USE_I18N = True
USE_TZ = True
# Authenticator apps show it, too.
SITE_NAME = MFA_TOTP_ISSUER = text("SITE_NAME", "The Hangang Times")

# ---- files
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = text("MEDIA_ROOT", str(VAR / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "newsroom.static.JoinedStaticFilesStorage"
        if ENV != "test"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if os.environ.get("S3_BUCKET"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": text("S3_BUCKET"),
            "endpoint_url": text("S3_ENDPOINT", "") or None,
            "querystring_auth": True,
            "querystring_expire": 300,
            "default_acl": "private",
        },
    }
# The web server's internal location for MEDIA_ROOT (nginx: `internal`); empty = Django sends the bytes.
MEDIA_ACCEL = text("MEDIA_ACCEL", "")
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# A press photo of 60 million pixels is larger than any camera of the desk makes.
PHOTO_MAX_PIXELS = number("PHOTO_MAX_PIXELS", 60_000_000)
PHOTO_MAX_BYTES = number("PHOTO_MAX_BYTES", 40_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# ---- what browsers may do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "media-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "frame-src": ["https://www.youtube-nocookie.com", "https://player.vimeo.com"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY = {
    "camera": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
    "interest-cohort": [],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and flag("SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
# The proxy's X-Forwarded-Proto, and the last hop of its X-Forwarded-For, are to be believed.
BEHIND_PROXY = flag("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ---- the paper's own
# Where to report a hole in this site (security.txt): mailto:, https: or tel:; empty: the masthead's e-mail address.
SECURITY_CONTACT = text("SECURITY_CONTACT", "")
if SECURITY_CONTACT and not re.fullmatch(r"(mailto:|https://|tel:)[!-~]+", SECURITY_CONTACT):
    raise ImproperlyConfigured(
        f"SECURITY_CONTACT is {SECURITY_CONTACT!r}: write it like mailto:security@example.com or https://..."
    )
# Seconds that a browser or an edge server may keep a public page: short, as nothing purges it.
PAGE_MAX_AGE = number("PAGE_MAX_AGE", 10)
# Whether readers may see fronts as they stood at any minute (/front/2026/11/23/0900/); the desk always does.
FRONT_ARCHIVE = flag("FRONT_ARCHIVE", not PRODUCTION)
# Who sees all pages of the e-paper: "all", "signed-in" or "subscribers"; everybody else sees the first page and the
# list of stories.
EPAPER_ACCESS = text("EPAPER_ACCESS", "all")
if EPAPER_ACCESS not in ("all", "signed-in", "subscribers"):
    raise ImproperlyConfigured(f"EPAPER_ACCESS is {EPAPER_ACCESS!r}: write all, signed-in or subscribers.")
# Premium stories that a registered reader may read each month; 0: subscribers alone read them.
PREMIUM_FREE_A_MONTH = number("PREMIUM_FREE_A_MONTH", 3)
# Words of a premium story that are for everybody, at most (articles/opening.py).
PREMIUM_OPEN_WORDS = number("PREMIUM_OPEN_WORDS", 120)
# Whether programs of search engines, verified by their addresses' names, read all of them (paywall/crawlers.py).
PREMIUM_FOR_VERIFIED_BOTS = flag("PREMIUM_FOR_VERIFIED_BOTS", False)
# When the day's edition is built by itself, in Seoul's time, like 05:00; empty: by hand only.
EPAPER_AT = text("EPAPER_AT", "") or None
if EPAPER_AT:
    try:
        EPAPER_AT = datetime.strptime(EPAPER_AT, "%H:%M").time()
    except ValueError:
        raise ImproperlyConfigured(f"EPAPER_AT is {EPAPER_AT!r}: write it like 05:00.") from None
# Where finished pages are kept on this host; "off": every page is made anew for every reader.
PAGE_CACHE = text("PAGE_CACHE", str(VAR / "cache"))
PAGE_CACHE = None if PAGE_CACHE == "off" else Path(PAGE_CACHE)
# A folder in which the web server keeps an emergency edition of plain files (manage.py publish_static); empty: none.
STATIC_COPY = text("STATIC_COPY", "")
STATIC_COPY_SECONDS = max(1, number("STATIC_COPY_SECONDS", 60))
STATIC_COPY_STORIES = number("STATIC_COPY_STORIES", 200)
# Caches in front (Varnish, a CDN) that are told which surrogate keys changed: addresses, separated by commas.
EDGE_PURGE_URL = words("EDGE_PURGE_URL")
EDGE_PURGE_METHOD = text("EDGE_PURGE_METHOD", "PURGE")
# "keys": in the header Surrogate-Key (Varnish, Fastly); "cloudflare": as JSON.
EDGE_PURGE_FORM = text("EDGE_PURGE_FORM", "keys")
if EDGE_PURGE_FORM not in ("keys", "cloudflare"):
    raise ImproperlyConfigured(f"EDGE_PURGE_FORM is {EDGE_PURGE_FORM!r}: write keys or cloudflare.")
# One header more, like "Fastly-Key: secret" or "Authorization: Bearer secret".
EDGE_PURGE_HEADERS = {}
if os.environ.get("EDGE_PURGE_HEADER"):
    name, _, value = text("EDGE_PURGE_HEADER").partition(":")
    if not re.fullmatch(r"[A-Za-z-]+", name) or not value.strip():
        raise ImproperlyConfigured("EDGE_PURGE_HEADER must be a header: write it like Fastly-Key: secret.")
    EDGE_PURGE_HEADERS = {name: value.strip()}
# Seconds that these caches may keep a page, as they are told when it changes.
EDGE_MAX_AGE = number("EDGE_MAX_AGE", 3600)
# A Redis that several hosts share for their pages, like redis://127.0.0.1:6379/0; empty: each host keeps its own.
REDIS_URL = text("REDIS_URL", "")
if REDIS_URL and not re.match(r"(rediss?|unix)://", REDIS_URL):
    raise ImproperlyConfigured("REDIS_URL must name a Redis: write it like redis://127.0.0.1:6379/0.")
# What the limits of readers' forms have counted: the same for every worker.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "newsroom_cache"}
}
# ---- mail: EMAIL_URL, or files in var/mail
globals().update(mail_server("EMAIL_URL"))
EMAIL_FILE_PATH = VAR / "mail"
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("EMAIL_URL")
    else "newsletters.posting.FolderBackend"
)
# In production nobody reads files: without a server no letter can be ordered.
MAIL_WORKS = bool(os.environ.get("EMAIL_URL")) or not PRODUCTION
# Whether /mail/ shows these files, to this computer alone; newsroom.serve says so where others can reach it.
SHOW_MAILS = not PRODUCTION and os.getenv("NEWSROOM_PUBLIC") != "1"
NEWSLETTER_FROM = DEFAULT_FROM_EMAIL = text("EMAIL_FROM", f"letters@{urlsplit(SITE_URL).hostname}")
if not re.fullmatch(r"[\w.+-]+@[\w.-]+", NEWSLETTER_FROM, re.ASCII):
    raise ImproperlyConfigured(f"EMAIL_FROM is {NEWSLETTER_FROM!r}: write an address like letters@example.com.")
# Mails of issues that go out in a second, by all processes together.
NEWSLETTER_RATE = max(1, number("NEWSLETTER_RATE", 10))
# Confirmation mails that one person gets in an hour, and sign-ups that one client may send.
NEWSLETTER_MAILS_PER_HOUR = number("NEWSLETTER_MAILS_PER_HOUR", 3)
NEWSLETTER_SIGN_UPS_PER_HOUR = number("NEWSLETTER_SIGN_UPS_PER_HOUR", 20)
# Mail services that tell of bounces: name=secret, separated by commas.
NEWSLETTER_HOOKS = dict(pair.split("=", 1) for pair in words("NEWSLETTER_HOOKS") if "=" in pair)
if len(NEWSLETTER_HOOKS) != len(words("NEWSLETTER_HOOKS")) or not all(
    re.fullmatch(r"[a-z0-9-]{1,40}", name) and len(secret) >= 16 for name, secret in NEWSLETTER_HOOKS.items()
):
    raise ImproperlyConfigured("NEWSLETTER_HOOKS must be like postmark=a-secret-of-16-characters-or-more.")
# Mail services whose own messages of bounces are heard, and django-anymail's settings for them (ANYMAIL_...).
MAIL_SERVICES = words("MAIL_SERVICES")
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
if set(MAIL_SERVICES) - {"amazon-ses", "mailgun", "postmark", "sendgrid"}:
    raise ImproperlyConfigured(
        "MAIL_SERVICES may name amazon-ses, mailgun, postmark and sendgrid, separated by commas."
    )
if MAIL_SERVICES and importlib.util.find_spec("anymail") is None:
    raise ImproperlyConfigured("MAIL_SERVICES needs django-anymail: install requirements/mail.txt.")
if "amazon-ses" in MAIL_SERVICES and importlib.util.find_spec("boto3") is None:
    raise ImproperlyConfigured("MAIL_SERVICES=amazon-ses needs boto3: install requirements/s3.txt as well.")
if MAIL_SERVICES and not re.fullmatch(r"[^:\s]+:\S{16,}", ANYMAIL.get("WEBHOOK_SECRET", "")):
    raise ImproperlyConfigured("MAIL_SERVICES needs ANYMAIL_WEBHOOK_SECRET, like user:a-secret-of-16-characters.")
if "mailgun" in MAIL_SERVICES and not re.fullmatch(r"[!-~]{16,}", ANYMAIL.get("MAILGUN_WEBHOOK_SIGNING_KEY", "")):
    raise ImproperlyConfigured("MAIL_SERVICES=mailgun needs ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY.")
# ---- subscriptions
# Where the desk gets its mails about orders and licences; empty: it looks into the admin.
SUBSCRIPTIONS_DESK = text("SUBSCRIPTIONS_DESK", "" if PRODUCTION else "subscriptions@hangangtimes.example")
if SUBSCRIPTIONS_DESK and not re.fullmatch(r"[\w.+-]+@[\w.-]+", SUBSCRIPTIONS_DESK, re.ASCII):
    raise ImproperlyConfigured(f"SUBSCRIPTIONS_DESK is {SUBSCRIPTIONS_DESK!r}: write an address like desk@example.com.")
# Forms that one network address may send in an hour.
ORDERS_PER_HOUR = number("ORDERS_PER_HOUR", 20)
# The payment service: empty (by transfer, confirmed by the desk), "sandbox" (takes no money) or "stripe".
# The sandbox has its page on this computer alone: a paper that others can reach has it only if it is asked for.
PAYMENTS = text("PAYMENTS", "sandbox" if ENV == "local" and os.getenv("NEWSROOM_PUBLIC") != "1" else "")
if PAYMENTS not in ("", "sandbox", "stripe"):
    raise ImproperlyConfigured(f"PAYMENTS is {PAYMENTS!r}: write sandbox or stripe, or leave it empty.")
if PAYMENTS == "sandbox" and PRODUCTION:
    raise ImproperlyConfigured("PAYMENTS is 'sandbox', which takes no money: leave it empty, or write stripe.")
if PAYMENTS == "stripe" and find_spec("stripe") is None:
    raise ImproperlyConfigured("PAYMENTS is 'stripe', whose library is missing: install requirements/stripe.txt.")
# The account to which readers transfer the price where there is no payment service, in words; empty: an invoice comes.
TRANSFER_TO = text("TRANSFER_TO", "")
STRIPE_SECRET_KEY = text("STRIPE_SECRET_KEY", None if PAYMENTS == "stripe" else "")
STRIPE_WEBHOOK_SECRET = text("STRIPE_WEBHOOK_SECRET", None if PAYMENTS == "stripe" else "")
# Another server than Stripe's, for tests.
STRIPE_API_BASE = text("STRIPE_API_BASE", "")

# How much of the disk, and of each worker's memory, they may take; and after how long a page is made anew that
# nothing has changed.
PAGE_CACHE_MB = number("PAGE_CACHE_MB", 1_000)
PAGE_CACHE_MEMORY_MB = number("PAGE_CACHE_MEMORY_MB", 8)
PAGE_CACHE_SECONDS = number("PAGE_CACHE_SECONDS", 3600)
# The worker that writes reads computes the ranked lists this often; 0: only `manage.py refresh_rankings` does.
RANKING_SECONDS = number("RANKING_SECONDS", 60)
# Reads are collected in memory and written at most this often; a killed server loses no more than that.
READ_FLUSH_SECONDS = number("READ_FLUSH_SECONDS", 5)
# Reads that one address may tell a minute; an office behind one address is many readers.
READS_PER_MINUTE = number("READS_PER_MINUTE", 300)
# Whether the link check may ask addresses that are not on the public web (a staging site, a test).
LINKS_TO_PRIVATE_HOSTS = flag("LINKS_TO_PRIVATE_HOSTS", False)
# The WebSub hub that the feeds name and that is told when they change; empty: none.
WEBSUB_HUB = page_address("WEBSUB_HUB")

if ENV == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    MEDIA_ROOT = str(VAR / "test-media")
    # The test server serves the sources of static files itself.
    MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # Failed sign-ins are in the audit log.
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}, "axes": {"level": "ERROR"}},
}
