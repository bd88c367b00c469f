from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class NewslettersConfig(AppConfig):
    name = "newsletters"
    verbose_name = _("Newsletters")

    def ready(self):
        """Has letters begin and move with an account and be part of its data, and has mail services heard."""
        from allauth.account import signals

        from readers.accounts import own_data

        from . import services, signing_up
        from .models import Delivery

        own_data["letters"] = signing_up.data_of
        own_data["digests"] = Delivery.objects.data_of
        if settings.MAIL_SERVICES:
            services.connect()
        signals.email_confirmed.connect(_confirmed, dispatch_uid="newsletters")
        signals.user_signed_up.connect(_registered, dispatch_uid="newsletters")
        signals.email_changed.connect(_changed, dispatch_uid="newsletters")


def _confirmed(email_address, **kwargs):
    from . import signing_up

    signing_up.begin_with_account(email_address.user, email_address.email)


def _registered(user, **kwargs):
    """An address that another service has verified needs no mail."""
    from readers.accounts import confirmed_address

    from . import signing_up

    if address := confirmed_address(user):
        signing_up.begin_with_account(user, address)


def _changed(user, to_email_address, **kwargs):
    from . import signing_up

    signing_up.move_with_account(user, to_email_address.email)
