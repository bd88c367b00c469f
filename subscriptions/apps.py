from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubscriptionsConfig(AppConfig):
    """Plans, orders and content licences."""

    name = "subscriptions"
    verbose_name = _("Subscriptions")

    def ready(self):
        """Has accounts show a reader's orders, give them as data, and say which are kept after the account."""
        from readers import accounts

        from . import access

        accounts.own_data["orders"] = access.data_of
        accounts.on_account_page["orders"] = access.list_of
        accounts.kept_records.append(access.kept_of)
