"""A story's own page and what belongs to it."""

from itertools import pairwise
from urllib.parse import quote

from django.conf import settings
from django.db.models import DateField, DateTimeField, TextField
from django.http import Http404, HttpResponsePermanentRedirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles import structured
from articles.body import parts_of
from articles.cards import load_cards
from articles.comparing import differences
from articles.dates import day_of
from articles.models import Article, OldAddress, PreviewLink
from articles.opening import closed, for_crawlers, with_cut
from articles.previewing import preview, rolled_back
from articles.publishing import apply_due_changes
from articles.reading import is_long, minutes_to_read
from paywall.crawlers import may_read_all
from rankings.filling import fill
from rankings.lists import show_lists
from sections.pages import absolute, render_page
from sections.prepared import Given, Prepared
from sections.surrogates import note, note_lists

STORY_LISTS = ("ticker", "top-10", "top-5-entertainment", "darkroom")
PHOTO_LISTS = ("ticker", "darkroom")
RELATED = 4
SHOWN_VERSIONS = 30


def _public_at(moment):
    found = Article.objects.published(moment).for_detail(moment)
    return found.filter(address_date=Given("day", DateField()), slug=Given("slug", TextField()))


_PUBLIC = Prepared(lambda: _public_at(Given("at", DateTimeField())), plan_once=True)


def _public_story(year, month, day, slug, shown=closed):
    """The public story at an address with everything its page shows to everybody, or None. Three queries.

    `shown` says what that is of a premium story.
    """
    day = day_of(year, month, day)
    story = next(iter(_PUBLIC(day=day, slug=slug, at=timezone.now())), None) if day else None
    return story and shown(story)


def _story(year, month, day, slug, articles):
    day = day_of(year, month, day)
    return articles.filter(address_date=day, slug=slug).first() if day else None


@require_safe
def article(request, year, month, day, slug):
    """A story's page; 410 with the reason once it was withdrawn, 404 before it is public. 8 queries.

    The same for everybody; of a premium story, verified programs of search engines get a page that nothing keeps.
    """
    reads_all = may_read_all(request.META)
    shown = for_crawlers if reads_all else closed
    story = _public_story(year, month, day, slug, shown)
    if story is None:
        return _not_public(request, year, month, day, slug)
    if story.change_is_due and apply_due_changes(article=story):  # the runner has not come by yet
        story = _public_story(year, month, day, slug, shown)
    response = story_page(story)
    if reads_all and story.has_locked_part:
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noarchive"
    return response


def story_page(story):
    """The page of a story loaded with `for_detail`, as a response that is not rendered yet. 5 queries.

    It shows a premium story as it gets it: without the locked part only where that was left out (articles.opening).
    """
    note_lists(
        f"section-{story.section_id}-near",
        *(f"tag-{tag['id']}-near" for tag in story.tag_list),
        *([f"column-{story.column_id}-near"] if story.column_id else []),
    )
    note(*(f"article-{pk}" for pk in story.related_ids))
    return render_page("articles/article.html", _story_context(story), canonical=_canonical(story))


def preview_page(story):
    """As `story_page`, with all of a premium story and a line where its opening ends."""
    return story_page(with_cut(story))


@require_safe
def outside_preview(request, token):
    """A story for somebody without an account, by a link of the desk; 410 once the link has ended. No cookie, no cache.

    Pictures and films come through the same link.
    """
    link = PreviewLink.objects.filter(token=token).select_related("article").first()
    if link is None:
        raise Http404("There is no such preview.")
    if not link.is_open():
        response = render_page("articles/preview_ended.html", {}, status=410, max_age=0)
        response["X-Robots-Tag"] = "noindex"
        return response
    ends = f"{timezone.localtime(link.expires_at):%Y-%m-%d %H:%M}"
    note = f"Preview, not for publication. This link ends {ends} Seoul time."
    with rolled_back():
        response = preview(link.article_id, preview_page, note)
    own = f"{link.get_absolute_url()}media/"
    response.content = response.content.decode().replace(settings.MEDIA_URL, own).encode()
    response["X-Frame-Options"] = "DENY"
    return response


@require_safe
def print_preview(request, year, month, day, slug):
    """The story alone, as a clipping; search engines are sent to the story. 6 queries."""
    story = _public_story(year, month, day, slug)
    if story is None:
        return _not_public(request, year, month, day, slug)
    note_lists()
    return render_page("articles/print.html", _detail(story), canonical=_canonical(story))


@require_safe
def photo(request, year, month, day, slug, photo):
    """A photo of a gallery on a page of its own; 404 for one that the gallery does not show, else as `article`.

    `photo` are the first digits of the photo's uuid. 8 queries.
    """
    story = _public_story(year, month, day, slug)
    if story is None:
        return _not_public(request, year, month, day, slug)
    uses = story.all_uses if story.format == Article.Format.GALLERY else []
    place = next((place for place, use in enumerate(uses) if use.photo.uuid.hex.startswith(photo)), None)
    if place is None:
        raise Http404("There is no such photo.")
    note_lists()
    context = _photo_context(story, uses, place)
    return render_page("articles/photo.html", context, canonical=context["use"].get_absolute_url())


@require_safe
def changes(request, year, month, day, slug):
    """The versions of a story that readers have seen, each with what differs from the one before, word by word.

    404 for a story with one version only, else as `article`. Of a premium story the text is left out. 4 queries.
    """
    story = _story(year, month, day, slug, Article.objects.published().select_related("section__parent"))
    if story is None:
        return _not_public(request, year, month, day, slug)
    note_lists()
    versions = list(story.versions.public().as_seen()[:SHOWN_VERSIONS])
    if len(versions) < 2:
        raise Http404("Nothing in this story has changed.")
    is_free = story.access == Article.Access.FREE
    compared = [(newer, differences(older.content, newer.content, body=is_free)) for newer, older in pairwise(versions)]
    context = {"story": story, "versions": [*compared, (versions[-1], [])], "current": story.section.top_path}
    return render_page("articles/changes.html", context, canonical=_canonical(story))


def _canonical(story):
    return story.canonical_url or story.get_absolute_url()


def _not_public(request, year, month, day, slug):
    """What stands at the address of a story that is not public: the reason of its withdrawal, a redirect, or 404."""
    story = _story(year, month, day, slug, Article.objects.withdrawn())
    if story:
        note_lists()
        return render_page("articles/withdrawn.html", {"story": story}, status=410)
    target = OldAddress.objects.target(request.path, request.get_full_path())
    if target:
        return HttpResponsePermanentRedirect(target)
    raise Http404("There is no such story.")


def _detail(story):
    """What every form of a story's page shows."""
    url = absolute(story.get_absolute_url())
    return {
        "story": story,
        **parts_of(story),
        "free_a_month": settings.PREMIUM_FREE_A_MONTH,
        "credits": story.credits,
        "top": story.section.parent or story.section,
        "current": story.section.top_path,
        "print_url": f"{story.get_absolute_url()}print/",
        "share": share_links(url, story.headline),
        "url": url,
        "path": story.get_absolute_url(),
        "structured": structured.of_story(story),
        "minutes": minutes_to_read(story),
        "is_long": is_long(story),
    }


def _photo_context(story, uses, place):
    use = uses[place]
    url = absolute(use.get_absolute_url())
    return {
        "story": story,
        "use": use,
        "number": place + 1,
        "total": len(uses),
        "previous": uses[place - 1] if place else None,
        "next": uses[place + 1] if place + 1 < len(uses) else None,
        "top": story.section.parent or story.section,
        "current": story.section.top_path,
        "lists": show_lists(*PHOTO_LISTS),
        "share": share_links(url, f"{story.headline} ({place + 1} of {len(uses)})"),
        "url": url,
    }


def _story_context(story):
    near = [*story.related_ids, *story.same_topic_ids, *story.same_section_ids]
    series = {story.earlier_id, story.later_id} - {None}
    articles = load_cards({*near, *series})
    related = fill(RELATED, (pk for pk in near if pk in articles and pk != story.pk))
    return {
        **_detail(story),
        "lists": show_lists(*STORY_LISTS),
        "related": [articles[pk] for pk in related],
        "earlier": articles.get(story.earlier_id),
        "later": articles.get(story.later_id),
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
