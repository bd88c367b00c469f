"""The services with whose accounts readers may log in, where they differ from what django-allauth makes of them.

Only the number of the account there is kept. Imported by `readers.social` when it is needed: it loads `requests`.
"""

import re

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.google.provider import GoogleProvider
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.kakao.provider import KakaoProvider
from allauth.socialaccount.providers.kakao.views import KakaoOAuth2Adapter
from allauth.socialaccount.providers.naver.provider import NaverProvider
from allauth.socialaccount.providers.naver.views import NaverOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

# What reading an answer of another form than the service documents raises.
ODD = (AttributeError, ImproperlyConfigured, KeyError, OverflowError, TypeError, ValueError)


class OwnAddress:
    """Mixed into the adapters: services lead back to the paper's own address, whatever host a request names."""

    def get_callback_url(self, request, app):
        """The address that is registered with the service."""
        return settings.SITE_URL + reverse(f"{self.provider_id}_callback")

    def parse_token(self, data):
        """The token. OAuth2Error, which becomes a page, where the answer has an odd form."""
        try:
            return super().parse_token(data)
        except ODD as error:
            raise OAuth2Error("The token has an odd form.") from error

    def complete_login(self, *args, **kwargs):
        """Who comes. OAuth2Error, which becomes a page, where the answer has an odd form."""
        try:
            return super().complete_login(*args, **kwargs)
        except ODD as error:
            raise OAuth2Error("The profile has an odd form.") from error


class KeepsLittle:
    """Mixed into the services: their profile of a reader is not kept."""

    def extract_uid(self, data):
        """The number of the account there. ValueError without one: nobody may pass for everybody."""
        number = data.get("sub") or data.get("id")
        if not isinstance(number, str | int) or not re.fullmatch(r"[!-~]{1,191}", str(number)):
            raise ValueError("The account has no number.")
        return str(number)

    def extract_extra_data(self, data):
        """Nothing."""
        return {}

    def get_auth_params_from_request(self, request, action):
        """Nothing that an address could add."""
        return self.get_auth_params()

    def get_scope_from_request(self, request):
        """Nothing that an address could add."""
        return self.get_scope()


class GoogleAddresses(OwnAddress, GoogleOAuth2Adapter):
    """Google's addresses."""


class Google(KeepsLittle, GoogleProvider):
    """Google: says whether an address is verified."""

    oauth2_adapter_class = GoogleAddresses
    pkce_enabled_default = True


class KakaoAddresses(OwnAddress, KakaoOAuth2Adapter):
    """Kakao's addresses."""


class Kakao(KeepsLittle, KakaoProvider):
    """Kakao: an address may be missing, not verified, or taken over by somebody else (not valid)."""

    oauth2_adapter_class = KakaoAddresses

    def extract_common_fields(self, data):
        """Name and address; the nickname is no name of an account here."""
        account = data.get("kakao_account", {})
        return {"email": account.get("email"), "first_name": account.get("profile", {}).get("nickname")}

    def extract_email_addresses(self, data):
        """The address, verified only where Kakao says both that it is and that it still belongs to the account."""
        account = data.get("kakao_account", {})
        verified = account.get("is_email_valid") is True and account.get("is_email_verified") is True
        email = account.get("email")
        return [EmailAddress(email=email, verified=verified, primary=True)] if email else []


class NaverAddresses(OwnAddress, NaverOAuth2Adapter):
    """Naver's addresses."""


class Naver(KeepsLittle, NaverProvider):
    """Naver: hands out the address that a member typed for contact, and does not say that it was verified."""

    oauth2_adapter_class = NaverAddresses

    def extract_common_fields(self, data):
        """Name and address."""
        return {"email": data.get("email"), "first_name": data.get("name") or data.get("nickname")}

    def extract_email_addresses(self, data):
        """The address, never verified."""
        email = data.get("email")
        return [EmailAddress(email=email, verified=False, primary=True)] if email else []


class Service:
    """The two views of a service."""

    def __init__(self, provider):
        registry.register(provider)
        self.begin = OAuth2LoginView.adapter_view(provider.oauth2_adapter_class)
        self.come_back = OAuth2CallbackView.adapter_view(provider.oauth2_adapter_class)


BY_NAME = {provider.id: Service(provider) for provider in (Google, Kakao, Naver)}
