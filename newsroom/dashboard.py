"""What the first page of the admin tells somebody: loads only, each within what the user's desk reaches."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from articles.desks import desk_of
from articles.models import Article, ArticlePhoto, ArticleVersion, BrokenLink, DeskNote
from articles.querysets import NOT_ON_CARDS
from photos.models import Photo
from rankings.models import Placement, ReadCount

SHOWN = 8
DAY = timedelta(days=1)
# Booked places that are still empty are told this long before they begin.
SOON = timedelta(hours=48)
EXPIRING = timedelta(days=30)
NEWS_FORMATS = (Article.Format.STORY, Article.Format.OPINION, Article.Format.GALLERY)


@dataclass
class Dashboard:
    """The lists of the first page; each is short, newest or most urgent first."""

    mine: list
    handed_in: list
    today: list
    published: list
    most_read: list
    expiring: list
    without_photo: list
    empty_places: list
    broken_links: list
    sees_stories: bool
    may_write: bool

    @property
    def is_calm(self):
        """Whether nothing needs attention."""
        return not (self.expiring or self.without_photo or self.empty_places or self.broken_links)


def dashboard_for(user):
    """The Dashboard of a member of the staff. At most twelve queries, however large the paper is."""
    desk, now = desk_of(user), timezone.now()
    sees = user.has_perm("articles.view_article") or user.has_perm("articles.change_article")
    stories = desk.stories() if sees else Article.objects.none()
    cards = stories.select_related("section__parent").defer(*NOT_ON_CARDS)
    midnight = timezone.make_aware(datetime.combine(timezone.localdate() + DAY, time()))
    may_publish = sees and user.has_perm("articles.publish_article")
    return Dashboard(
        mine=_mine(cards, user) if sees else [],
        handed_in=_handed_in(cards, desk) if may_publish else [],
        today=_today(cards, stories, now, midnight) if sees else [],
        published=list(cards.published(now).filter(publish_at__gt=now - DAY).latest_first()[:SHOWN]) if sees else [],
        most_read=most_read(stories, now) if sees else [],
        expiring=_expiring(stories) if user.has_perm("photos.view_photo") and sees else [],
        without_photo=_without_photo(cards, now) if sees else [],
        empty_places=_empty_places(now) if user.has_perm("rankings.view_storylist") else [],
        broken_links=_broken_links(stories) if user.has_perm("articles.view_brokenlink") else [],
        sees_stories=sees,
        may_write=user.has_perm("articles.add_article"),
    )


def _mine(cards, user):
    """Unfinished stories that the user began or signs, with the last word of the desk (`said`)."""
    notes = DeskNote.objects.filter(article=OuterRef("pk"), step=DeskNote.Step.HANDED_BACK).order_by("-created_at")
    own = cards.filter(Q(writer=user) | Q(reporters__user=user)).exclude(status=Article.Status.READY)
    return list(own.distinct().annotate(said=Subquery(notes.values("text")[:1])).order_by("-changed_at")[:SHOWN])


def _handed_in(cards, desk):
    """Stories that wait for the user's desk, the longest first, with the moment (`since`) and the note (`said`)."""
    notes = DeskNote.objects.filter(article=OuterRef("pk"), step=DeskNote.Step.HANDED_IN).order_by("-created_at")
    waiting = cards.filter(status=Article.Status.IN_REVIEW)
    if not desk.is_everywhere:
        waiting = waiting.filter(section__in=desk.sections)
    with_notes = waiting.annotate(
        said=Subquery(notes.values("text")[:1]), since=Subquery(notes.values("created_at")[:1])
    )
    return list(with_notes.order_by(F("since").asc(nulls_first=True), "pk")[:SHOWN])


def _today(cards, stories, now, midnight):
    """(moment, story, whether it is a change of a public one) of what goes live before midnight, in order."""
    scheduled = cards.filter(status=Article.Status.READY, publish_at__gt=now, publish_at__lt=midnight)
    changes = ArticleVersion.objects.waiting().filter(public_from__lt=midnight, article__in=stories)
    found = [(story.publish_at, story, False) for story in scheduled.order_by("publish_at")[: 3 * SHOWN]]
    long = ("content", "base", *(f"article__{name}" for name in NOT_ON_CARDS))
    loaded = changes.select_related("article__section__parent").defer(*long)
    found += [(version.public_from, version.article, True) for version in loaded[: 3 * SHOWN]]
    return sorted(found, key=lambda item: (item[0], item[1].pk))


def most_read(stories, now):
    """[(story, reads)] of the last 24 hours."""
    counts = (
        ReadCount.objects.filter(hour__gt=now - DAY)
        .values("article")
        .annotate(total=Sum("reads"))
        .order_by("-total", "article")[:SHOWN]
    )
    totals = {row["article"]: row["total"] for row in counts}
    found = stories.filter(pk__in=totals).defer(*NOT_ON_CARDS)
    return sorted(((story, totals[story.pk]) for story in found), key=lambda item: -item[1])


def _expiring(stories):
    """Photos of public stories whose rights have ended or end within 30 days, with `shown_in`, the number of those."""
    public = ArticlePhoto.objects.filter(photo=OuterRef("pk"), article__in=stories.published())
    counted = public.order_by().values("photo").annotate(uses=Count("pk")).values("uses")
    until = timezone.localdate() + EXPIRING
    photos = Photo.objects.filter(Q(expires_on__lte=until) | Q(rights=Photo.Rights.NONE))
    return list(photos.annotate(shown_in=Subquery(counted)).filter(shown_in__gt=0).order_by("expires_on", "pk")[:SHOWN])


def _without_photo(cards, now):
    """Stories of the last day, or to come before tomorrow, that show no photo."""
    recent = cards.filter(
        status=Article.Status.READY,
        withdrawn_at=None,
        publish_at__range=(now - DAY, now + DAY),
        format__in=NEWS_FORMATS,
    )
    bare = recent.filter(~Exists(ArticlePhoto.objects.filter(article=OuterRef("pk"))))
    return list(bare.order_by("-publish_at", "-pk")[:SHOWN])


def _broken_links(stories):
    """What the last link check found in stories, the newest first."""
    return list(BrokenLink.objects.filter(article__in=stories.order_by().values("pk"))[:SHOWN])


def _empty_places(now):
    """Booked places that hold no story, and begin soon or have begun."""
    booked = Placement.objects.filter(
        article=None, cancelled_at=None, period__startswith__lt=now + SOON, period__endswith__gt=now
    ) | Placement.objects.filter(
        article=None, cancelled_at=None, period__startswith__lt=now + SOON, period__upper_inf=True
    )
    return list(booked.select_related("story_list").order_by("period")[:SHOWN])
