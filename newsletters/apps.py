from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class NewslettersConfig(AppConfig):
    name = "newsletters"
    verbose_name = _("Newsletters")

    def ready(self):
        """Has a reader's data include the digests of the account, and mail services be heard that are configured."""
        from readers.accounts import own_data

        from . import services
        from .models import Delivery

        own_data["digests"] = Delivery.objects.data_of
        if settings.MAIL_SERVICES:
            services.connect()
