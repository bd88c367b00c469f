"""Who writes: reporters, the bylines that credit them, and the columns they write under."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles.querysets import BylineQuerySet, ColumnQuerySet, ReporterQuerySet, Squeezed
from photos.models import Photo
from sections.surrogates import Shown


class ReporterManager(models.Manager.from_queryset(ReporterQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Reporter(Shown):
    """A person with a byline. May belong to a staff user; an inactive one keeps page and stories."""

    name = models.CharField(
        max_length=150,
        verbose_name=_("name"),
        help_text=_("As it stands in bylines. Changing it changes the byline of every story."),
    )
    native_name = models.CharField(
        _("name in Korean"),
        max_length=60,
        blank=True,
        help_text=_("Shown beside the name; searches find the reporter under it too."),
    )
    slug = models.SlugField(
        max_length=160,
        unique=True,
        allow_unicode=True,
        verbose_name=_("slug"),
        help_text=_("Word of the address of the reporter's page."),
    )
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Shown under each story, in a form that address collectors cannot read.")
    )
    title = models.CharField(
        max_length=100, blank=True, help_text=_("Economy reporter, columnist ..."), verbose_name=_("title")
    )
    bio = models.TextField(
        blank=True, verbose_name=_("bio"), help_text=_("Two or three sentences for the reporter's page.")
    )
    beats = models.CharField(
        max_length=200, blank=True, help_text=_("Subjects, separated by commas."), verbose_name=_("beats")
    )
    portrait = models.ForeignKey(
        Photo,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="portraits",
        verbose_name=_("portrait"),
        help_text=_("Stands beside opinion pieces and on the reporter's page."),
    )
    is_active = models.BooleanField(
        default=True, help_text=_("Off: no longer with the paper; the page says so."), verbose_name=_("is active")
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reporter",
        verbose_name=_("user"),
        help_text=_("The sign-in of this reporter: new stories get this byline, and may be written by this user."),
    )

    objects = ReporterManager()

    class Meta:
        verbose_name = _("reporter")
        verbose_name_plural = _("reporters")
        ordering = ["name"]
        indexes = [models.Index(Squeezed("name"), name="reporter_squeezed")]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("reporter", args=[self.slug])

    def natural_key(self):
        return (self.slug,)

    natural_key.dependencies = ["photos.photo", "readers.user"]

    @property
    def beat_list(self):
        """The beats as a list of words."""
        return [beat.strip() for beat in self.beats.split(",") if beat.strip()]

    @property
    def is_introduced(self):
        """Whether the paper says more of the person than the name; imported bylines make reporters of a name alone."""
        return bool(self.title or self.bio or self.portrait_id)

    @property
    def linked_beats(self):
        """Each beat with the slug of its topic, which is empty where there is none. Needs `for_page`."""
        slugs = {topic["name"].lower(): topic["slug"] for topic in self.__dict__.get("beat_topics", ())}
        return [(beat, slugs.get(beat.lower(), "")) for beat in self.beat_list]


class BylineManager(models.Manager.from_queryset(BylineQuerySet)):
    def get_by_natural_key(self, guid, slug):
        return self.get(article__guid=guid, reporter__slug=slug)


class Byline(models.Model):
    """The credit of one reporter under one headline, at its place."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="bylines", verbose_name=_("article"))
    reporter = models.ForeignKey(
        Reporter,
        models.PROTECT,
        related_name="bylines",
        verbose_name=_("reporter"),
        help_text=_("Named under the headline; the story is listed on the reporter's page."),
    )
    role = models.CharField(
        max_length=60, blank=True, help_text=_("Empty for the writer; else: Photos, Video ..."), verbose_name=_("role")
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest is named first.")
    )
    # That of the story, kept by a trigger: a reporter's newest stories are found by the index below.
    publish_at = models.DateTimeField(null=True, editable=False, serialize=False)

    objects = BylineManager()

    class Meta:
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "article", "reporter", name="byline_once", violation_error_message=_("This reporter is already named.")
            )
        ]
        indexes = [models.Index("reporter", F("publish_at").desc(), F("article").desc(), name="byline_newest")]

    def __str__(self):
        return f"byline {self.position}"

    def natural_key(self):
        return (str(self.article.guid), self.reporter.slug)

    natural_key.dependencies = ["articles.article", "articles.reporter"]


class ColumnManager(models.Manager.from_queryset(ColumnQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Column(Shown):
    """A column, blog or cartoon series: several pieces under one name."""

    name = models.CharField(
        max_length=100, verbose_name=_("name"), help_text=_("Stands over every piece of the column.")
    )
    slug = models.SlugField(
        max_length=110,
        unique=True,
        verbose_name=_("slug"),
        help_text=_("Word of the address of the column's page and feeds."),
    )
    description = models.TextField(
        blank=True,
        verbose_name=_("description"),
        help_text=_("One or two sentences for the column's page and its feeds."),
    )
    reporter = models.ForeignKey(
        Reporter,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="columns",
        verbose_name=_("reporter"),
        help_text=_("Whose column it is; empty where several people write it."),
    )

    objects = ColumnManager()

    class Meta:
        verbose_name = _("column")
        verbose_name_plural = _("columns")
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("column", args=[self.slug])

    def natural_key(self):
        return (self.slug,)

    natural_key.dependencies = ["articles.reporter"]

    def clean(self):
        if not self.slug:
            raise ValidationError({"slug": "Write a slug."})
