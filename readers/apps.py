from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReadersConfig(AppConfig):
    name = "readers"
    verbose_name = _("Readers and staff")

    def ready(self):
        """Connects what is written down when somebody signs in, fails to, or signs out."""
        from . import signing_in

        signing_in.connect()
