"""What the paper got wrong: every public note on a story."""

from django.http import Http404
from django.views.decorators.http import require_safe

from articles import channels
from articles.models import Correction
from articles.paging import read_cursor
from sections.pages import render_page
from sections.surrogates import note_lists

PAGE_SIZE = 30


@require_safe
def corrections(request):
    """All corrections, clarifications and retractions, newest first; 404 for a cursor that is none. 4 queries."""
    note_lists("corrections")
    before = read_cursor(request.GET.get("before"))
    public = Correction.objects.public()
    notes = public.with_stories().latest_first()
    newer = ""
    if before is not None:
        notes = notes.older_than(before)
        first_of_newer = public.newer_than(before).order_by("published_at", "pk").values_list("pk", flat=True)
        cursor = first_of_newer[PAGE_SIZE - 1 : PAGE_SIZE].first()
        newer = f"?before={cursor}" if cursor else "."
    found = list(notes[: PAGE_SIZE + 1])
    if before is not None and not found:
        raise Http404("There is no such page of corrections.")
    shown = found[:PAGE_SIZE]
    page = {"older": f"?before={shown[-1].pk}" if len(found) > PAGE_SIZE else "", "newer": newer}
    canonical = "/corrections/" + (f"?before={before}" if before is not None else "")
    context = {"notes": shown, "page": page, "feed": channels.of_corrections()}
    return render_page("articles/corrections.html", context, canonical=canonical)
