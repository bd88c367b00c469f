"""Topics. One spelling per tag, whatever the case, which the database enforces."""

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from taggit.models import ItemBase, TagBase


class TagManager(models.Manager):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Tag(TagBase):
    """A topic that stories are filed under."""

    description = models.TextField(blank=True, help_text="One or two sentences on the topic's page.")

    objects = TagManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="tag_name_unique", violation_error_message="This tag exists in another spelling."
            )
        ]

    def natural_key(self):
        return (self.slug,)

    def slugify(self, tag, i=None):
        """The tag as a word of an address; `topic` where it has neither letters nor digits."""
        return (super().slugify(tag) or "topic") + (f"_{i}" if i else "")

    def get_absolute_url(self):
        return reverse("topic", args=[self.slug])


class ArticleTagManager(models.Manager):
    def get_by_natural_key(self, guid, slug):
        return self.get(content_object__guid=guid, tag__slug=slug)


class ArticleTag(ItemBase):
    """One tag of one article. Real foreign keys, so that a dump by natural keys carries it."""

    content_object = models.ForeignKey("articles.Article", models.CASCADE, related_name="article_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="article_tags")

    objects = ArticleTagManager()

    class Meta:
        constraints = [models.UniqueConstraint("content_object", "tag", name="article_tag_once")]

    def natural_key(self):
        return (str(self.content_object.guid), self.tag.slug)

    natural_key.dependencies = ["articles.article", "articles.tag"]
