"""The form that puts a story at a position of a list."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from sections.admin_base import Autocomplete, Explains, SeoulDateTime

from .models import Placement


class PlaceForm(Explains, forms.Form):
    """Which story stands where, and until when."""

    position = forms.IntegerField(
        min_value=1, help_text=_("The story that an editor put there before gives way at this moment.")
    )
    article = forms.ModelChoiceField(
        Article.objects.all(),
        label=_("Story"),
        widget=Autocomplete(Placement._meta.get_field("article"), admin.site),
        help_text=_("One that is not public yet may be placed: readers see it there once it is."),
    )
    headline = forms.CharField(
        max_length=200,
        required=False,
        label=_("Headline here"),
        help_text=_("Only on this list; empty: the story's own."),
    )
    ends = forms.SplitDateTimeField(
        label=_("Until"),
        required=False,
        widget=SeoulDateTime,
        help_text=_("Seoul time; empty: until you end it or place another. Then the list fills the place by itself."),
    )

    def __init__(self, story_list, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["position"].max_value = story_list.size
        self.fields["position"].widget.attrs |= {"min": 1, "max": story_list.size}
