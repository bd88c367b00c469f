"""Topics. One spelling per tag, whatever the case, which the database enforces."""

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.models import ItemBase, TagBase

from articles.querysets import ArticleTagQuerySet, Squeezed, TagQuerySet
from sections.surrogates import Shown


class TagManager(models.Manager.from_queryset(TagQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Tag(Shown, TagBase):
    """A topic that stories are filed under."""

    description = models.TextField(
        blank=True, help_text=_("One or two sentences on the topic's page."), verbose_name=_("description")
    )

    objects = TagManager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="tag_name_unique", violation_error_message=_("This tag exists in another spelling.")
            )
        ]
        indexes = [
            models.Index(Squeezed("name"), name="tag_squeezed"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="tag_name_trigram"),
        ]

    def natural_key(self):
        return (self.slug,)

    def save(self, *args, **kwargs):
        if self._state.adding and not self.slug:
            self.slug = self.free_slug()
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("topic", args=[self.slug])

    def clean(self):
        self.name = " ".join(self.name.split())
        clash = Q(name__iexact=self.name) | (Q(slug=self.slug) if self._state.adding else Q())
        others = apps.get_model("articles", "Alias").objects.filter(tag__isnull=False).exclude(tag=self.pk)
        alias = others.filter(clash).select_related("tag").first()
        if alias:
            raise ValidationError(
                f"“{alias}” is another name of the topic “{alias.tag}”. Take it away there before you give it to "
                "a topic of its own, or file stories under that topic."
            )

    def slugify(self, tag, i=None):
        """The tag as a word of an address; `topic` where it has neither letters nor digits."""
        return (super().slugify(tag) or "topic")[:90] + (f"_{i}" if i else "")

    def free_slug(self):
        """A word for the topic's address that is neither another topic's nor an alias's. Two queries."""
        base = self.slugify(self.name)
        same = Q(slug=base) | Q(slug__startswith=f"{base}_")
        Alias = apps.get_model("articles", "Alias")
        taken = {
            *Tag.objects.filter(same).exclude(pk=self.pk).values_list("slug", flat=True),
            *Alias.objects.filter(same, tag__isnull=False).values_list("slug", flat=True),
        }
        return next(
            slug for slug in (base, *(self.slugify(self.name, n) for n in range(1, 10_000))) if slug not in taken
        )


class ArticleTagManager(models.Manager.from_queryset(ArticleTagQuerySet)):
    def get_by_natural_key(self, guid, slug):
        return self.get(content_object__guid=guid, tag__slug=slug)


class ArticleTag(ItemBase):
    """One tag of one article. Real foreign keys, so that a dump by natural keys carries it."""

    content_object = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="article_tags", verbose_name=_("content object")
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="article_tags", verbose_name=_("tag"))
    # That of the story, kept by a trigger: a topic's newest stories are found by the index below.
    publish_at = models.DateTimeField(null=True, editable=False, serialize=False)

    objects = ArticleTagManager()

    class Meta:
        constraints = [models.UniqueConstraint("content_object", "tag", name="article_tag_once")]
        indexes = [models.Index("tag", F("publish_at").desc(), F("content_object").desc(), name="article_tag_newest")]

    def natural_key(self):
        return (str(self.content_object.guid), self.tag.slug)

    natural_key.dependencies = ["articles.article", "articles.tag"]
