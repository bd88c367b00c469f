"""What readers may see, and what each kind of page loads."""

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchRank
from django.db import models
from django.db.models import Case, Count, Exists, F, Func, OuterRef, Prefetch, Q, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject, Lower, Trim, TruncDate
from django.utils import timezone
from django.utils.text import slugify

from . import wording

# Long columns that no list shows.
NOT_ON_CARDS = ("body", "tag_text", "withdrawal_reason", "search_vector")
# What only the story's own page and the desk show: cards are kept in memory by the hundred.
NOT_KEPT = (
    *("ai_use", "canonical_url", "changed_at", "created_at", "dateline", "external_id", "external_source"),
    *("guid", "import_digest", "licence", "planned_for", "seo_title", "source", "source_url", "status", "updated_at"),
    "writer",
)
# What a picture's addresses follow from, see photos.renditions.
PICTURE = ("token", "width", "height", "focal_x", "focal_y", "rendered_at", "avif")
# What cards say of their lead photo: of the photo, and of its use in the story.
PHOTO_WORDS = ("uuid", "caption", "credit", "alt_text")
USE_WORDS = ("placement", "caption", "credit", "alt_text", "decorative", "crop")
# How many stories of the same topic and section a story's page may choose from.
NEAR = 4
# So many topics are shown as related to one.
RELATED = 8
# The topics that are written about most are counted over this many of the paper's newest stories.
LATELY = 1_000


class HangulText(Func):
    """The Korean words of a story in any language, as the trigram index `article_hangul` holds them."""

    template = "regexp_replace(%(expressions)s, '[^\uac00-\ud7a3]+', ' ', 'g')"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()

    def __init__(self):
        super().__init__("headline", "deck", "tag_text", "byline_text", "body")


class Squeezed(Func):
    """A name as `wording.squeezed` writes it, for the indexes that hold it so."""

    template = "regexp_replace(lower(%(expressions)s), '[^[:alnum:]]+', '', 'g')"
    output_field = models.TextField()


class NewestFirst(models.QuerySet):
    """Rows with a moment, `publish_at`, newest first; `story` names the story whose id decides among equal moments."""

    story = "pk"

    def latest_first(self):
        """Newest first; the id decides among equal moments, so pages neither repeat nor skip."""
        return self.order_by("-publish_at", f"-{self.story}")

    def older_than(self, pk, moment):
        """What comes after the story `pk`, published at `moment`, in `latest_first` order."""
        return self.filter(publish_at__lte=moment).filter(Q(publish_at__lt=moment) | Q(**{f"{self.story}__lt": pk}))

    def newer_than(self, pk, moment):
        """What comes before the story `pk`, published at `moment`, in `latest_first` order."""
        return self.filter(publish_at__gte=moment).filter(Q(publish_at__gt=moment) | Q(**{f"{self.story}__gt": pk}))


class LinkQuerySet(NewestFirst):
    """What ties stories to a topic or a reporter: each link holds the moment of its story (a trigger keeps it)."""

    def of_public(self, at=None):
        """Links of the stories that readers see at a moment (now by default)."""
        at = at or timezone.now()
        stories = self.model._meta.get_field(self.story).related_model.objects.published(at)
        return self.filter(**{"publish_at__lte": at, f"{self.story}__in": stories.values("pk")})


class ArticleTagQuerySet(LinkQuerySet):
    """Topics of stories."""

    story = "content_object_id"


class BylineQuerySet(LinkQuerySet):
    """Reporters of stories."""

    story = "article_id"


class ArticleQuerySet(NewestFirst):
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

    def premium(self):
        """Articles of which everybody sees the opening alone (see articles.opening)."""
        return self.filter(access="premium")

    def in_section(self, section):
        """Articles of a section (or its id) and its subsections, and those that are also listed there."""
        Section = apps.get_model("sections", "Section")
        Listed = self.model.also_in.through
        pk = getattr(section, "pk", section)
        ids = Section.objects.filter(Q(pk=pk) | Q(parent=pk)).order_by().values("pk")
        return self.filter(Q(section__in=ids) | Q(pk__in=Listed.objects.filter(section__in=ids).values("article")))

    def tagged(self, tag):
        """Articles that carry the tag."""
        return self.filter(article_tags__tag=tag)

    def by(self, reporter):
        """Articles that credit the reporter."""
        return self.filter(bylines__reporter=reporter)

    def in_column(self, column):
        """Pieces of the column, blog or series."""
        return self.filter(column=column)

    def search(self, words, names=None):
        """Articles that match the words (see articles.wording), best first, with their `score`.

        Found are also headlines that hold the words as they stand, and Korean words inside longer ones.
        `names` are spellings of names, from `searching.find_names`.
        """
        alternatives = wording.read_terms(words, names)
        condition = Q(headline__icontains=words)
        if alternatives and not wording.is_question(alternatives):
            return self.annotate(score=Value(0)).none()
        if alternatives:
            # Shorter ones would have to be looked for in every headline: a trigram is three letters.
            inside = condition if len(words) >= 3 else Q(pk__in=[])
            condition = Q(search_vector=wording.ts_query(alternatives)) | inside
            if parts := wording.korean_parts(alternatives):
                condition |= Q(*(Q(hangul__contains=part) for part in parts))
        found = self.alias(hangul=HangulText()).filter(condition)
        return found.with_score(words, names).order_by("-score", "-publish_at", "-id")

    def with_score(self, words, names=None):
        """Adds `score`, a whole number: how well the words are matched; 0 where they are signs alone."""
        alternatives = wording.read_terms(words, names)
        if not wording.is_question(alternatives):
            return self.annotate(score=Value(0))
        rank = SearchRank(F("search_vector"), wording.ts_query(alternatives))
        return self.annotate(score=Cast(rank * 1_000_000.0, models.IntegerField()))

    def desk_older(self, moment, pk):
        """What comes after a story (its moment, which may be missing, and id) in the desk's order.

        That order is by moment and id, newest first; stories without a moment come before all others.
        """
        if moment is None:
            return self.filter(Q(publish_at=None, pk__lt=pk) | Q(publish_at__isnull=False))
        # The outer bound is what the index walks by.
        return self.filter(publish_at__lte=moment).filter(Q(publish_at__lt=moment) | Q(pk__lt=pk))

    def desk_newer(self, moment, pk):
        """What comes before a story in the desk's order, see `desk_older`."""
        if moment is None:
            return self.filter(publish_at=None, pk__gt=pk)
        return self.filter(Q(publish_at__gt=moment) | Q(publish_at=moment, pk__gt=pk) | Q(publish_at=None))

    def for_cards(self):
        """Everything that a card shows: section, column, film, lead photo. One query.

        Of opinion pieces also the first writer's portrait (`face`), of galleries the number of photos
        (`photo_count`).
        """
        ArticlePhoto, Byline = (apps.get_model("articles", name) for name in ("ArticlePhoto", "Byline"))
        leads = ArticlePhoto.objects.filter(article=OuterRef("pk"), placement="lead").order_by("position", "pk")
        photo = JSONObject(**{fact: f"photo__{fact}" for fact in (*PICTURE, *PHOTO_WORDS)})
        lead = leads.values(json=JSONObject(photo=photo, **{fact: fact for fact in USE_WORDS}))
        photos = ArticlePhoto.objects.filter(article=OuterRef("pk")).order_by().values("article")
        faces = (
            Byline.objects.filter(article=OuterRef("pk"), reporter__portrait__rendered_at__isnull=False)
            .order_by("position", "pk")
            .values(json=JSONObject(**{fact: f"reporter__portrait__{fact}" for fact in PICTURE}))
        )
        return (
            self.select_related("section", "section__parent", "column", "video")
            .defer(*NOT_ON_CARDS, *NOT_KEPT, "video__transcript")
            .annotate(
                lead_facts=Subquery(lead[:1]),
                face_facts=Case(When(format="opinion", then=Subquery(faces[:1]))),
                photo_count=Case(When(format="gallery", then=Subquery(photos.values(count=Count("pk"))))),
            )
        )

    def with_photo_uses(self):
        """Adds photo uses with their photos, as `all_uses`. One query more."""
        uses = apps.get_model("articles", "ArticlePhoto").objects.select_related("photo")
        return self.prefetch_related(Prefetch("photo_uses", uses, to_attr="all_uses"))

    def with_portraits(self):
        """Adds bylines with the reporters' portraits, as `credits`. One query more."""
        Byline = apps.get_model("articles", "Byline")
        bylines = Byline.objects.select_related("reporter", "reporter__portrait")
        return self.prefetch_related(Prefetch("bylines", bylines, to_attr="credits"))

    def for_detail(self, at=None):
        """Everything that the article's own page shows of it at a moment (now by default). Three queries.

        What `for_feed` loads; and, as lists with the article itself, `related_ids` and the ids of the newest
        stories that share a topic (`same_topic_ids`) or the section (`same_section_ids`) with it, and of a cartoon
        the one before and the one after it in its series (`earlier_id`, `later_id`). `version_count` is the number
        of versions that readers have seen, `change_is_due` says that a scheduled change has to be applied first.
        """
        ArticleTag, RelatedArticle = (apps.get_model("articles", name) for name in ("ArticleTag", "RelatedArticle"))
        related = RelatedArticle.objects.filter(article=OuterRef("pk")).order_by("position", "pk")
        own = ArticleTag.objects.filter(content_object=OuterRef(OuterRef("pk")))
        at = at or timezone.now()
        newest = self.model.objects.published(at).exclude(pk=OuterRef("pk")).latest_first()
        # The newest of each topic by itself: of stories in any of them the whole archive would be looked through. Twice
        # as many as are needed, as some may have been withdrawn.
        of_topic = ArticleTag.objects.filter(tag=OuterRef("tag"), publish_at__lte=at).latest_first()
        of_topic = ArraySubquery(of_topic.values("content_object_id")[: 2 * NEAR])
        of_topics = own.values(near=Func(of_topic, function="unnest", output_field=models.BigIntegerField()))
        topic = newest.filter(pk__in=of_topics).values("pk")[:NEAR]
        section = newest.filter(section=OuterRef("section")).values("pk")[:NEAR]
        earlier, later = self._neighbors(at)
        versions = apps.get_model("articles", "ArticleVersion").objects.public(at).filter(article=OuterRef("pk"))
        seen = versions.order_by().values("article").annotate(count=Count("public_from", distinct=True))
        due = apps.get_model("articles", "ArticleVersion").objects.waiting().filter(public_from__lte=at)
        return self.for_feed().annotate(
            related_ids=ArraySubquery(related.values("related")),
            same_topic_ids=ArraySubquery(topic),
            same_section_ids=ArraySubquery(section),
            earlier_id=earlier,
            later_id=later,
            version_count=Coalesce(Subquery(seen.values("count")), 0),
            change_is_due=Exists(due.filter(article=OuterRef("pk"))),
        )

    def for_feed(self):
        """Everything that a story says of itself, on its page and in feeds. Three queries.

        Photo uses (`all_uses`) and bylines (`credits`) are rows; `tag_list` and `correction_list` come as lists
        with the article itself.
        """
        ArticleTag, Correction = (apps.get_model("articles", name) for name in ("ArticleTag", "Correction"))
        tags = ArticleTag.objects.filter(content_object=OuterRef("pk")).order_by("tag__name")
        corrections = Correction.objects.filter(article=OuterRef("pk")).order_by("published_at", "pk")
        return (
            self.select_related("section", "section__parent", "column", "video")
            .with_photo_uses()
            .with_portraits()
            .annotate(
                tag_list=ArraySubquery(tags.values(json=JSONObject(id="tag", name="tag__name", slug="tag__slug"))),
                correction_list=ArraySubquery(
                    corrections.values(json=JSONObject(kind="kind", text="text", day=TruncDate("published_at")))
                ),
            )
        )

    def _neighbors(self, at):
        """Expressions for the ids of the cartoons before and after a cartoon in its column, else in its section."""
        series = self.model.objects.published(at).filter(format="cartoon")
        same = Q(publish_at=OuterRef("publish_at"))
        earlier = series.filter(Q(publish_at__lt=OuterRef("publish_at")) | same & Q(pk__lt=OuterRef("pk")))
        later = series.filter(Q(publish_at__gt=OuterRef("publish_at")) | same & Q(pk__gt=OuterRef("pk")))
        for near in (earlier.latest_first(), later.order_by("publish_at", "pk")):
            in_column = near.filter(column=OuterRef("column")).values("pk")[:1]
            in_section = near.filter(column=None, section=OuterRef("section")).values("pk")[:1]
            yield Case(
                When(format="cartoon", column=None, then=Subquery(in_section)),
                When(format="cartoon", then=Subquery(in_column)),
            )


class PhotoUseQuerySet(models.QuerySet):
    """Photos in stories."""

    def open(self):
        """Uses that everybody sees as soon as the story is public: in free stories, and lead photos.

        Which other photos of a premium story are for everybody follows from its text: `opening.open_uses`.
        """
        return self.filter(Q(article__access="free") | Q(placement="lead"))


class NamedQuerySet(models.QuerySet):
    """Rows that have a name, a word of an address made from it, and aliases: topics and reporters."""

    def known_as(self, word):
        """The row that an address means which is not its own: an alias, capitals, other Unicode; or None. One query."""
        usual = slugify(word, allow_unicode=True)
        owner = self.model.aliases.field.name
        renamed = self.model.aliases.field.model.objects.filter(slug__in=[word, usual], **{f"{owner}__isnull": False})
        return self.filter(Q(slug=usual) | Q(pk__in=renamed.values(owner))).first()


class ReporterQuerySet(NamedQuerySet):
    """Reporters."""

    def active(self):
        """Reporters who are with the paper."""
        return self.filter(is_active=True)

    def for_page(self):
        """Reporters with their portraits, and with `beat_topics`, the public topics among their beats. One query."""
        Tag = apps.get_model("articles", "Tag")
        # Written as `Reporter.beat_list` reads them; two levels up: the reporter.
        words = Func(
            Lower(Trim("beats")), Value(r"\s*,\s*"), function="regexp_split_to_table", output_field=TextField()
        )
        beats = self.model.objects.filter(pk=OuterRef(OuterRef("pk"))).values(word=words)
        topics = Tag.objects.public().alias(word=Lower("name")).filter(word__in=beats).order_by("name")
        return self.select_related("portrait").annotate(
            beat_topics=ArraySubquery(topics.values(json=JSONObject(name="name", slug="slug")))
        )

    def for_index(self):
        """Reporters as `for_page`: everybody who is with the paper, and whoever has a public story. One query."""
        wrote = apps.get_model("articles", "Byline").objects.of_public().filter(reporter=OuterRef("pk"))
        introduced = Q(is_active=True) & ~Q(title="", bio="", portrait=None)
        return self.filter(introduced | Exists(wrote)).for_page().order_by("name")


class ColumnQuerySet(models.QuerySet):
    """Columns, blogs and series."""

    def for_page(self):
        """Columns with the columnist and portrait: one query."""
        return self.select_related("reporter", "reporter__portrait")

    def with_latest(self):
        """Columns that have public pieces: `latest_headline`, `latest_at`, `pieces`, newest piece first.

        Costs as much as there are columns and their pieces; part of the query that loads them.
        """
        pieces = apps.get_model("articles", "Article").objects.published().filter(column=OuterRef("pk"))
        newest = pieces.latest_first()
        return (
            self.annotate(
                latest_at=Subquery(newest.values("publish_at")[:1]),
                latest_headline=Subquery(newest.values("headline")[:1]),
                pieces=Subquery(pieces.order_by().values("column").annotate(count=Count("pk")).values("count")),
            )
            .filter(latest_at__isnull=False)
            .order_by("-latest_at", "name")
        )


class TagQuerySet(NamedQuerySet):
    """Topics."""

    def public(self, at=None):
        """Topics with a public story. The names of all others could give an embargo away."""
        # A look at one story of each topic, which the planner would make a join of all for the same thing as EXISTS.
        links = apps.get_model("articles", "ArticleTag").objects.of_public(at)
        story = links.filter(tag=OuterRef("pk")).values("pk")[:1]
        return self.alias(story=Subquery(story)).filter(story__isnull=False)

    def with_counts(self):
        """Those with public stories, with their number `stories`."""
        # One join: counted topic by topic it takes twenty times as long.
        public = apps.get_model("articles", "Article").objects.published().values("pk")
        return self.filter(article_tags__content_object__in=public).annotate(stories=Count("article_tags"))

    def most_used(self):
        """The topics of the paper's newest 1,000 stories, those of most stories first, with their number `stories`."""
        Article = apps.get_model("articles", "Article")
        newest = Article.objects.published().latest_first().values("pk")[:LATELY]
        return (
            self.filter(article_tags__content_object__in=newest)
            .annotate(stories=Count("article_tags"))
            .order_by("-stories", "name")
        )

    def for_page(self):
        """Topics with `alias_list`, their other names. One query."""
        names = apps.get_model("articles", "Alias").objects.filter(tag=OuterRef("pk")).order_by("name").values("name")
        return self.annotate(alias_list=ArraySubquery(names))

    def beside(self, tag, stories):
        """The eight topics that stand most often beside this one in the stories, the most frequent first."""
        rows = self.exclude(pk=tag).filter(article_tags__content_object__in=stories)
        return rows.annotate(stories=Count("article_tags")).order_by("-stories", "name")[:RELATED]


class VersionQuerySet(models.QuerySet):
    """Versions of stories."""

    def public(self, at=None):
        """Versions whose moment has come. Drafts never were public; mended typing mistakes are no versions."""
        return self.filter(public_from__lte=at or timezone.now(), base__isnull=True).exclude(kind__in=["draft", "typo"])

    def waiting(self):
        """Changes of public stories that wait for their moment, or to be applied."""
        return self.filter(base__isnull=False)

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


class PreviewLinkQuerySet(models.QuerySet):
    """Addresses for outsiders."""

    def open(self, at=None):
        """Links that neither ended nor were revoked."""
        return self.filter(revoked_at=None, expires_at__gt=at or timezone.now())
