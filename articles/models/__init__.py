"""Everything that editors publish, by subject: the article, its people, its tags, its record."""

from .article import Article, ArticlePhoto, RelatedArticle, Video
from .desk import BrokenLink, CheckedLink, DeskNote, Presence, PreviewLink, SavedFilter, Scratch
from .names import Alias
from .outbox import Announcement
from .people import Byline, Column, Reporter
from .record import ArticleVersion, Correction, OldAddress
from .tags import ArticleTag, Tag

__all__ = [
    "Alias",
    "Announcement",
    "Article",
    "ArticlePhoto",
    "ArticleTag",
    "ArticleVersion",
    "BrokenLink",
    "Byline",
    "CheckedLink",
    "Column",
    "Correction",
    "DeskNote",
    "OldAddress",
    "Presence",
    "PreviewLink",
    "RelatedArticle",
    "Reporter",
    "SavedFilter",
    "Scratch",
    "Tag",
    "Video",
]
