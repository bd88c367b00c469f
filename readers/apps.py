from django.apps import AppConfig


class ReadersConfig(AppConfig):
    name = "readers"
    verbose_name = "Readers and staff"

    def ready(self):
        """Connects what is written down when somebody signs in, fails to, or signs out."""
        from . import signing_in

        signing_in.connect()
