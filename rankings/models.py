"""Fronts and ranked lists: what editors place, what readers read, and the order that follows from both.

A front's zone is a StoryList. A Placement is a story that an editor put at a position for a period; a
RankedStory is a computed entry below it. Neither is rewritten: a period ends and another begins.
"""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article, Tag
from photos.models import Photo
from sections.models import Section

from .querysets import PlacementQuerySet, RankedStoryQuerySet


class FrontManager(models.Manager):
    def get_by_natural_key(self, section, tag):
        return self.get(section__path=section, tag__slug=tag)


class Front(models.Model):
    """A page that editors make: the front page, a section's, a topic's. Its zones are story lists."""

    section = models.OneToOneField(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="front",
        verbose_name=_("section"),
        help_text=_("The section whose page this is; neither section nor topic: the front page of the paper."),
    )
    tag = models.OneToOneField(
        Tag,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="front",
        verbose_name=_("topic"),
        help_text=_("The topic whose page this is."),
    )

    objects = FrontManager()

    class Meta:
        verbose_name = _("front")
        verbose_name_plural = _("fronts")
        ordering = ["section__path", "tag__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(section=None) | Q(tag=None),
                name="front_of_one_thing",
                violation_error_message=_("A front is a section's or a topic's: leave one of them empty."),
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(section=None, tag=None),
                name="front_one_home",
                violation_error_message=_("The paper has its front page already: choose a section or a topic."),
            ),
        ]

    def __str__(self):
        return str(self.section or self.tag or _("Front page"))

    def get_absolute_url(self):
        """The address of the page (section or tag must be loaded)."""
        return (self.section or self.tag).get_absolute_url() if self.section_id or self.tag_id else "/"

    def natural_key(self):
        return (self.section.path if self.section_id else None, self.tag.slug if self.tag_id else None)

    natural_key.dependencies = ["sections.section", "articles.tag"]


class StoryListManager(models.Manager):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class StoryList(models.Model):
    """A list of stories with a size: Top 10 Stories, the ticker, the lead of the front page."""

    class Fill(models.TextChoices):
        READ = "read", _("Most read, then newest")
        LATEST = "latest", _("Newest")
        NONE = "none", _("Nothing: only what editors place")

    class Layout(models.TextChoices):
        LEAD = "lead", _("Lead package: one story at large, with related ones")
        SECONDARY = "secondary", _("Secondary: two beside the lead, the others below it")
        OPINION = "opinion", _("Opinion: a tinted band with portraits")
        WIDE = "wide", _("Large block: a picture and a list, beside the ranked lists")
        HALF = "half", _("Half block: two in a row, beside the ranked lists")
        PICTURES = "pictures", _("Pictures: a dark band")
        QUARTER = "quarter", _("Quarter block: four in a row")
        VIDEO = "video", _("Videos in a row")
        CARDS = "cards", _("Cards in a row, with decks")
        FEATURE = "feature", _("From the paper: cartoon, history")

    slug = models.SlugField(
        max_length=60, unique=True, help_text=_("The page looks for it under this word."), verbose_name=_("slug")
    )
    title = models.CharField(
        max_length=80, verbose_name=_("title"), help_text=_("Stands over the list on every page that shows it.")
    )
    size = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        verbose_name=_("size"),
        help_text=_("How many stories the list shows, 1 to 50."),
    )
    section = models.ForeignKey(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="story_lists",
        help_text=_("Only stories of this section; empty: the whole paper."),
        verbose_name=_("section"),
    )
    front = models.ForeignKey(
        Front,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="zones",
        verbose_name=_("front"),
        help_text=_("The page on which the list is a zone; empty: it stands beside other pages only."),
    )
    layout = models.CharField(
        max_length=10,
        choices=Layout,
        blank=True,
        verbose_name=_("layout"),
        help_text=_("How the zone looks on its front."),
    )
    format = models.CharField(
        max_length=10,
        choices=Article.Format,
        blank=True,
        help_text=_("Only articles of this format; empty: all."),
        verbose_name=_("format"),
    )
    fill = models.CharField(
        _("places that editors leave free"),
        max_length=10,
        choices=Fill,
        default=Fill.READ,
        help_text=_("The rule that chooses the stories of the places that no editor holds."),
    )
    window_hours = models.PositiveIntegerField(
        default=48,
        validators=[MinValueValidator(1)],
        help_text=_("Reads and stories older than this do not count."),
        verbose_name=_("window hours"),
    )
    half_life_hours = models.PositiveIntegerField(
        default=6,
        validators=[MinValueValidator(1)],
        help_text=_("After this time a read counts half."),
        verbose_name=_("half life hours"),
    )
    max_age_hours = models.PositiveIntegerField(
        default=0,
        help_text=_("Stories older than this are not ranked, however much they are read; 0: age does not matter."),
        verbose_name=_("oldest story in hours"),
    )
    repeats = models.BooleanField(
        default=True,
        help_text=_("Off: leaves out stories that the lists above it on the page show already."),
        verbose_name=_("repeats"),
    )
    shown_on = models.CharField(
        max_length=20,
        choices=[("every", _("Every page")), ("front", _("Front page")), ("stories", _("Stories and sections"))],
        default="every",
        verbose_name=_("shown on"),
        help_text=_("The pages that have this list in their side column."),
    )
    position = models.PositiveSmallIntegerField(
        default=0,
        help_text=_("Order of the zones on a front, and in which lists choose their stories."),
        verbose_name=_("position"),
    )

    computed_at = models.DateTimeField(null=True, editable=False)

    objects = StoryListManager()

    class Meta:
        verbose_name = _("story list")
        verbose_name_plural = _("story lists")
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(front=None) | ~Q(layout=""),
                name="story_list_zone_has_layout",
                violation_error_message=_("Choose how the zone looks on its front."),
            )
        ]

    def __str__(self):
        return self.title

    def natural_key(self):
        return (self.slug,)

    natural_key.dependencies = ["sections.section", "rankings.front"]


class PlacementManager(models.Manager.from_queryset(PlacementQuerySet)):
    def get_by_natural_key(self, slug, position, starts, cancelled_at):
        return self.get(story_list__slug=slug, position=position, period__startswith=starts, cancelled_at=cancelled_at)


class Placement(models.Model):
    """A story at a position of a list for a period, put there by an editor. Written by `rankings.placing`."""

    story_list = models.ForeignKey(StoryList, models.CASCADE, related_name="placements", verbose_name=_("story list"))
    position = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(50)], verbose_name=_("position")
    )
    article = models.ForeignKey(
        Article, models.PROTECT, null=True, blank=True, related_name="placements", verbose_name=_("article")
    )
    fallback = models.ForeignKey(
        Article, models.PROTECT, null=True, blank=True, related_name="fallback_placements", verbose_name=_("fallback")
    )
    working_title = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("For a place booked before the story exists."),
        verbose_name=_("working title"),
    )
    headline = models.CharField(
        max_length=200, blank=True, help_text=_("Only here; empty: the story's own."), verbose_name=_("headline")
    )
    deck = models.TextField(blank=True, verbose_name=_("deck"))
    photo = models.ForeignKey(
        Photo, models.PROTECT, null=True, blank=True, related_name="placements", verbose_name=_("photo")
    )
    period = DateTimeRangeField(
        help_text=_("From when until when; no end: until it is ended."), verbose_name=_("period")
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="placements",
        verbose_name=_("placed by"),
    )
    reason = models.CharField(max_length=200, blank=True, verbose_name=_("reason"))
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Changes that were published together, so that they can be taken back together (see rankings.placing).
    act = models.UUIDField(null=True, editable=False, db_index=True)
    ended_in = models.UUIDField(null=True, editable=False, db_index=True)
    would_end = models.DateTimeField(null=True, editable=False)

    objects = PlacementManager()

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["story_list", "position", "-period"]
        constraints = [
            ExclusionConstraint(
                name="placement_one_at_a_time",
                expressions=[
                    ("story_list", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(cancelled_at=None),
                violation_error_message=_("Another story holds this position in that period."),
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False) & Q(period__startswith__isnull=False),
                name="placement_period_has_start",
            ),
            models.CheckConstraint(
                condition=Q(article__isnull=False) | ~Q(working_title=""),
                name="placement_story_or_title",
                violation_error_message=_("Choose a story, or write a working title for the one to come."),
            ),
        ]

    def __str__(self):
        return self.headline or (self.article.headline if self.article_id else self.working_title)

    def natural_key(self):
        cancelled_at = self.cancelled_at.isoformat() if self.cancelled_at else None
        return (self.story_list.slug, self.position, self.period.lower.isoformat(), cancelled_at)

    natural_key.dependencies = ["rankings.storylist", "articles.article", "photos.photo", "readers.user"]


class RankedStoryManager(models.Manager.from_queryset(RankedStoryQuerySet)):
    def get_by_natural_key(self, slug, position, starts):
        return self.get(story_list__slug=slug, position=position, period__startswith=starts)


class RankedStory(models.Model):
    """A computed entry of a list, with the period in which it stood there and the sum behind it."""

    story_list = models.ForeignKey(
        StoryList, models.CASCADE, related_name="ranked_stories", verbose_name=_("story list")
    )
    position = models.PositiveSmallIntegerField(verbose_name=_("position"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="rankings", verbose_name=_("article"))
    period = DateTimeRangeField(verbose_name=_("period"))
    score = models.FloatField(default=0, verbose_name=_("score"))
    breakdown = models.JSONField(
        default=dict, help_text=_("Reads in the window, their decayed sum, what decided."), verbose_name=_("breakdown")
    )

    objects = RankedStoryManager()

    class Meta:
        ordering = ["story_list", "position"]
        verbose_name_plural = _("ranked stories")
        constraints = [
            ExclusionConstraint(
                name="ranked_story_one_at_a_time",
                expressions=[
                    ("story_list", RangeOperators.EQUAL),
                    ("position", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self):
        return f"rank {self.position}"

    def natural_key(self):
        return (self.story_list.slug, self.position, self.period.lower.isoformat())

    natural_key.dependencies = ["rankings.storylist", "articles.article"]


class ReadCountManager(models.Manager):
    def get_by_natural_key(self, guid, hour):
        return self.get(article__guid=guid, hour=hour)


class ReadCount(models.Model):
    """How often an article was read in one hour. Grows by upsert; the article row is never touched."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="read_counts", verbose_name=_("article"))
    hour = models.DateTimeField(help_text=_("The beginning of the hour."), verbose_name=_("hour"))
    reads = models.PositiveIntegerField(verbose_name=_("reads"))

    objects = ReadCountManager()

    class Meta:
        verbose_name = _("read count")
        verbose_name_plural = _("read counts")
        constraints = [models.UniqueConstraint("article", "hour", name="read_count_once")]
        indexes = [models.Index(fields=["hour"], name="read_count_hour")]

    def __str__(self):
        return f"{self.reads} reads"

    def natural_key(self):
        return (str(self.article.guid), self.hour.isoformat())

    natural_key.dependencies = ["articles.article"]


class ReadBatch(models.Model):
    """A batch of reads that was written; its id keeps a repeated write from counting twice."""

    uuid = models.UUIDField(primary_key=True, verbose_name=_("uuid"))
    written_at = models.DateTimeField(default=timezone.now, db_index=True, verbose_name=_("written at"))

    def __str__(self):
        return str(self.uuid)
