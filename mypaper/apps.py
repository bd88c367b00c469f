from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MyPaperConfig(AppConfig):
    """What readers keep and follow."""

    name = "mypaper"
    verbose_name = _("My paper")

    def ready(self):
        """Has the file of a reader's data include what is kept here."""
        from readers.accounts import own_data

        from .models import Follow, SavedStory

        own_data["saved"] = SavedStory.objects.data_of
        own_data["follows"] = Follow.objects.data_of
