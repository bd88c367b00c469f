"""Other names: under which topics and people are also searched for, and addresses they once had."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from articles.querysets import Squeezed

from .people import Reporter
from .tags import Tag


class AliasManager(models.Manager):
    def get_by_natural_key(self, kind, slug):
        return self.get(slug=slug, **{f"{kind}__isnull": False})


class Alias(models.Model):
    """Another name of a topic or of a reporter: another romanisation, a former name, the name of a merged topic.

    The search takes it for the name itself (Yoo, Yu and You Ah-in are one person), and its address redirects.
    """

    name = models.CharField(
        max_length=150, verbose_name=_("name"), help_text=_("Searches for it find the page of the name in use.")
    )
    slug = models.SlugField(
        max_length=160,
        allow_unicode=True,
        help_text=_("Its address redirects to the page of the name in use."),
        verbose_name=_("slug"),
    )
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="aliases", verbose_name=_("tag"))
    reporter = models.ForeignKey(
        Reporter, models.CASCADE, null=True, blank=True, related_name="aliases", verbose_name=_("reporter")
    )

    objects = AliasManager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("aliases")
        indexes = [models.Index(Squeezed("name"), name="alias_squeezed")]
        constraints = [
            models.CheckConstraint(
                condition=Q(tag=None, reporter__isnull=False) | Q(tag__isnull=False, reporter=None),
                name="alias_of_one",
                violation_error_message=_("An alias belongs to a topic or to a reporter."),
            ),
            *(
                models.UniqueConstraint(
                    expression,
                    condition=Q(**{f"{kind}__isnull": False}),
                    name=f"alias_{kind}_{word}_unique",
                    violation_error_message=_("Another alias has this name."),
                )
                for kind in ("tag", "reporter")
                for word, expression in (("name", Lower("name")), ("slug", "slug"))
            ),
        ]

    def __str__(self):
        return self.name

    def natural_key(self):
        return ("tag" if self.tag_id else "reporter", self.slug)

    natural_key.dependencies = ["articles.tag", "articles.reporter"]

    def clean(self):
        """Refuses a name that means somebody or something else, and an address that has a page of its own."""
        kind, Owner, noun = ("tag", Tag, "topic") if self.tag else ("reporter", Reporter, "reporter")
        # Two people may share a name; two topics may not.
        named = Q(name__iexact=self.name) if kind == "tag" else Q(pk=None)
        if owner := Owner.objects.filter(named | Q(slug=self.slug)).first():
            sentence = f"“{self.name}” is the {noun} “{owner}” itself; an alias is another name."
            raise ValidationError({"name": sentence})
        same = Q(name__iexact=self.name) | Q(slug=self.slug)
        others = Alias.objects.filter(same, **{f"{kind}__isnull": False}).exclude(**{kind: getattr(self, f"{kind}_id")})
        if other := others.select_related(kind).first():
            sentence = f"“{other}” is another name of the {noun} “{getattr(other, kind)}”: take it away there first."
            raise ValidationError({"name": sentence})
