"""Rows for tests. Defaults make the boring case: a public story of an hour ago."""

import io
from datetime import timedelta
from itertools import count

from django.utils import timezone
from PIL import Image

from articles import publishing
from articles.models import Article, ArticlePhoto, Byline, Reporter
from photos.library import add_photo
from rankings.models import StoryList
from readers.models import User
from sections.models import Section

_numbers = count(1)


def make_section(name="National", parent=None, **fields):
    """A section; the one with that address if it exists."""
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    path = f"{parent.path}/{slug}" if parent else slug
    found = Section.objects.filter(path=path).first()
    return found or Section.objects.create(name=name, slug=slug, parent=parent, **fields)


def make_article(*, reporters=(), tags=(), photos=(), **fields):
    """A public story of an hour ago; `photos` become uses, the first one the lead."""
    number = next(_numbers)
    article = make_draft(
        headline=fields.pop("headline", f"Story number {number}"), **{"slug": f"story-{number}"} | fields
    )
    for position, reporter in enumerate(reporters):
        Byline.objects.create(article=article, reporter=reporter, position=position)
    for position, photo in enumerate(photos):
        placement = ArticlePhoto.Placement.INLINE if position else ArticlePhoto.Placement.LEAD
        ArticlePhoto.objects.create(article=article, photo=photo, position=position, placement=placement)
    article.tags.add(*tags)
    if article.status == Article.Status.READY:
        article.address_date = timezone.localtime(article.publish_at).date()
        article.save()
    publishing.refresh_texts(article)
    return article


def make_draft(**fields):
    """An article row with these fields; public an hour ago unless a status is given."""
    at = fields.pop("publish_at", timezone.now() - timedelta(hours=1))
    fields = {
        "section": fields.pop("section", None) or make_section(),
        "deck": "A sentence that says what it is about.",
        "body": "<p>The first paragraph of the story.</p><p>The second one.</p>",
        "status": Article.Status.READY,
        "publish_at": at,
    } | fields
    if fields["status"] == Article.Status.READY:
        fields.setdefault("address_date", timezone.localtime(at).date())
    return Article.objects.create(**fields)


def draft(**fields):
    """A story that nobody but the staff may see."""
    return make_article(status=Article.Status.DRAFT, publish_at=None, **fields)


def embargoed(**fields):
    """A ready story that becomes public in an hour."""
    return make_article(publish_at=timezone.now() + timedelta(hours=1), **fields)


def withdrawn(**fields):
    """A story that was public and is no longer."""
    article = make_article(**fields)
    return publishing.withdraw(article, "The main witness took back what he had said.")


def make_reporter(name="Seo Ha-rin", **fields):
    """A reporter of that name."""
    slug = fields.pop("slug", name.lower().replace(" ", "-"))
    return Reporter.objects.create(name=name, slug=slug, **fields)


def image_bytes(size=(1600, 1067), color="teal", image_format="JPEG", **options):
    """The bytes of a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, image_format, **options)
    return out.getvalue()


def make_photo(render=False, data=None, **fields):
    """A photo of the library; `render=True` makes its pictures."""
    fields = {"alt_text": "A teal square.", "caption": "The square at noon.", "credit": "Hangang Times"} | fields
    return add_photo(io.BytesIO(data or image_bytes()), f"photo-{next(_numbers)}.jpg", render=render, **fields)


def make_list(slug, title=None, size=10, **fields):
    """A story list."""
    return StoryList.objects.create(slug=slug, title=title or slug.replace("-", " ").title(), size=size, **fields)


def make_staff(username="editor", superuser=True, **fields):
    """Somebody who may sign in to the admin; the password is `password`."""
    fields = {"email": f"{username}@example.com", "is_staff": True, "is_superuser": superuser} | fields
    return User.objects.create_user(username, password="password", **fields)
