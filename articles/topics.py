"""Topics as they are typed, filed and tidied up: names to topics, merging, renaming."""

import re

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, Func, OuterRef, ProtectedError, Q, TextField, Value, When
from django.db.models.functions import MD5, Collate, Concat, Left, Lower
from django.utils.translation import gettext

from .models import Alias, Article, ArticleTag, Tag

# Of the characters of a story's import digest so many, the last, stand for what the story is filed under.
DIGEST, MARK = 64, 8


# ---- names


def names_in(text):
    """The names in a line of topics, each once, in the order of the alphabet.

    Commas part them; quotation marks hold a name together that has a comma itself. Taggit's own reading takes
    a line without a comma for several topics: Han River would be two.
    """
    found = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^",]+)', text or "")]
    return sorted({" ".join(name.split()) for name in found} - {""})


def find_topics(names):
    """What a story is filed under for these names: the topic known by a name or alias, else the name as it is.

    Capitals and blanks make no difference; each topic comes once. Two queries.
    """
    names = [" ".join(name.split()) for name in names]
    typed = [Lower(Value(name)) for name in names]
    aliases = Alias.objects.filter(tag__isnull=False).alias(word=Lower("name")).filter(word__in=typed)
    topics = Tag.objects.alias(word=Lower("name")).filter(word__in=typed)
    known = {alias.name.lower(): alias.tag for alias in aliases.select_related("tag")}
    known |= {topic.name.lower(): topic for topic in topics}
    found = {name.lower(): known.get(name.lower(), name) for name in reversed(names)}
    return list(dict.fromkeys(reversed(found.values())))


# ---- acts


# Functions of apps above this one that know topics: each is called with the topic that stays and those that go.
also_moved = []


@transaction.atomic
def merge_topics(into, others):
    """Files all stories of the other topics under `into` and makes the others' names aliases of it.

    Their addresses and aliases lead to `into`, which takes over a description if it has none. Returns the
    number of stories moved. At most 18 queries, however many stories; 20,000 take about 12 seconds, nearly all
    of it for search vectors. Raises ValidationError for topics that are gone, and for those whose page is a front.
    """
    wanted = {into.pk, *(topic.pk for topic in others)}
    locked = {topic.pk: topic for topic in Tag.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    if len(wanted) < 2 or set(locked) != wanted:
        raise ValidationError(
            gettext("Choose at least two topics. Somebody else may have merged or deleted one of these.")
        )
    into, others = locked.pop(into.pk), list(locked.values())
    rows = ArticleTag.objects.filter(tag__in=others)
    untouched = Article.objects.filter(article_tags__in=rows, import_digest__endswith=filing_mark())
    sealed = set(untouched.values_list("pk", flat=True))
    # Of the rows of one story one stays: that of `into`, else the first.
    kept = Q(tag=into) | Q(tag__in=others, pk__lt=OuterRef("pk"))
    moved = rows.values("content_object").distinct().count()
    rows.filter(Exists(ArticleTag.objects.filter(kept, content_object=OuterRef("content_object")))).delete()
    rows.update(tag=into)
    Alias.objects.filter(tag__in=others).update(tag=into)
    for move in also_moved:
        move(into, others)
    if not into.description:
        into.description = next((topic.description for topic in others if topic.description), "")
        into.save(update_fields=["description"])
    try:
        Tag.objects.filter(pk__in=[topic.pk for topic in others]).delete()
    except ProtectedError as error:
        kept = ", ".join(sorted(f"“{row}”" for row in error.protected_objects))
        raise ValidationError(
            gettext("The page of %(topic)s was made by the desk: keep that topic, and merge the others into it.")
            % {"topic": kept}
        ) from None
    Alias.objects.bulk_create(Alias(tag=into, name=topic.name, slug=topic.slug) for topic in others)
    refresh_tag_texts(into, sealed)
    return moved


@transaction.atomic
def rename_topic(topic, name):
    """Gives a topic another name and the address that goes with it; the old ones stay as an alias.

    A name that differs in capitals only is no other name: the address stays. At most ten queries, however many
    stories.
    """
    old_name, old_slug = topic.name, topic.slug
    topic.name = name
    if name.lower() != old_name.lower():
        # Back under a name that it had: the alias becomes the name.
        topic.aliases.filter(name__iexact=name).delete()
        topic.slug = topic.free_slug()
        topic.save(update_fields=["name", "slug"])
        free = old_slug if topic.slug != old_slug else Tag(name=old_name).free_slug()
        topic.aliases.create(name=old_name, slug=free)
    else:
        topic.save(update_fields=["name"])
    refresh_tag_texts(topic)


def refresh_tag_texts(topic, sealed=()):
    """Writes the names of their topics into the search column of the stories filed under this one. One query.

    The set-based twin of `publishing.refresh_texts`, which sorts as Python does: by code point. `sealed` are ids
    of stories whose import digest is to say what they are filed under now. PostgreSQL computes the search vector
    of each changed story again, about half a millisecond for one of 450 words, and raises its edit version.
    """
    names = ArticleTag.objects.filter(content_object=OuterRef("pk")).order_by(Collate("tag__name", "C"))
    text = _joined(names.values("tag__name"), ", ")
    digest = Concat(Left("import_digest", DIGEST - MARK), filing_mark(), output_field=TextField())
    digest = Case(When(pk__in=sealed, then=digest), default="import_digest", output_field=TextField())
    stories = Article.objects.filter(article_tags__tag=topic).exclude(tag_text=text)
    stories.update(tag_text=text, import_digest=digest)


def filing_mark():
    """An expression: the topics that a story is filed under, in eight characters. The end of its import digest.

    So a merge can tell the importer that nobody has touched the stories that it moved.
    """
    topics = ArticleTag.objects.filter(content_object=OuterRef("pk")).order_by("tag").values("tag")
    return Left(MD5(_joined(topics, ",")), MARK)


def _joined(rows, mark):
    return Func(ArraySubquery(rows), Value(mark), function="array_to_string", output_field=TextField())
