"""Lists of stories, by reporter and by topic, and the indexes of both."""

from django.db.models import BigIntegerField
from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.encoding import escape_uri_path, iri_to_uri
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from articles import channels, structured
from articles.letters import LETTERS, in_groups, letter_of
from articles.models import ArticleTag, Byline, Reporter, Tag
from articles.paging import Listing, page_of, read_cursor
from rankings.fronts import find_front, show_front
from rankings.lists import show_lists
from sections.pages import render_page
from sections.prepared import Given, Prepared, given_ids
from sections.surrogates import note_lists

# Topics on the entrance of the index.
MOST_USED = 60
OF_TOPIC = Listing(lambda tag, at: ArticleTag.objects.filter(tag=tag).of_public(at), plan_once=True)
BESIDE = Prepared(lambda: Tag.objects.beside(Given("tag", BigIntegerField()), given_ids("ids")), plan_once=True)
BY_REPORTER = Listing(lambda reporter, at: Byline.objects.filter(reporter=reporter).of_public(at), plan_once=True)


@require_safe
def reporter(request, slug):
    """A reporter's page with all their stories. 7 queries."""
    person = Reporter.objects.for_page().filter(slug=slug).first()
    if person is None:
        return other_name(request, Reporter.objects.known_as(slug))
    note_lists(f"reporter-{person.pk}-stories")
    context = {"reporter": person, "feed": channels.of_reporter(person), "structured": structured.of_reporter(person)}
    return list_page(request, "articles/reporter.html", BY_REPORTER(person.pk), context)


@require_safe
def reporters(request):
    """Who writes for the paper, and who did. 3 queries."""
    note_lists("reporters", "stories")
    found = list(Reporter.objects.for_index())
    context = {
        "staff": [person for person in found if person.is_active and person.is_introduced],
        "contributors": [person for person in found if person.is_active and not person.is_introduced],
        "former": [person for person in found if not person.is_active],
    }
    return render_page("articles/reporters.html", context, canonical=request.path)


@require_safe
def topic(request, slug):
    """A topic's page with all its stories; 404 without any: its name could give an embargo away. 9 queries."""
    tag = Tag.objects.for_page().filter(slug=slug).first()
    if tag is None:
        return other_name(request, Tag.objects.public().known_as(slug))
    note_lists(f"tag-{tag.pk}-stories")
    steps = ("Topics", reverse("topics")), (tag.name, tag.get_absolute_url())
    front = None if request.GET.get("before") else find_front(tag=tag)
    made = show_front(front) if front else None
    context = {"tag": tag, "made": made, "feed": channels.of_topic(tag), "structured": structured.of_list(*steps)}

    def related(page):
        ids = [story.pk for story in page.articles]
        return {"related": BESIDE(tag=tag.pk, ids=ids) if page.is_first else ()}

    return list_page(request, "articles/topic.html", OF_TOPIC(tag.pk), context, may_be_empty=False, more=related)


@require_safe
def topics(request):
    """The topics of one letter, or the letters and what is written about most. 4 queries.

    404 for a letter with no topic. Only topics with a public story are named or counted.
    """
    note_lists("topics", "stories", "texts")
    names = {}
    for name, pk in Tag.objects.public().order_by().values_list("name", "pk"):
        names.setdefault(letter_of(name), []).append(pk)
    letter = request.GET.get("letter", "").lower()
    if letter and letter not in names:
        raise Http404("No topic begins like this.")
    context = {
        "letters": [(key, shown, len(names[key])) for key, shown in LETTERS.items() if key in names],
        "letter": letter,
        "title": LETTERS.get(letter, ""),
        "groups": in_groups(Tag.objects.filter(pk__in=names[letter]).with_counts()) if letter else [],
        "most_used": [] if letter else list(Tag.objects.most_used()[:MOST_USED]),
    }
    canonical = reverse("topics") + (f"?{urlencode({'letter': letter})}" if letter else "")
    return render_page("articles/topics.html", context, canonical=canonical)


def other_name(request, found):
    """A permanent redirect to the page of the name in use, with what was asked of it. Raises Http404 without one."""
    if found is None:
        raise Http404("Nobody and nothing has this name.")
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(found.get_absolute_url() + (f"?{iri_to_uri(query)}" if query else ""))


def list_page(request, template, articles, context, may_be_empty=True, more=None):
    """A page of a list with the ticker and the Top 10. Six queries, the frame's included, and those of `context`.

    `more`: a function of the page that gives further context.
    """
    before = read_cursor(request.GET.get("before"))
    page = page_of(articles, before)
    if more:
        context = context | more(page)
    if context.get("made"):
        page.leave_out(context["made"].shown)
    if not page.articles and not may_be_empty:
        raise Http404("There is no such page.")
    canonical = escape_uri_path(request.path) + (f"?before={before}" if before is not None else "")
    return render_page(template, context | {"page": page, "lists": show_lists("ticker", "top-10")}, canonical=canonical)
