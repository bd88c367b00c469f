"""Columns, blogs and cartoon series: several pieces under one name."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles import channels, structured
from articles.models import Article, Column
from sections.pages import render_page
from sections.surrogates import note_lists

from .lists import list_page


@require_safe
def columns(request):
    """Every column that has public pieces, with its newest one. 3 queries."""
    note_lists("columns", "stories", "texts")
    found = list(Column.objects.with_latest().for_page())
    return render_page("articles/columns.html", {"columns": found}, canonical="/columns/")


@require_safe
def column(request, slug):
    """A column's own page with all its pieces; 404 while none is public: its name could give one away. 7 queries."""
    shown = get_object_or_404(Column.objects.for_page(), slug=slug)
    note_lists(f"column-{shown.pk}-stories")
    articles = Article.objects.published().in_column(shown)
    context = {"column": shown, "feed": channels.of_column(shown)}
    context["structured"] = structured.of_list(
        ("Columns and blogs", reverse("columns")), (shown.name, shown.get_absolute_url())
    )
    return list_page(request, "articles/column.html", articles, context, may_be_empty=False)
