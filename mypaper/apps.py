from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MyPaperConfig(AppConfig):
    """What readers keep and follow."""

    name = "mypaper"
    verbose_name = _("My paper")

    def ready(self):
        """Has a reader's data include what is kept here, and merged topics keep their readers."""
        from articles.topics import also_moved
        from readers.accounts import own_data

        from .models import Digest, Follow, SavedStory

        own_data["saved"] = SavedStory.objects.data_of
        own_data["follows"] = Follow.objects.data_of
        own_data["digest"] = Digest.objects.data_of
        also_moved.append(Follow.objects.move_topics)
