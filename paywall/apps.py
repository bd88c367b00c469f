from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaywallConfig(AppConfig):
    """Who reads premium stories on."""

    name = "paywall"
    verbose_name = _("Premium stories")

    def ready(self):
        """Has a reader's account show what was read of the month's free stories, and the reader's data include it."""
        from readers.accounts import on_account_page, own_data

        from .access import shown_in_account
        from .models import PremiumRead

        own_data["premium_stories_read"] = PremiumRead.objects.data_of
        on_account_page["premium"] = shown_in_account
