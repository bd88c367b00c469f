"""The search."""

from django.views.decorators.http import require_safe

from articles import channels
from articles.models import Article
from sections.pages import render_page

SEARCH_LIMIT = 40
LONGEST_SEARCH = 200


@require_safe
def search(request):
    """Stories that match the words, best first. 4 queries."""
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST_SEARCH]
    found = list(Article.objects.published().search(words).for_cards()[:SEARCH_LIMIT]) if words else []
    context = {"words": words, "articles": found, "limit": SEARCH_LIMIT, "feed": channels.of_search(words)}
    return render_page("articles/search.html", context, canonical="/search/")
