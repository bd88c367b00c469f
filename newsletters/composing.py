"""Issues before they are sent: filled by a rule or by hand, scheduled, taken back; and what an issue shows."""

from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.cards import load_cards
from articles.models import Article
from photos import renditions
from rankings.lists import show_lists
from sections.pages import absolute
from sections.surrogates import note

from .models import Issue, IssueStory, Newsletter

# A server that was down at the time of a rule catches up within this time; a morning letter at noon is none.
LATEST = timedelta(hours=3)
MOST_STORIES = 30
# The stories of an issue that its rule gives a picture.
PICTURED = (0, 3)
# Pictures in mails are as wide as the letter inside its margins.
PICTURE_WIDTH = 552


@dataclass
class Picture:
    """A picture in a mail: full address, and the size at which it is shown."""

    src: str
    width: int
    height: int
    alt: str


@dataclass
class Shown:
    """A story as an issue or a digest shows it; `reason`: why it stands in a digest."""

    article: Article
    headline: str
    text: str
    kicker: str
    address: str
    picture: Picture | None
    is_premium: bool
    reason: str = ""


def load_stories(issue):
    """The stories of an issue in order, as `Shown`; those that are not public now are left out. Two queries.

    Nothing of a story's text is loaded, so the locked part of a premium story cannot get into a letter.
    """
    rows = list(issue.stories.order_by("position", "pk")[:MOST_STORIES])
    # Also those that are not public: they stand there as soon as they are.
    note(*(f"article-{row.article_id}" for row in rows))
    cards = load_cards([row.article_id for row in rows])
    return [show(row, cards[row.article_id]) for row in rows if row.article_id in cards]


def show(row, card):
    """An IssueStory and its story, loaded as a card, as Shown."""
    return Shown(
        article=card,
        headline=row.headline or card.headline,
        text=row.text or card.deck,
        kicker=card.kicker_text,
        address=absolute(card.get_absolute_url()),
        picture=picture_of(card) if row.picture else None,
        is_premium=card.access == Article.Access.PREMIUM,
    )


def picture_of(card):
    """The JPEG of a card's lead photo, as mail programs know no other forms; None where there is none."""
    use = card.lead
    if use is None or not use.photo.rendered_at:
        return None
    found = renditions.picture(use.framed, "3x2")
    width = min(found.width, PICTURE_WIDTH)
    alt = "" if use.decorative else use.alt_text or use.photo.alt_text
    return Picture(absolute(found.src), width, round(found.height * width / found.width), alt)


# ---- the rule


def fill_due(at=None):
    """Makes the issue of every letter whose rule has its time now; returns how many were made.

    Any number of programs may do it at once: the database takes one issue of a letter and day. One query if nothing
    is due, three for each issue.
    """
    local = timezone.localtime(at)
    made = 0
    letters = Newsletter.objects.active().filter(
        story_list__isnull=False, weekdays__contains=[local.isoweekday()], time_of_day__lte=local.time()
    )
    for letter in letters.exclude(issues__day=local.date()).select_related("story_list"):
        due = local.replace(hour=letter.time_of_day.hour, minute=letter.time_of_day.minute, second=0, microsecond=0)
        if local - due <= LATEST and fill(letter, local):
            made += 1
    return made


def fill(letter, at):
    """Makes an issue of the stories that stand on a letter's list, to be sent at once; None where that cannot be.

    There may be no stories, or an issue of that day.
    """
    filled = show_lists(letter.story_list.slug).get(letter.story_list.slug)
    entries = filled.entries[: letter.size] if filled else []
    if not entries:
        return None
    local = timezone.localtime(at)
    try:
        with transaction.atomic():
            issue = Issue.objects.create(
                newsletter=letter,
                subject=shorten(entries[0].headline),
                intro=letter.opening,
                state=Issue.State.READY,
                send_at=at,
                day=local.date(),
                by_rule=True,
            )
            add_entries(issue, entries)
    except IntegrityError:
        return None
    return issue


def add_entries(issue, entries):
    """Puts the entries of a filled list into an issue, with the words that editors gave them there."""
    IssueStory.objects.bulk_create(
        IssueStory(
            issue=issue,
            article=entry.article,
            position=(place + 1) * 10,
            headline=entry.headline if entry.headline != entry.article.headline else "",
            text=entry.deck if entry.deck != entry.article.deck else "",
            picture=place in PICTURED,
        )
        for place, entry in enumerate(entries)
    )


def shorten(headline):
    """A headline as a subject: in one line, no longer than a subject may be."""
    line = " ".join(headline.split())
    longest = Issue._meta.get_field("subject").max_length
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


# ---- by hand


@transaction.atomic
def fill_draft(issue):
    """Puts the stories of the letter's list that a draft has not yet at its end; returns how many. 5 queries."""
    letter = issue.newsletter
    if issue.state != Issue.State.DRAFT:
        raise ValidationError(_("Only a draft can be changed: take the issue back first."))
    if letter.story_list_id is None:
        raise ValidationError(_("This letter has no list to be filled from."))
    filled = show_lists(letter.story_list.slug).get(letter.story_list.slug)
    has = set(issue.stories.values_list("article", flat=True))
    entries = [entry for entry in filled.entries if entry.article.pk not in has] if filled else []
    entries = entries[: max(letter.size - len(has), 0)]
    last = issue.stories.order_by("-position").values_list("position", flat=True).first() or 0
    add_entries(issue, entries)
    if has:
        IssueStory.objects.filter(issue=issue, article__in=[entry.article for entry in entries]).update(picture=False)
        for place, entry in enumerate(entries, 1):
            IssueStory.objects.filter(issue=issue, article=entry.article).update(position=last + place * 10)
    return len(entries)


@transaction.atomic
def schedule(issue, at=None):
    """Has a draft sent at a moment (now by default). ValidationError with a sentence where that cannot be."""
    now = timezone.now()
    at = at or now
    issue = Issue.objects.select_for_update(of=("self",)).select_related("newsletter").get(pk=issue.pk)
    if issue.state not in (Issue.State.DRAFT, Issue.State.READY):
        raise ValidationError(_("This issue is sent already."))
    if at < now - timedelta(minutes=5):
        raise ValidationError(_("This moment has passed: choose one to come, or send it now."))
    if at > now + timedelta(days=90):
        raise ValidationError(_("Choose a moment within the next 90 days."))
    if not load_stories(issue) and not issue.intro.strip():
        raise ValidationError(_("The issue is empty: write an introduction or choose stories that are public."))
    issue.state, issue.send_at, issue.day = Issue.State.READY, at, timezone.localtime(at).date()
    others = Issue.objects.filter(newsletter=issue.newsletter, day=issue.day).exclude(pk=issue.pk)
    if others.exists():
        raise ValidationError(_("The letter has an issue of that day already."))
    issue.save(update_fields=["state", "send_at", "day"])
    return issue


@transaction.atomic
def take_back(issue):
    """Makes a scheduled issue a draft again. ValidationError where its sending has begun."""
    taken = Issue.objects.filter(pk=issue.pk, state=Issue.State.READY).update(
        state=Issue.State.DRAFT, send_at=None, day=None
    )
    if not taken:
        raise ValidationError(_("Its sending has begun: it cannot be taken back."))
