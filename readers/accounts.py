"""Accounts of readers: how django-allauth is told about this paper.

Staff and readers are separate: a member of the staff cannot sign in, ask for a code or set a password here, and a
reader's session is nobody's at the desk. No form says whether an address has an account.
"""

import unicodedata
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from . import sessions
from .addresses import LONGEST, AddressKey, key_of
from .models import User
from .requests import client_address

# What other apps keep of a reader: {name: function of the user that gives plain data}; see readers.account_views.data.
own_data = {}
# What other apps show on the page of the account: {name in its context: function of the user}.
on_account_page = {}
# What stays when an account is deleted: functions of the user that give a sentence, or nothing.
kept_records = []


class ReaderBackend(AuthenticationBackend):
    """Readers by e-mail address and password. For staff it takes as long, and lets nobody in."""

    def user_can_authenticate(self, user):
        """Whether the account is a reader's and in use: also asked for each request of a session."""
        return not user.is_staff and super().user_can_authenticate(user)

    def _check_password(self, user, password):
        found = super()._check_password(user, password)
        if found is None:
            # allauth would say of an account that may not sign in that its password was right.
            self.unstash_authenticated_user()
        return found


def readers_only(users):
    """Those of the users that are readers."""
    return [user for user in users if not user.is_staff]


def account_of(address):
    """The account of the person with an address, however it is written; None without one. One query."""
    return User.objects.alias(key=AddressKey("email")).filter(key=key_of(address)).first() if address else None


def confirmed_address(user):
    """The address of the account if its owner has confirmed it, else None. One query."""
    return user.emailaddress_set.filter(email__iexact=user.email, verified=True).values_list("email", flat=True).first()


class AccountAdapter(DefaultAccountAdapter):
    """What allauth asks for."""

    def clean_email(self, email):
        """The address with its domain as mail servers write it. ValidationError where it could pass for another."""
        if len(email) > LONGEST:
            raise ValidationError(f"A mail address has at most {LONGEST} characters.")
        if unicodedata.normalize("NFKC", email) != email:
            raise ValidationError("Write the address with plain letters, as your mail program shows it.")
        name, _, domain = email.rpartition("@")
        try:
            return f"{name}@{domain.encode('idna').decode()}"
        except UnicodeError:
            raise ValidationError("There is no such mail server: look at the part after the @ again.") from None

    def is_open_for_signup(self, request):
        """Whether an address can be confirmed: not without a mail server."""
        return settings.MAIL_WORKS

    def populate_username(self, request, user):
        """Readers have no user name; the column wants one that nobody could guess or take."""
        if not user.username:
            user.username = self.generate_unique_username(["reader"])

    def generate_unique_username(self, txts, regex=None):
        """A name of no meaning."""
        return f"reader-{uuid4().hex}"

    def get_login_stages(self):
        """The steps of logging in; the second one loads its libraries only for those who have switched it on."""
        own = {"allauth.mfa.stages.AuthenticateStage": "readers.stages.SecondStep"}
        return [own.get(path, path) for path in super().get_login_stages()]

    def pre_login(self, request, user, **kwargs):
        """Stops staff, whatever way they came."""
        if user.is_staff:
            raise PermissionDenied("Staff sign in at the desk.")
        return super().pre_login(request, user, **kwargs)

    def confirm_email(self, request, email_address):
        """False, with a message, where another account has taken the address meanwhile."""
        other = account_of(email_address.email)
        if other and other.pk != email_address.user_id:
            context = {"email": email_address.email}
            self.add_message(request, messages.ERROR, "account/messages/email_confirmation_failed.txt", context)
            return False
        with transaction.atomic():
            return super().confirm_email(request, email_address)

    def set_password(self, user, password):
        """A new password ends every other session."""
        with transaction.atomic():
            sessions.end_sessions(user, but=self.request.session.session_key)
            super().set_password(user, password)

    def is_safe_url(self, url):
        """Whether one may be led there after signing in: addresses of this paper alone."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request):
        """The address whose tries are counted. PermissionDenied where none can be believed."""
        address = client_address(request)
        if address is None:
            raise PermissionDenied("Your address could not be told.")
        return address

    def get_email_confirmation_url(self, request, emailconfirmation):
        """With the paper's own address: what a request says its host is may be anybody's."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key):
        """With the paper's own address."""
        template = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + template.replace("UID-KEY", key)

    def send_mail(self, template_prefix, email, context):
        """Sends a mail whose words know the paper's name and address, and no host of a request."""
        own = {
            **{"paper": settings.SITE_NAME, "site_url": settings.SITE_URL, "email": email},
            "register_url": settings.SITE_URL + reverse("account_signup"),
            "new_password_url": settings.SITE_URL + reverse("account_reset_password"),
        }
        message = self.render_mail(template_prefix, email, context | own)
        # Nobody's holiday answer is wanted.
        message.extra_headers["Auto-Submitted"] = "auto-generated"
        message.send()

    def ajax_response(self, request, response, redirect_to=None, form=None, data=None):
        """Always the page: no program is promised answers of another form."""
        return response
