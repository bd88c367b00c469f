"""What readers may see, and what each kind of page loads."""

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import models
from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject, TruncDate
from django.utils import timezone

# Long columns that no list shows.
NOT_ON_CARDS = ("body", "tag_text", "withdrawal_reason", "search_vector")
# How many stories of the same topic and section a story's page may choose from.
NEAR = 4


class ArticleQuerySet(models.QuerySet):
    """Articles. Rules chain: `Article.objects.published().in_section(section).latest_first().for_cards()`."""

    def published(self, at=None):
        """Articles that readers see at a moment (now by default). The only definition of public."""
        at = at or timezone.now()
        return self.once_public(at).filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=at))

    def once_public(self, at=None):
        """Articles that readers have seen: those that are public and those that were withdrawn."""
        return self.filter(status="ready", publish_at__lte=at or timezone.now())

    def withdrawn(self, at=None):
        """Articles that were public and are no longer."""
        at = at or timezone.now()
        return self.once_public(at).filter(withdrawn_at__lte=at)

    def visible_to(self, user):
        """Everything for staff who may see articles in the admin; what is public for everybody else."""
        return self.all() if user.is_staff and user.has_perm("articles.view_article") else self.published()

    def in_section(self, section):
        """Articles of the section and its subsections, and those that are also listed there."""
        Section = apps.get_model("sections", "Section")
        Listed = self.model.also_in.through
        ids = Section.objects.filter(Q(pk=section.pk) | Q(parent=section.pk)).order_by().values("pk")
        return self.filter(Q(section__in=ids) | Q(pk__in=Listed.objects.filter(section__in=ids).values("article")))

    def tagged(self, tag):
        """Articles that carry the tag."""
        return self.filter(article_tags__tag=tag)

    def by(self, reporter):
        """Articles that credit the reporter."""
        return self.filter(bylines__reporter=reporter)

    def search(self, words):
        """Articles that match the words, best first: full text, or a part of the headline (Korean, compounds).

        Understands "a phrase", or, and -minus (PostgreSQL's websearch syntax).
        """
        query = SearchQuery(words, search_type="websearch", config="english")
        plain = SearchQuery(words, search_type="websearch", config="simple")
        return (
            self.filter(Q(search_vector=query) | Q(search_vector=plain) | Q(headline__icontains=words))
            .annotate(rank=SearchRank(F("search_vector"), query))
            .order_by("-rank", "-publish_at", "-id")
        )

    def latest_first(self):
        """Newest first, in an order that never ties."""
        return self.order_by("-publish_at", "-id")

    def older_than(self, pk):
        """Articles that come after the public article `pk` in `latest_first` order; none if it is not public."""
        moment = Subquery(self.model.objects.published().filter(pk=pk).values("publish_at"))
        return self.filter(publish_at__lte=moment).filter(Q(publish_at__lt=moment) | Q(pk__lt=pk))

    def newer_than(self, pk):
        """Articles that come before the public article `pk` in `latest_first` order."""
        moment = Subquery(self.model.objects.published().filter(pk=pk).values("publish_at"))
        return self.filter(publish_at__gte=moment).filter(Q(publish_at__gt=moment) | Q(pk__gt=pk))

    def for_cards(self):
        """Everything that a card shows: section, column, film, lead photo. Two queries."""
        ArticlePhoto = apps.get_model("articles", "ArticlePhoto")
        leads = ArticlePhoto.objects.filter(placement="lead").select_related("photo")
        return (
            self.select_related("section", "section__parent", "column", "video")
            .defer(*NOT_ON_CARDS, "video__transcript")
            .prefetch_related(Prefetch("photo_uses", leads, to_attr="lead_uses"))
        )

    def with_portraits(self):
        """Adds bylines with the reporters' portraits, for opinion cards. One query more."""
        Byline = apps.get_model("articles", "Byline")
        bylines = Byline.objects.select_related("reporter", "reporter__portrait")
        return self.prefetch_related(Prefetch("bylines", bylines, to_attr="credits"))

    def for_detail(self):
        """Everything that the article's own page shows of it. Three queries.

        Photo uses (`all_uses`) and bylines (`credits`) are rows; `tag_list`, `correction_list` and
        `related_ids` come as lists with the article itself, as do the ids of the newest stories that share a
        topic (`same_topic_ids`) or the section (`same_section_ids`) with it. `version_count` is the number of
        versions that readers have seen.
        """
        ArticlePhoto, ArticleTag, Correction, RelatedArticle = (
            apps.get_model("articles", name) for name in ("ArticlePhoto", "ArticleTag", "Correction", "RelatedArticle")
        )
        versions = apps.get_model("articles", "ArticleVersion").objects.public().filter(article=OuterRef("pk"))
        seen = versions.order_by().values("article").annotate(count=Count("public_from", distinct=True))
        tags = ArticleTag.objects.filter(content_object=OuterRef("pk")).order_by("tag__name")
        corrections = Correction.objects.filter(article=OuterRef("pk")).order_by("published_at", "pk")
        related = RelatedArticle.objects.filter(article=OuterRef("pk")).order_by("position", "pk")
        # Three levels down: the topics of the candidate, of the candidates, of the story itself.
        own = ArticleTag.objects.filter(content_object=OuterRef(OuterRef(OuterRef("pk"))))
        shared = ArticleTag.objects.filter(tag__in=own.values("tag"))
        newest = self.model.objects.published().exclude(pk=OuterRef("pk")).latest_first()
        topic = newest.filter(pk__in=shared.values("content_object")).values("pk")[:NEAR]
        section = newest.filter(section=OuterRef("section")).values("pk")[:NEAR]
        return (
            self.select_related("section", "section__parent", "column", "video")
            .prefetch_related(
                Prefetch("photo_uses", ArticlePhoto.objects.select_related("photo"), to_attr="all_uses"),
            )
            .with_portraits()
            .annotate(
                tag_list=ArraySubquery(tags.values(json=JSONObject(name="tag__name", slug="tag__slug"))),
                correction_list=ArraySubquery(
                    corrections.values(json=JSONObject(kind="kind", text="text", day=TruncDate("published_at")))
                ),
                related_ids=ArraySubquery(related.values("related")),
                same_topic_ids=ArraySubquery(topic),
                same_section_ids=ArraySubquery(section),
                version_count=Coalesce(Subquery(seen.values("count")), 0),
            )
        )


class ReporterQuerySet(models.QuerySet):
    """Reporters."""

    def active(self):
        """Reporters who are with the paper."""
        return self.filter(is_active=True)

    def for_page(self):
        """Reporters with their portraits: one query."""
        return self.select_related("portrait")


class VersionQuerySet(models.QuerySet):
    """Versions of stories."""

    def public(self, at=None):
        """Versions whose moment has come. Drafts never were public; mended typing mistakes are no versions."""
        return self.filter(public_from__lte=at or timezone.now()).exclude(kind__in=["draft", "typo"])

    def as_seen(self):
        """One version for each moment, newest first: of several edits of a scheduled story only the last was seen."""
        return self.order_by("-public_from", "-number").distinct("public_from")


class CorrectionQuerySet(models.QuerySet):
    """Public notes on stories."""

    def public(self, at=None):
        """Notes whose moment has come, on stories that readers have seen, those withdrawn since included."""
        at = at or timezone.now()
        Article = apps.get_model("articles", "Article")
        return self.filter(published_at__lte=at, article__in=Article.objects.once_public(at))

    def latest_first(self):
        """Newest first, in an order that never ties."""
        return self.order_by("-published_at", "-pk")

    def older_than(self, pk):
        """Notes that come after the public note `pk` in `latest_first` order; none if it is not public."""
        moment = Subquery(self.model.objects.public().filter(pk=pk).values("published_at"))
        return self.filter(published_at__lte=moment).filter(Q(published_at__lt=moment) | Q(pk__lt=pk))

    def newer_than(self, pk):
        """Notes that come before the public note `pk` in `latest_first` order."""
        moment = Subquery(self.model.objects.public().filter(pk=pk).values("published_at"))
        return self.filter(published_at__gte=moment).filter(Q(published_at__gt=moment) | Q(pk__gt=pk))

    def with_stories(self):
        """Notes with what names their stories and says whether they stand: one query."""
        columns = ("headline", "lang", "status", "publish_at", "withdrawn_at", "address_date", "slug")
        return self.select_related("article").only(
            *("kind", "text", "published_at"), *(f"article__{column}" for column in columns)
        )
