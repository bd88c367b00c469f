"""Addresses of My paper, within the reader's account."""

from django.urls import path

from . import views

urlpatterns = [
    path("account/saved/", views.saved, name="saved_stories"),
    path("account/save/", views.save, name="save_story"),
    path("account/for-you/", views.for_you, name="for_you"),
    path("account/history/", views.history, name="reading_history"),
    path("account/follow/", views.follow, name="follow"),
    path("account/digest/", views.digest, name="digest"),
]
