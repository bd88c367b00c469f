"""Addresses of readers' accounts: django-allauth's pages in the paper's look, and the paper's own."""

from allauth.account import views as allauth
from allauth.account.urls import urlpatterns as allauth_pages
from django.urls import include, path

from . import account_views as views
from . import social
from .lazy import lazily

# These have short addresses.
SHORT = {"account_login", "account_logout", "account_signup"}

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
    path("account/two-factor/", include("allauth.mfa.urls")),
    path("account/", include([page for page in allauth_pages if page.name not in SHORT])),
]
