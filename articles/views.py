"""Pages of stories, reporters and topics, and the search."""

from datetime import date
from urllib.parse import quote

from django.http import Http404, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.utils.encoding import escape_uri_path
from django.views.decorators.http import require_safe

from rankings.filling import fill
from rankings.lists import load_lists
from sections.pages import absolute, render_page

from .body import photos_in, render_body
from .models import Article, OldAddress, Reporter, Tag
from .paging import page_of, read_cursor

STORY_LISTS = ("ticker", "top-10", "top-5-entertainment", "darkroom")
SEARCH_LIMIT = 40
LONGEST_SEARCH = 200
RELATED = 4


def _day(year, month, day):
    try:
        return date(int(year), int(month), int(day))
    except ValueError:  # no such day in the calendar
        return None


def _story(year, month, day, slug, articles):
    day = _day(year, month, day)
    return articles.filter(address_date=day, slug=slug).first() if day else None


@require_safe
def article(request, year, month, day, slug):
    """A story's page; 410 with the reason once it was withdrawn, 404 before it is public. 8 queries."""
    story = _story(year, month, day, slug, Article.objects.published().for_detail())
    if story is None:
        return _not_public(request, year, month, day, slug)
    return render_page("articles/article.html", _story_context(story), canonical=_canonical(story))


@require_safe
def print_preview(request, year, month, day, slug):
    """The story alone, as a clipping; search engines are sent to the story. 6 queries."""
    story = _story(year, month, day, slug, Article.objects.published().for_detail())
    if story is None:
        return _not_public(request, year, month, day, slug)
    return render_page("articles/print.html", _detail(story), canonical=_canonical(story))


def _canonical(story):
    return story.canonical_url or story.get_absolute_url()


def _not_public(request, year, month, day, slug):
    """What stands at the address of a story that is not public: the reason of its withdrawal, a redirect, or 404."""
    story = _story(year, month, day, slug, Article.objects.withdrawn())
    if story:
        return render_page("articles/withdrawn.html", {"story": story}, status=410)
    target = OldAddress.objects.target(request.path, request.get_full_path())
    if target:
        return HttpResponsePermanentRedirect(target)
    raise Http404("There is no such story.")


def _detail(story):
    """What every form of a story's page shows."""
    # Galleries and cartoons show their photos by themselves, all others in the text.
    gallery = story.all_uses if story.format in (Article.Format.GALLERY, Article.Format.CARTOON) else []
    hero = None if gallery or not story.lead or str(story.lead.photo.uuid) in photos_in(story.body) else story.lead
    url = absolute(story.get_absolute_url())
    return {
        "story": story,
        "body": render_body(story, [] if gallery else story.all_uses),
        "hero": hero,
        "gallery": gallery,
        "credits": story.credits,
        "top": story.section.parent or story.section,
        "current": story.section.top_path,
        "print_url": f"{story.get_absolute_url()}print/",
        "share": share_links(url, story.headline),
        "url": url,
    }


def _story_context(story):
    lists = load_lists(*STORY_LISTS)
    near = [*story.related_ids, *story.same_topic_ids, *story.same_section_ids]
    wanted = Article.objects.published().filter(pk__in={*lists.ids, *near}).for_cards()
    articles = {found.pk: found for found in wanted}
    related = fill(RELATED, (pk for pk in near if pk in articles and pk != story.pk))
    return {
        **_detail(story),
        "lists": lists.fill(articles),
        "related": [articles[pk] for pk in related],
    }


def share_links(url, headline):
    """[(name, icon, address)] of the services that a story can be shared with."""
    link, words = quote(url, safe=""), quote(headline, safe="")
    return [
        ("Facebook", "facebook", f"https://www.facebook.com/sharer/sharer.php?u={link}"),
        ("X (Twitter)", "twitter", f"https://twitter.com/intent/tweet?url={link}&text={words}"),
        ("WhatsApp", "whatsapp", f"https://wa.me/?text={words}%20{link}"),
        ("Reddit", "reddit", f"https://www.reddit.com/submit?url={link}&title={words}"),
        ("E-mail", "mail", f"mailto:?subject={words}&body={link}"),
    ]


@require_safe
def reporter(request, slug):
    """A reporter's page with all their stories. 6 queries."""
    person = get_object_or_404(Reporter.objects.for_page(), slug=slug)
    articles = Article.objects.published().by(person)
    return _list_page(request, "articles/reporter.html", articles, {"reporter": person})


@require_safe
def topic(request, slug):
    """A topic's page with all its stories; 404 without any: its name could give an embargo away. 6 queries."""
    tag = get_object_or_404(Tag, slug=slug)
    articles = Article.objects.published().tagged(tag)
    return _list_page(request, "articles/topic.html", articles, {"tag": tag}, may_be_empty=False)


@require_safe
def day(request, year, month, day):
    """Everything that was published on a day in Seoul, the deep entrance to the archive; 404 without any. 6 queries."""
    shown = _day(year, month, day)
    if shown is None:
        raise Http404("There is no such day.")
    public = Article.objects.published()
    earlier = public.filter(address_date__lt=shown).order_by("-address_date").values_list("address_date")[:1]
    later = public.filter(address_date__gt=shown).order_by("address_date").values_list("address_date")[:1]
    near = [day for (day,) in earlier.union(later).order_by()]
    context = {
        "day": shown,
        "earlier": next((day for day in near if day < shown), None),
        "later": next((day for day in near if day > shown), None),
    }
    return _list_page(request, "articles/day.html", public.filter(address_date=shown), context, may_be_empty=False)


def _list_page(request, template, articles, context, may_be_empty=True):
    before = read_cursor(request.GET.get("before"))
    lists = load_lists("ticker", "top-10")
    page = page_of(articles, before, also=lists.ids)
    if not page.articles and not may_be_empty:
        raise Http404("There is no such page.")
    canonical = escape_uri_path(request.path) + (f"?before={before}" if before is not None else "")
    return render_page(template, context | {"page": page, "lists": lists.fill(page.others)}, canonical=canonical)


@require_safe
def search(request):
    """Stories that match the words, best first. 4 queries."""
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST_SEARCH]
    found = list(Article.objects.published().search(words).for_cards()[:SEARCH_LIMIT]) if words else []
    return render_page(
        "articles/search.html", {"words": words, "articles": found, "limit": SEARCH_LIMIT}, canonical="/search/"
    )
