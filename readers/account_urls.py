"""Addresses of readers' accounts: django-allauth's pages in the paper's look, and the paper's own."""

from allauth.account import views as allauth
from allauth.account.urls import urlpatterns as allauth_pages
from django.urls import include, path

from . import account_views as views
from . import social
from .lazy import lazily, readers_only

# These have short addresses.
SHORT = {"account_login", "account_logout", "account_signup"}

# Second steps: {name: address, view}. The names are allauth's, which leads there by them.
SECOND_STEP = {
    "index": ("", "allauth.mfa.base.views.index"),
    "authenticate": ("authenticate/", "allauth.mfa.base.views.authenticate"),
    "reauthenticate": ("reauthenticate/", "allauth.mfa.base.views.reauthenticate"),
    "activate_totp": ("totp/activate/", "allauth.mfa.totp.views.activate_totp"),
    "deactivate_totp": ("totp/deactivate/", "allauth.mfa.totp.views.deactivate_totp"),
    "view_recovery_codes": ("recovery-codes/", "allauth.mfa.recovery_codes.views.view_recovery_codes"),
    "generate_recovery_codes": ("recovery-codes/generate/", "allauth.mfa.recovery_codes.views.generate_recovery_codes"),
    "download_recovery_codes": ("recovery-codes/download/", "allauth.mfa.recovery_codes.views.download_recovery_codes"),
    "list_webauthn": ("passkeys/", "readers.passkeys.show"),
    "add_webauthn": ("passkeys/add/", "readers.passkeys.add"),
    "login_webauthn": ("passkeys/login/", "allauth.mfa.webauthn.views.login_webauthn"),
    "reauthenticate_webauthn": ("passkeys/reauthenticate/", "allauth.mfa.webauthn.views.reauthenticate_webauthn"),
    "remove_webauthn": ("passkeys/<int:pk>/remove/", "allauth.mfa.webauthn.views.remove_webauthn"),
    "edit_webauthn": ("passkeys/<int:pk>/edit/", "allauth.mfa.webauthn.views.edit_webauthn"),
}

urlpatterns = [
    path("login/", social.offers(allauth.login), name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("register/", social.offers(allauth.signup), name="account_signup"),
    path("account/", views.home, name="account_home"),
    path("account/name/", views.rename, name="account_rename"),
    path("account/preferences/", views.preferences, name="account_preferences"),
    path("account/sessions/", views.end, name="account_sessions"),
    path("account/data/", views.data, name="account_data"),
    path("account/delete/", views.delete, name="account_delete"),
    *(
        route
        for name in social.SERVICES
        for route in (
            path(f"account/with/{name}/", social.begin, {"service": name}, name=f"{name}_login"),
            path(f"account/with/{name}/back/", social.come_back, {"service": name}, name=f"{name}_callback"),
        )
    ),
    path("account/with/", social.offers(views.connections), name="socialaccount_connections"),
    path("account/with/register/", lazily("allauth.socialaccount.views.signup"), name="socialaccount_signup"),
    path("account/with/cancelled/", views.login_cancelled, name="socialaccount_login_cancelled"),
    *(
        path(f"account/two-factor/{route}", readers_only(lazily(view)), name=f"mfa_{name}")
        for name, (route, view) in SECOND_STEP.items()
    ),
    path("account/", include([page for page in allauth_pages if page.name not in SHORT])),
]
