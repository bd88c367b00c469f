"""Small papers to print, and what is read back from their PDFs."""

import io
import secrets
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pypdf import PdfReader

from editions.models import Edition
from tests.factories import make_article

SENTENCE = "The ferry left the northern landing at six with nine people and a dog that belonged to none of them. "


def body(sentences=20, mark=""):
    """A text of so many sentences, four to the paragraph; `mark` is its last word."""
    paragraphs = [SENTENCE * 4 for _ in range(sentences // 4)] or [SENTENCE]
    return "".join(f"<p>{text}</p>" for text in paragraphs) + (f"<p>{mark}</p>" if mark else "")


def make_stories(section, count, sentences=20, **fields):
    """Public stories of the last hours, the newest first."""
    now = timezone.now()
    return [
        make_article(
            section=section,
            headline=f"Ferry number {number} leaves",
            body=body(sentences, mark=f"Ende{number}"),
            publish_at=now - timedelta(minutes=number + 1),
            **fields,
        )
        for number in range(count)
    ]


def make_edition(stories, pages=3, **fields):
    """A public edition of today with files that hold nothing, the stories one after the other on its pages."""
    edition = Edition.objects.create(
        **{"date": timezone.localdate(), "token": secrets.token_hex(16), "pages": pages, "size": 5} | fields
    )
    for position, story in enumerate(stories):
        edition.stories.create(article=story, page=position % pages + 1, position=position)
    for name in edition.files:
        default_storage.save(name, ContentFile(b"%PDF-" if name.endswith("pdf") else b"RIFF-"))
    return edition


def read(edition):
    """The PDF of an edition."""
    with default_storage.open(edition.pdf) as file:
        return PdfReader(io.BytesIO(file.read()))


def text_of(edition, page=None):
    """The words of an edition or of one of its pages; hyphens at the ends of lines are taken out."""
    pages = read(edition).pages
    text = "\n".join(p.extract_text() for p in (pages if page is None else [pages[page - 1]]))
    return " ".join(text.replace("-\n", "").replace("\u00ad", "").split())


def elements(edition):
    """[(kind, alternative text)] of the structure tree, in reading order."""
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif hasattr(node, "get"):
            if "/S" in node:
                found.append((str(node["/S"]), str(node.get("/Alt", ""))))
            if "/K" in node:
                walk(node["/K"])

    walk(read(edition).trailer["/Root"]["/StructTreeRoot"])
    return found
