"""When somebody else saved first: both texts side by side, and the choice of what becomes of each piece."""

from dataclasses import dataclass, field

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.forms.utils import pretty_name
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from articles import merging
from articles.comparing import compare, stretches
from articles.models import Article

TAKE, PIECE = "take-", "piece-"
HIDDEN = ("opened_version", "opened_number", "scratch_key", "edit_kind", "edit_note", "desk_note", "change_at")


@dataclass
class Part:
    """A field of which the form has another value than the story: both values, and which one is proposed."""

    name: str
    title: str
    mine: str
    theirs: str
    choice: str
    pieces: list = field(default_factory=list)

    @property
    def stretches(self):
        """What turns their words into mine."""
        return stretches(compare([self.theirs], [self.mine]))


class Conflict:
    """What differs between a form that was opened too early and the story as it is now. Six queries at most."""

    def __init__(self, admin, request, pk, form):
        self.story = Article.objects.get(pk=pk)
        self.form = form
        # Unbound, it has the values that the story has now.
        self.now = type(form)(instance=self.story)
        opened = form.data.get("opened_number", "")
        number = int(opened) if opened.isascii() and opened.isdecimal() and len(opened) < 9 else 0
        # What it was opened with: good enough if a typing mistake was mended since, of which no version is kept.
        found = self.story.versions.filter(number__lte=number, base__isnull=True).values_list("content", flat=True)
        self.base = found.first() or {}
        # Of a typing mistake only the log tells who mended it.
        saves = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Article), object_id=str(pk))
        last = saves.select_related("user").order_by("-action_time").first()
        self.by = last.user if last else None

    @property
    def version(self):
        """The story's edit version that this was compared with."""
        return self.story.edit_version

    @cached_property
    def parts(self):
        """The Parts that differ; of the text its pieces."""
        found = []
        for name, bound in self.form.fields.items():
            if name in HIDDEN or name not in self.now.fields:
                continue
            mine, theirs = in_words(self.form[name]), in_words(self.now[name])
            if " ".join(mine.split()) == " ".join(theirs.split()):
                continue
            base = self.base.get(name)
            choice = merging.THEIRS if base is not None and same(base, mine) else merging.MINE
            part = Part(name, str(bound.label or pretty_name(name)), mine, theirs, choice)
            if name == "body":
                part.pieces = merging.pieces(base or "", mine, theirs)
            found.append(part)
        return found

    @property
    def rows(self):
        """The bylines and photos that the story has now, in words. Two queries."""
        bylines = [byline.reporter.name for byline in self.story.bylines.select_related("reporter")]
        uses = [
            f"{use.get_placement_display()}: {use.photo} · {use.shown_caption} · {use.shown_credit}"
            for use in self.story.photo_uses.select_related("photo")
        ]
        return [(_("Bylines"), bylines), (_("Photos"), uses)]


def same(one, other):
    """Whether two texts differ in nothing but blanks."""
    return " ".join(one.split()) == " ".join(other.split())


def in_words(bound):
    """What a field holds, as text."""
    value = bound.value()
    if value is None or value == "":
        return ""
    if isinstance(value, (list, tuple)):
        value = [getattr(one, "name", one) for one in value if one not in (None, "")]
        return ", ".join(sorted(str(one) for one in value))
    return str(value)


def resolve(admin, request, object_id):
    """Puts what was chosen in a conflict into the posted form, which then counts as opened just now.

    Rows that somebody took away meanwhile and that are still in the form come back as new ones; rows that somebody
    added stay, as the form does not know them.
    """
    version = request.POST.get("_resolve", "")
    if not (version.isascii() and version.isdecimal()) or object_id is None:
        return
    story = Article.objects.filter(pk=object_id if str(object_id).isdecimal() else None).first()
    if story is None:
        return
    data = request.POST.copy()
    now = form_now(admin, request, story)
    for name, bound in now.fields.items():
        if name == "body" and any(key.startswith(PIECE) for key in data):
            conflict_base = data.get("_base", "")
            found = merging.pieces(conflict_base, data.get("body", ""), story.body)
            data["body"] = merging.merged(found, chosen_pieces(data))
        elif data.get(f"{TAKE}{name}") == merging.THEIRS:
            put(data, now[name], bound)
    for prefix, ids in (
        ("bylines", story.bylines.values_list("pk", flat=True)),
        ("photo_uses", story.photo_uses.values_list("pk", flat=True)),
        ("related_rows", story.related_rows.values_list("pk", flat=True)),
    ):
        renumber(data, prefix, {str(pk) for pk in ids})
    data["opened_version"] = version
    request.POST = data


def form_now(admin, request, story):
    """The story's form, unbound, as the user would be shown it now."""
    request.story = story
    return admin.get_form(request, story, change=True)(instance=story)


def chosen_pieces(data):
    """{number: choice} of the pieces of the text."""
    chosen = {}
    for key, value in data.items():
        number = key.removeprefix(PIECE)
        if key.startswith(PIECE) and number.isdecimal() and value in (merging.MINE, merging.THEIRS, merging.BOTH):
            chosen[int(number)] = value
    return chosen


def put(data, bound, form_field):
    """Puts a field's own value among posted ones, in the way its widget posts it."""
    value = bound.value()
    widget = form_field.widget
    parts = getattr(widget, "widgets", None)
    if parts and hasattr(widget, "decompress"):
        for number, part in enumerate(widget.decompress(value)):
            data[f"{bound.html_name}_{number}"] = "" if part is None else str(part)
    elif isinstance(value, (list, tuple)) and bound.name != "tags":
        data.setlist(bound.html_name, [str(getattr(one, "pk", one)) for one in value])
    elif bound.name == "tags":
        data["tags"] = ", ".join(f'"{name}"' for name in sorted(str(getattr(one, "name", one)) for one in value or ()))
    else:
        data[bound.html_name] = "" if value is None else str(value)


def renumber(data, prefix, known):
    """Orders the posted rows of a formset: those that are still there first, all others as new ones."""
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    if not (total.isascii() and total.isdecimal()) or int(total) > 1000:
        return
    rows = []
    for number in range(int(total)):
        start = f"{prefix}-{number}-"
        rows.append({key.removeprefix(start): data.getlist(key) for key in data if key.startswith(start)})
    for key in [key for key in data if key.startswith(f"{prefix}-") and key.split("-")[1].isdecimal()]:
        del data[key]
    for row in rows:
        if row.get("id", [""])[0] not in known:
            row["id"] = [""]
    rows.sort(key=lambda row: row.get("id", [""])[0] == "")
    for number, row in enumerate(rows):
        for name, values in row.items():
            data.setlist(f"{prefix}-{number}-{name}", values)
    data[f"{prefix}-INITIAL_FORMS"] = str(sum(row.get("id", [""])[0] != "" for row in rows))
