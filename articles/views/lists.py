"""Lists of stories: by reporter, by topic."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.encoding import escape_uri_path
from django.views.decorators.http import require_safe

from articles import channels
from articles.models import Article, Reporter, Tag
from articles.paging import page_of, read_cursor
from rankings.lists import load_lists
from sections.pages import render_page


@require_safe
def reporter(request, slug):
    """A reporter's page with all their stories. 6 queries."""
    person = get_object_or_404(Reporter.objects.for_page(), slug=slug)
    articles = Article.objects.published().by(person)
    return list_page(
        request, "articles/reporter.html", articles, {"reporter": person, "feed": channels.of_reporter(person)}
    )


@require_safe
def topic(request, slug):
    """A topic's page with all its stories; 404 without any: its name could give an embargo away. 6 queries."""
    tag = get_object_or_404(Tag, slug=slug)
    articles = Article.objects.published().tagged(tag)
    context = {"tag": tag, "feed": channels.of_topic(tag)}
    return list_page(request, "articles/topic.html", articles, context, may_be_empty=False)


def list_page(request, template, articles, context, may_be_empty=True):
    """A page of a list with the ticker and the Top 10. Four queries, the frame's included, and those of `context`."""
    before = read_cursor(request.GET.get("before"))
    lists = load_lists("ticker", "top-10")
    page = page_of(articles, before, also=lists.ids)
    if not page.articles and not may_be_empty:
        raise Http404("There is no such page.")
    canonical = escape_uri_path(request.path) + (f"?before={before}" if before is not None else "")
    return render_page(template, context | {"page": page, "lists": lists.fill(page.others)}, canonical=canonical)
