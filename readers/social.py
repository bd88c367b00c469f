"""Logging in with an account elsewhere: which services are offered, and what their word counts for.

A service says who somebody is; it opens an account only after the reader, logged in there by its own means, has
connected the two. The library that talks with services is loaded when somebody comes from one or goes to one.
"""

from functools import wraps

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from .accounts import account_of

# The services, with the site to which the form that begins a login leads.
SERVICES = {
    "google": ("Google", "https://accounts.google.com"),
    "kakao": ("Kakao", "https://kauth.kakao.com"),
    "naver": ("Naver", "https://nid.naver.com"),
}


class SocialAdapter(DefaultSocialAccountAdapter):
    """What allauth asks for."""

    def list_apps(self, request, provider=None, client_id=None):
        """The services whose keys are configured; rows of the database count for nothing."""
        from allauth.socialaccount.models import SocialApp

        return [
            SocialApp(provider=name, client_id=key, secret=secret)
            for name, (key, secret) in settings.SOCIAL_LOGINS.items()
            if provider in (None, name)
        ]

    def get_provider(self, request, provider, client_id=None):
        """The service of that name."""
        from . import social_services  # noqa: F401, allauth learns of them

        return super().get_provider(request, provider, client_id)

    def pre_social_login(self, request, sociallogin):
        """Stops staff, and those whose confirmed address has an account that is not connected."""
        if request.user.is_staff or (sociallogin.is_existing and sociallogin.user.is_staff):
            raise PermissionDenied("Staff sign in at the desk.")
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        if any(address.verified and account_of(address.email) for address in sociallogin.email_addresses):
            name = sociallogin.provider.name
            messages.error(
                request,
                f"Your {name} address has an account here already. Log in to it as you usually do, then connect {name} "
                "in your account.",
            )
            raise ImmediateHttpResponse(redirect("account_login"))

    def save_user(self, request, sociallogin, form=None):
        """The new reader. What the service says of other addresses than the one chosen counts for nothing."""
        chosen = form.cleaned_data["email"].lower()
        sociallogin.email_addresses = [row for row in sociallogin.email_addresses if row.email.lower() == chosen]
        return super().save_user(request, sociallogin, form)

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None):
        """A page that says so, with nothing of what the service said."""
        if error == AuthError.CANCELLED:
            return  # allauth leads to a page of its own
        context = {"service": provider.name}
        page = TemplateResponse(request, "socialaccount/authentication_error.html", context, status=401)
        raise ImmediateHttpResponse(page)


def offered():
    """[(label, address)] of the services that are configured."""
    return [(SERVICES[name][0], reverse(f"{name}_login")) for name in settings.SOCIAL_LOGINS]


def offers(view):
    """The view with the buttons of the services; its form may lead to them."""

    @wraps(view)
    def with_buttons(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if settings.SOCIAL_LOGINS and getattr(response, "context_data", None) is not None:
            response.context_data["services"] = offered()
            response._csp_update = {"form-action": [SERVICES[name][1] for name in settings.SOCIAL_LOGINS]}
        return response

    return with_buttons


def begin(request, service):
    """Leads to a service; only from a form of the paper, so that no other site logs anybody in."""
    views = _views(service)
    return views.begin(request) if request.method == "POST" else redirect("account_login")


def come_back(request, service):
    """Takes what a service says of somebody who comes back from there."""
    return _views(service).come_back(request)


def _views(service):
    if service not in settings.SOCIAL_LOGINS:
        raise Http404("This service is not configured.")
    from . import social_services

    return social_services.BY_NAME[service]
