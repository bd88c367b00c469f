from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewslettersConfig(AppConfig):
    name = "newsletters"
    verbose_name = _("Newsletters")

    def ready(self):
        """Has a reader's data include the digests that were made for the account."""
        from readers.accounts import own_data

        from .models import Delivery

        own_data["digests"] = Delivery.objects.data_of
