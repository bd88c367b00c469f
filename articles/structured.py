"""Structured data (https://schema.org, as JSON-LD) of what a page shows. Built from rows that are loaded; no query.

Each public function returns what `sections.pages.render_page` takes as `structured`: a function of the page's frame.
"""

from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from sections.html import plain_text
from sections.pages import absolute

from .models import Article
from .reading import words_of

# Google asks for all three; see developers.google.com/search/docs/appearance/structured-data/article
CROPS = ("16x9", "4x3", "1x1")
# Pages that a menu of the footer leads to, and what they are to schema.org's NewsMediaOrganization.
POLICIES = {
    "/policy/code-of-ethics/": ("ethicsPolicy", "publishingPrinciples"),
    "/corrections/": ("correctionsPolicy",),
    "/policy/ombudsman/": ("actionableFeedbackPolicy",),
    "/about/masthead/": ("masthead",),
    "/about/": ("ownershipFundingInfo",),
}
BY_LABEL = {"analysis": "AnalysisNewsArticle", "review": "ReviewNewsArticle", "background": "BackgroundNewsArticle"}


def _without_empty(data):
    return {name: value for name, value in data.items() if value not in ("", None, [], {})}


def _publisher(frame):
    logo = {"@type": "ImageObject", "url": absolute(static("img/logo.png")), "width": 512, "height": 512}
    return {"@type": "NewsMediaOrganization", "@id": absolute("/#paper"), "name": frame.name, "url": absolute("/")} | {
        "logo": logo
    }


def _breadcrumbs(*steps):
    """A BreadcrumbList of (words, path), the front page before them."""
    items = [("Front page", "/"), *steps]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": absolute(path)}
            for place, (name, path) in enumerate(items, 1)
        ],
    }


def _sections(section):
    chain = [section.parent, section] if section.parent_id else [section]
    return [(step.name, step.get_absolute_url()) for step in chain]


def _moment(moment, precision=Article.Precision.MINUTE):
    """A moment as the page's `time` elements have it, with the offset of Seoul at that time."""
    if not moment:
        return ""
    local = timezone.localtime(moment)
    return local.date().isoformat() if precision == Article.Precision.DAY else local.isoformat(timespec="minutes")


def _images(use, crops=CROPS):
    """ImageObjects of a photo use, one for each crop, with its words, credit and licence."""
    for crop in crops:
        picture = use.framed.picture(crop)
        if picture:
            credit = use.shown_credit
            yield _without_empty(
                {
                    "@type": "ImageObject",
                    "url": absolute(picture.src),
                    "contentUrl": absolute(picture.src),
                    "width": picture.width,
                    "height": picture.height,
                    "caption": use.shown_caption,
                    "creditText": credit,
                    "copyrightNotice": credit,
                    "creator": {"@type": "Person", "name": use.photo.photographer} if use.photo.photographer else None,
                    "license": use.photo.licence_url,
                }
            )


def _person(reporter):
    return _without_empty(
        {
            "@type": "Person",
            "name": reporter.name,
            "url": absolute(reporter.get_absolute_url()),
            "jobTitle": reporter.title,
        }
    )


def _video(story):
    film = getattr(story, "video", None)
    if film is None:
        return None
    thumbnails = [image["url"] for image in _images(story.lead, ("16x9",))] if story.lead else []
    return _without_empty(
        {
            "@type": "VideoObject",
            "name": story.headline,
            "description": story.deck or story.headline,
            "thumbnailUrl": thumbnails,
            "uploadDate": _moment(story.publish_at),
            "duration": f"PT{film.seconds}S" if film.seconds else "",
            "contentUrl": absolute(film.file.url) if film.file else "",
            "embedUrl": film.player.src if not film.file and film.player else "",
            "transcript": plain_text(film.transcript),
        }
    )


def _type(story):
    if story.format == Article.Format.OPINION:
        return "OpinionNewsArticle"
    return BY_LABEL.get(story.label.lower(), "NewsArticle")


def of_story(story):
    """A story (from `for_detail`) with its place among the sections."""

    def data(frame):
        shown = story.all_uses if story.format == Article.Format.GALLERY else [story.lead] if story.lead else []
        crops = ("full",) if story.format == Article.Format.GALLERY else CROPS
        publisher = _publisher(frame)
        article = {
            "@type": _type(story),
            "headline": story.headline,
            "description": story.deck,
            "url": absolute(story.get_absolute_url()),
            "mainEntityOfPage": absolute(story.get_absolute_url()),
            "image": [image for use in shown for image in _images(use, crops)],
            "datePublished": _moment(story.publish_at, story.date_precision),
            "dateModified": _moment(story.updated_at if story.was_updated else story.publish_at, story.date_precision),
            "author": [_person(credit.reporter) for credit in story.credits] or publisher,
            "publisher": publisher,
            "articleSection": story.section.name,
            "keywords": [tag["name"] for tag in story.tag_list],
            "inLanguage": story.lang,
            "wordCount": None if story.has_locked_part else words_of(story) or None,
            "isAccessibleForFree": not story.has_locked_part,
            # developers.google.com/search/docs/appearance/structured-data/paywalled-content
            "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".rest"}
            if story.has_locked_part
            else None,
            "isPartOf": _column(story.column) if story.column_id else None,
            "correction": [
                {"@type": "CorrectionComment", "text": note["text"], "datePublished": note["day"]}
                for note in story.correction_list
            ],
            "video": _video(story),
            "license": story.licence,
            "isBasedOn": story.source_url,
        }
        crumbs = _breadcrumbs(*_sections(story.section), (story.headline, story.get_absolute_url()))
        return [_without_empty(article), crumbs]

    return data


def _column(column):
    return {"@type": "CreativeWorkSeries", "name": column.name, "url": absolute(column.get_absolute_url())}


def of_front(frame):
    """The paper itself, with its policies, and the search of its site."""
    addresses = {entry.href for group in frame.footer for entry in group.children}
    facts = {fact.kind: fact.value for fact in frame.facts}
    policies = {name: absolute(path) for path, names in POLICIES.items() if path in addresses for name in names}
    paper = (
        _publisher(frame)
        | policies
        | {
            "slogan": frame.motto,
            "email": facts.get("email"),
            "telephone": facts.get("telephone"),
            "address": facts.get("address"),
            "sameAs": [entry.href for entry in frame.social],
        }
    )
    action = {
        "@type": "SearchAction",
        "target": absolute(reverse("search") + "?q={words}"),
        "query-input": "required name=words",
    }
    site = {"@type": "WebSite", "name": frame.name, "url": absolute("/"), "potentialAction": action}
    return [_without_empty(paper), site]


def of_section(section):
    """Where a section stands (its parent must be loaded)."""
    return lambda frame: [_breadcrumbs(*_sections(section))]


def of_list(*steps):
    """Where a list stands: (words, path) from the top down."""
    return lambda frame: [_breadcrumbs(*steps)]


def of_reporter(reporter):
    """A reporter's profile (portrait loaded)."""

    def data(frame):
        portrait = reporter.portrait.picture("1x1") if reporter.portrait_id else None
        path = reporter.get_absolute_url()
        person = _person(reporter) | {
            "alternateName": reporter.native_name,
            "description": reporter.bio,
            "image": absolute(portrait.src) if portrait else "",
            "knowsAbout": reporter.beat_list,
            "worksFor": _publisher(frame) if reporter.is_active else None,
        }
        profile = {"@type": "ProfilePage", "url": absolute(path), "mainEntity": _without_empty(person)}
        return [profile, _breadcrumbs(("Reporters", reverse("reporters")), (reporter.name, path))]

    return data
