"""The article and what belongs to its page: photo uses, film, related stories."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import FileExtensionValidator, MaxLengthValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import ExtractDay, ExtractMonth, Left, Upper
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from articles.players import player_of
from articles.querysets import ArticleQuerySet, HangulText, PhotoUseQuerySet
from photos.models import Photo, new_token
from sections.html import HTMLField
from sections.models import Section
from sections.surrogates import Shown

from .people import Column, Reporter
from .tags import ArticleTag

BODY_LIMIT = 500_000


def search_vector(config):
    """Weights of the search: headline, then deck, then tags and bylines, then body.

    The body's part is cut because a tsvector holds one megabyte at most.
    """
    return (
        SearchVector("headline", weight="A", config=config)
        + SearchVector("deck", weight="B", config=config)
        + SearchVector("tag_text", "byline_text", weight="C", config=config)
        + SearchVector(Left("body", 300_000), weight="D", config=config)
    )


class ArticleManager(models.Manager.from_queryset(ArticleQuerySet)):
    def get_queryset(self):
        return super().get_queryset().defer("search_vector")

    def get_by_natural_key(self, guid):
        return self.get(guid=guid)


class Article(Shown):
    """Anything that is published: story, opinion, gallery, video or cartoon.

    Public means: ready, and `publish_at` reached, and not withdrawn. `ArticleQuerySet.published` is the only
    place that says so. Once public, slug, address date and publication moment never change again; the
    database refuses it. `edit_version` and `changed_at` move with every save, by a trigger.
    """

    class Format(models.TextChoices):
        STORY = "story", _("Story")
        OPINION = "opinion", _("Opinion")
        GALLERY = "gallery", _("Gallery")
        VIDEO = "video", _("Video")
        CARTOON = "cartoon", _("Cartoon")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        READY = "ready", _("Ready")

    class Access(models.TextChoices):
        FREE = "free", _("Free")
        PREMIUM = "premium", _("Premium")

    class Precision(models.TextChoices):
        MINUTE = "minute", _("Minute")
        DAY = "day", _("Day only")

    class Sensitivity(models.TextChoices):
        DEATH = "death", _("Death or injury")
        VIOLENCE = "violence", _("Violence")
        SUICIDE = "suicide", _("Suicide or self-harm")
        SEXUAL = "sexual", _("Sexual crime")
        MINORS = "minors", _("Minors involved")

    guid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    format = models.CharField(max_length=10, choices=Format, default=Format.STORY, verbose_name=_("format"))
    # words
    headline = models.CharField(
        max_length=200, help_text=_("Aim for 70 characters; lists get crowded above 90."), verbose_name=_("headline")
    )
    short_headline = models.CharField(
        max_length=80,
        blank=True,
        help_text=_("For the ticker and narrow lists; empty: the headline."),
        verbose_name=_("short headline"),
    )
    label = models.CharField(
        max_length=30,
        blank=True,
        help_text=_("Kind of piece, set apart from the headline: Analysis, Interview, Exclusive."),
        verbose_name=_("label"),
    )
    kicker = models.CharField(
        max_length=60,
        blank=True,
        help_text=_("Short line above the headline; empty: the name of the subsection."),
        verbose_name=_("kicker"),
    )
    deck = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(500)],
        help_text=_("One or two sentences under the headline; shown on cards and by search engines."),
        verbose_name=_("deck"),
    )
    dateline = models.CharField(
        max_length=60, blank=True, help_text=_("Place that opens the text: CHEONGAN."), verbose_name=_("dateline")
    )
    body = HTMLField(blank=True, validators=[MaxLengthValidator(BODY_LIMIT)], verbose_name=_("body"))
    lang = models.CharField(
        max_length=10, default="en", help_text=_("Language of the text: en, ko."), verbose_name=_("lang")
    )
    # filing
    section = models.ForeignKey(Section, models.PROTECT, related_name="articles", verbose_name=_("section"))
    also_in = models.ManyToManyField(
        Section,
        blank=True,
        related_name="also_listed",
        help_text=_("Further sections that list it."),
        verbose_name=_("also in"),
    )
    column = models.ForeignKey(
        Column, models.PROTECT, null=True, blank=True, related_name="articles", verbose_name=_("column")
    )
    reporters = models.ManyToManyField(
        Reporter, through="articles.Byline", related_name="articles", verbose_name=_("reporters")
    )
    tags = TaggableManager(
        through=ArticleTag, blank=True, help_text=_("Topics, separated by commas."), verbose_name=_("tags")
    )
    related = models.ManyToManyField(
        "self", through="articles.RelatedArticle", symmetrical=False, verbose_name=_("related")
    )
    photos = models.ManyToManyField(
        Photo, through="articles.ArticlePhoto", related_name="articles", verbose_name=_("photos")
    )
    writer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="written_articles",
        help_text=_("Who began it; reporters work on their own stories only."),
    )
    # publication
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, verbose_name=_("status"))
    publish_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=_("Seoul time. A moment to come is an embargo: nothing shows before it."),
        verbose_name=_("publish at"),
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, verbose_name=_("withdrawn at"))
    withdrawal_reason = models.TextField(
        blank=True, help_text=_("Readers see it at the story's address."), verbose_name=_("withdrawal reason")
    )
    updated_at = models.DateTimeField(
        null=True, blank=True, help_text=_("The public “Updated” stamp."), verbose_name=_("updated at")
    )
    date_precision = models.CharField(
        max_length=6, choices=Precision, default=Precision.MINUTE, verbose_name=_("date precision")
    )
    planned_for = models.DateField(
        null=True, blank=True, help_text=_("For the desk's planning only."), verbose_name=_("planned for")
    )
    address_date = models.DateField(null=True, editable=False)
    slug = models.SlugField(
        max_length=120,
        blank=True,
        allow_unicode=True,
        help_text=_("Word of the address; made from the headline when empty, fixed once the story is public."),
        verbose_name=_("slug"),
    )
    edit_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # terms
    access = models.CharField(max_length=10, choices=Access, default=Access.FREE, verbose_name=_("access"))
    sensitivity = ArrayField(
        models.CharField(max_length=10, choices=Sensitivity), default=list, blank=True, verbose_name=_("sensitivity")
    )
    ai_use = models.CharField(
        _("use of AI"),
        max_length=300,
        blank=True,
        help_text=_("What a program wrote or drew; printed under the story."),
    )
    seo_title = models.CharField(
        max_length=120, blank=True, help_text=_("For search engines; empty: the headline."), verbose_name=_("seo title")
    )
    canonical_url = models.URLField(
        blank=True,
        max_length=500,
        help_text=_("Only if the story first stood on another site."),
        verbose_name=_("canonical url"),
    )
    # origin
    source = models.CharField(
        max_length=120, blank=True, help_text=_("Agency or partner that wrote it."), verbose_name=_("source")
    )
    source_url = models.URLField(blank=True, max_length=500, verbose_name=_("source url"))
    licence = models.CharField(
        max_length=60, blank=True, help_text=_("SPDX name; printed where it asks for it."), verbose_name=_("licence")
    )
    external_source = models.CharField(max_length=60, blank=True, editable=False)
    external_id = models.CharField(max_length=200, blank=True, editable=False)
    import_digest = models.CharField(max_length=64, blank=True, editable=False)
    # kept by articles.publishing for the search column and for cards
    tag_text = models.TextField(blank=True, editable=False)
    byline_text = models.TextField(blank=True, editable=False)
    search_vector = models.GeneratedField(
        expression=Case(When(lang="en", then=search_vector("english")), default=search_vector("simple")),
        output_field=SearchVectorField(),
        db_persist=True,
        serialize=False,
        verbose_name=_("search vector"),
    )

    objects = ArticleManager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-publish_at", "-id"]
        permissions = [
            ("publish_article", "Can publish, schedule, correct and withdraw articles"),
            ("illustrate_article", "Can change the photos of articles"),
            ("every_section", "Can work on the articles of every section"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="ready") | (Q(publish_at__isnull=False, address_date__isnull=False) & ~Q(slug="")),
                name="article_ready_has_address",
                violation_error_message=_("A ready story needs a publication time and a slug."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gt=F("publish_at")),
                name="article_withdrawn_after_publication",
                violation_error_message=_("A story can only be withdrawn after it was published."),
            ),
            models.UniqueConstraint(
                "address_date",
                "slug",
                condition=Q(address_date__isnull=False),
                name="article_address_unique",
                violation_error_message=_("Another story of that day has this slug."),
            ),
            models.UniqueConstraint(
                "external_source", "external_id", condition=~Q(external_id=""), name="article_external_id_unique"
            ),
        ]
        indexes = [
            # Every public list walks one of these two, newest first.
            models.Index(F("publish_at").desc(), F("id").desc(), name="article_public", condition=Q(status="ready")),
            # The desk's list, drafts included.
            models.Index(F("publish_at").desc(), F("id").desc(), name="article_desk"),
            models.Index(
                F("section"),
                F("publish_at").desc(),
                F("id").desc(),
                name="article_public_in_section",
                condition=Q(status="ready"),
            ),
            # Galleries, films and the like, of which there are few: of the paper, of a section.
            models.Index(
                F("format"),
                F("publish_at").desc(),
                F("id").desc(),
                name="article_public_in_format",
                condition=Q(status="ready") & ~Q(format="story"),
            ),
            models.Index(
                F("section"),
                F("format"),
                F("publish_at").desc(),
                F("id").desc(),
                name="article_section_format",
                condition=Q(status="ready") & ~Q(format="story"),
            ),
            models.Index(
                F("column"),
                F("publish_at").desc(),
                F("id").desc(),
                name="article_public_in_column",
                condition=Q(status="ready", column__isnull=False),
            ),
            # The desks' own lists: of a section, of a person, what is not ready, what is planned.
            models.Index(F("section"), F("publish_at").desc(), F("id").desc(), name="article_desk_in_section"),
            models.Index("writer", name="article_writer", condition=Q(writer__isnull=False)),
            models.Index("status", "changed_at", name="article_unfinished", condition=~Q(status="ready")),
            models.Index("planned_for", name="article_planned", condition=Q(planned_for__isnull=False)),
            # Today in History asks for a day of every year.
            models.Index(
                ExtractMonth("address_date"),
                ExtractDay("address_date"),
                name="article_anniversary",
                condition=Q(status="ready"),
            ),
            GinIndex(fields=["search_vector"], name="article_search"),
            # Misspelt words, and parts of them. Upper: Django's icontains asks for it.
            GinIndex(OpClass(Upper("headline"), name="gin_trgm_ops"), name="article_headline_trigram"),
            # Korean words inside longer ones, which no dictionary splits.
            GinIndex(OpClass(HangulText(), name="gin_trgm_ops"), name="article_hangul"),
        ]

    def __str__(self):
        return self.headline

    def get_absolute_url(self):
        """The story's address, empty as long as it has none."""
        if not self.address_date or not self.slug:
            return ""
        day = self.address_date
        return reverse("article", args=[f"{day:%Y}", f"{day:%m}", f"{day:%d}", self.slug])

    def natural_key(self):
        return (str(self.guid),)

    natural_key.dependencies = ["sections.section", "articles.column"]

    # Set by articles.opening: whether a part is not for everybody, whether it was left out, how many words and photos.
    has_locked_part, is_closed, locked_words, locked_photos = False, False, 0, 0

    def is_public(self, at=None):
        """Whether readers see the story; the twin of `ArticleQuerySet.published` for a loaded row."""
        at = at or timezone.now()
        return self.was_public(at) and not self.is_withdrawn(at)

    def was_public(self, at=None):
        """Whether readers ever saw the story; such a one is withdrawn, never deleted."""
        return self.status == self.Status.READY and self.publish_at <= (at or timezone.now())

    def is_scheduled(self, at=None):
        """Whether the story is ready and its moment is still to come."""
        return self.status == self.Status.READY and self.publish_at > (at or timezone.now())

    def is_withdrawn(self, at=None):
        """Whether the story was public and is no longer."""
        return self.withdrawn_at is not None and self.withdrawn_at <= (at or timezone.now())

    @property
    def state_code(self):
        """The story's place in its life: draft, in_review, scheduled, public or withdrawn; follows from the time."""
        now = timezone.now()
        if self.status != self.Status.READY:
            return self.status
        if self.is_withdrawn(now):
            return "withdrawn"
        return "public" if self.publish_at <= now else "scheduled"

    @property
    def state(self):
        """`state_code` as a word for the desk."""
        words = {"scheduled": _("Scheduled"), "public": _("Public"), "withdrawn": _("Withdrawn")}
        return str(words.get(self.state_code) or self.get_status_display())

    @property
    def filed_under(self):
        """Section and subsection by their names (both must be loaded)."""
        return self.section.full_name

    @property
    def kicker_text(self):
        """The line above the headline: its own, or the section's name (the section must be loaded)."""
        return self.kicker or self.section.name

    @property
    def label_beside_kicker(self):
        """The label, unless the kicker says the same: “Editorial” stands once."""
        return "" if self.label.lower() == self.kicker_text.lower() else self.label

    @property
    def ticker_text(self):
        """The headline for narrow places."""
        return self.short_headline or self.headline

    @property
    def was_updated(self):
        """Whether an “Updated” stamp differs from “Posted”."""
        return bool(self.updated_at and self.publish_at and self.updated_at > self.publish_at)

    @cached_property
    def rendered(self):
        """What was rendered of the story, for `{% once %}`: it lives as long as this instance."""
        return {}

    @cached_property
    def lead(self):
        """The lead photo use, or None. Needs `for_cards` (then it is unsaved) or `for_detail`: it never queries."""
        if facts := self.__dict__.get("lead_facts"):
            return ArticlePhoto(**facts | {"article": self, "photo": Photo(**facts["photo"])})
        uses = [use for use in self.__dict__.get("all_uses", ()) if use.placement == ArticlePhoto.Placement.LEAD]
        return uses[0] if uses else None

    @property
    def columnist(self):
        """The writers' names that stand above the headline on a card: of an opinion piece, empty for all others."""
        return self.byline_text if self.format == self.Format.OPINION else ""

    @property
    def face(self):
        """The portrait of an opinion piece's writer, an unsaved Photo, or None. Needs `for_cards`: it never queries."""
        facts = self.__dict__.get("face_facts")
        return Photo(**facts) if facts else None


class ArticlePhotoManager(models.Manager.from_queryset(PhotoUseQuerySet)):
    def get_by_natural_key(self, guid, photo):
        return self.get(article__guid=guid, photo__uuid=photo)


class ArticlePhoto(models.Model):
    """A photo in a story, with the words of this use. Blank words fall back to the photo's own."""

    class Placement(models.TextChoices):
        LEAD = "lead", _("Lead, above the text and on cards")
        INLINE = "inline", _("In the text or the gallery")

    article = models.ForeignKey(Article, models.CASCADE, related_name="photo_uses", verbose_name=_("article"))
    photo = models.ForeignKey(
        Photo,
        models.PROTECT,
        related_name="uses",
        verbose_name=_("photo"),
        help_text=_("From the library; its rights are checked when the story is published."),
    )
    placement = models.CharField(
        max_length=10, choices=Placement, default=Placement.INLINE, verbose_name=_("placement")
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest is the lead photo, at the head of the story.")
    )
    caption = models.TextField(blank=True, verbose_name=_("caption"))
    credit = models.CharField(max_length=200, blank=True, verbose_name=_("credit"))
    alt_text = models.CharField(max_length=500, blank=True, verbose_name=_("alt text"))
    decorative = models.BooleanField(
        default=False,
        help_text=_("Says nothing that the text does not: screen readers pass over it."),
        verbose_name=_("decorative"),
    )
    crop = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("Box of each ratio for this use, in parts of the photo.")
    )

    objects = ArticlePhotoManager()

    class Meta:
        verbose_name = _("photo of an article")
        verbose_name_plural = _("photos of articles")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "article",
                "photo",
                name="article_photo_once",
                violation_error_message=_("The story has this photo already."),
            )
        ]

    def __str__(self):
        return f"photo {self.position}"

    def get_absolute_url(self):
        """The photo's own page in a public gallery (article and photo must be loaded).

        The address names the photo, not its place, so it stays when editors change the order.
        """
        day = self.article.address_date
        args = [f"{day:%Y}", f"{day:%m}", f"{day:%d}", self.article.slug, self.photo.uuid.hex[:8]]
        return reverse("photo", args=args)

    def natural_key(self):
        return (str(self.article.guid), str(self.photo.uuid))

    natural_key.dependencies = ["articles.article", "photos.photo"]

    @property
    def framed(self):
        """The photo, framed as this use wants it (see photos.renditions); the photo must be loaded."""
        self.photo.own_crops = self.crop
        return self.photo

    @property
    def shown_caption(self):
        """The caption of this use, or the photo's."""
        return self.caption or self.photo.caption

    @property
    def shown_credit(self):
        """The credit of this use, or the photo's."""
        return self.credit or self.photo.credit

    @property
    def shown_alt(self):
        """The alt text of this use, or the photo's; empty for a decorative one."""
        return "" if self.decorative else self.alt_text or self.photo.alt_text


class RelatedArticleManager(models.Manager):
    def get_by_natural_key(self, guid, related):
        return self.get(article__guid=guid, related__guid=related)


class RelatedArticle(models.Model):
    """A story that an editor put under another one, at its place."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="related_rows", verbose_name=_("article"))
    related = models.ForeignKey(
        Article,
        models.CASCADE,
        related_name="related_from",
        verbose_name=_("related"),
        help_text=_("Listed under the story as soon as it is public."),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest stands first.")
    )

    objects = RelatedArticleManager()

    class Meta:
        verbose_name = _("related article")
        verbose_name_plural = _("related articles")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("article", "related", name="related_article_once"),
            models.CheckConstraint(
                condition=~Q(article=F("related")),
                name="related_article_other",
                violation_error_message=_("A story cannot be related to itself."),
            ),
        ]

    def __str__(self):
        return f"related {self.position}"

    def natural_key(self):
        return (str(self.article.guid), str(self.related.guid))

    natural_key.dependencies = ["articles.article"]


def film_name(video, filename):
    """Where a film lies in the storage; its name cannot be guessed."""
    return f"films/{video.token[:2]}/{video.token}.{filename.rpartition('.')[2].lower()}"


class VideoManager(models.Manager):
    def get_by_natural_key(self, guid):
        return self.get(article__guid=guid)


class Video(models.Model):
    """The film of an article: our own file, or the address of a player that loads after a click."""

    article = models.OneToOneField(Article, models.CASCADE, related_name="video", verbose_name=_("article"))
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    file = models.FileField(
        upload_to=film_name,
        blank=True,
        max_length=200,
        validators=[FileExtensionValidator(["mp4", "webm"])],
        verbose_name=_("file"),
    )
    captions = models.FileField(
        upload_to=film_name,
        blank=True,
        max_length=200,
        validators=[FileExtensionValidator(["vtt"])],
        help_text=_("English captions as WebVTT."),
        verbose_name=_("captions"),
    )
    seconds = models.PositiveIntegerField(
        _("length in seconds"), default=0, help_text=_("Shown on the film's poster; 0: not shown.")
    )
    external_url = models.URLField(
        blank=True,
        help_text=_("A YouTube or Vimeo address where there is no file of ours."),
        verbose_name=_("external url"),
    )
    transcript = HTMLField(blank=True, verbose_name=_("transcript"))

    objects = VideoManager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        constraints = [
            models.CheckConstraint(
                condition=~Q(file="") | ~Q(external_url=""),
                name="video_has_film",
                violation_error_message=_("Upload a film, or give the address of one."),
            )
        ]

    def __str__(self):
        return f"film of {self.article_id}"

    def natural_key(self):
        return (str(self.article.guid),)

    natural_key.dependencies = ["articles.article"]

    @property
    def length(self):
        """The length as 3:07, empty if unknown."""
        return f"{self.seconds // 60}:{self.seconds % 60:02d}" if self.seconds else ""

    @property
    def player(self):
        """The Player of a film on another site, None where that site has none that may be shown here."""
        return player_of(self.external_url)
