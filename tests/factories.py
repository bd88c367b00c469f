"""Rows for tests. Defaults make the boring case: a public story of an hour ago."""

import io
import json
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from articles import publishing
from articles.models import (
    Alias,
    Article,
    ArticlePhoto,
    BrokenLink,
    Byline,
    CheckedLink,
    Column,
    OldAddress,
    RelatedArticle,
    Reporter,
    Tag,
    Video,
)
from editions.models import Edition
from mypaper.models import Digest, Follow, SavedStory
from newsletters.models import Delivery, Issue, IssueStory, Newsletter, Subscriber, Subscription
from photos.library import add_photo
from photos.models import Photo
from rankings.counting import write_batch
from rankings.filling import refresh_all
from rankings.models import Front, StoryList
from rankings.placing import end, place
from readers.models import User
from sections.bin import throw_away
from sections.models import BreakingNews, Page, Section, SectionEditor
from sections.moving import add_redirect
from subscriptions import licensing, ordering
from subscriptions.models import PaymentEvent, Plan

_numbers = count(1)


def seoul(text):
    """A moment from its Seoul time: seoul("2021-02-27 09:32")."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Seoul"))


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


def make_alias(owner, name, slug=""):
    """Another name of a topic or a reporter."""
    slug = slug or name.lower().replace(" ", "-")
    return Alias.objects.create(name=name, slug=slug, **{"tag" if isinstance(owner, Tag) else "reporter": owner})


def image_bytes(size=(1600, 1067), color="teal", image_format="JPEG", **options):
    """The bytes of a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, image_format, **options)
    return out.getvalue()


def make_photo(render=False, data=None, **fields):
    """A photo of the library; `render=True` makes its pictures."""
    fields = {"alt_text": "A teal square.", "caption": "The square at noon.", "credit": "Hangang Times"} | fields
    return add_photo(io.BytesIO(data or image_bytes()), f"photo-{next(_numbers)}.jpg", render=render, **fields)


def shown_photo(**fields):
    """A photo whose pictures count as made, though there are no files: enough for every page."""
    fields = {"alt_text": "A teal square.", "caption": "The square at noon.", "credit": "Hangang Times"} | fields
    size = {"width": 1600, "height": 1067}
    return Photo.objects.create(file="originals/none.jpg", sha256="0" * 64, rendered_at=timezone.now(), **size | fields)


def make_video(article, data=b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 8, **fields):
    """The film of an article, with captions."""
    video = Video(article=article, seconds=187, **fields)
    video.file.save("film.mp4", ContentFile(data), save=False)
    video.captions.save("film.vtt", ContentFile(b"WEBVTT\n\n00:00.000 --> 00:02.000\nRain.\n"), save=False)
    video.save()
    return video


def make_list(slug, title=None, size=10, **fields):
    """A story list."""
    return StoryList.objects.create(slug=slug, title=title or slug.replace("-", " ").title(), size=size, **fields)


def make_front(**fields):
    """The front page with the zones that a paper begins with, as the fixture has them; sections are made for it."""
    front = Front.objects.create(**fields)
    rows = json.loads((settings.BASE_DIR / "rankings/fixtures/lists.json").read_text())
    for row in rows:
        zone = row["fields"] | {"front": front}
        if row["model"] == "rankings.storylist" and row["fields"].get("front"):
            if zone["section"]:
                parent = None
                for slug in zone["section"][0].split("/"):
                    parent = make_section(slug.replace("-", " ").title(), parent=parent)
                zone["section"] = parent
            if not StoryList.objects.filter(slug=zone["slug"]).exists():
                StoryList.objects.create(**zone)
    return front


def make_staff(username="editor", superuser=True, **fields):
    """Somebody who may sign in to the admin; the password is `password`."""
    fields = {"email": f"{username}@example.com", "is_staff": True, "is_superuser": superuser} | fields
    return User.objects.create_user(username, password="password", **fields)


def make_paper():
    """A small paper with something of everything, its pictures included; names of what tests look for.

    The menus and lists are those of the fixtures, the static pages those of the demo.
    """
    call_command("loaddata", "menu", "lists", "crawlers", "demo/ads", "demo/masthead", "demo/pages", verbosity=0)
    long_ago = timezone.now() - timedelta(days=9)
    BreakingNews.objects.create(text="Storm reaches Busan", starts_at=long_ago, ends_at=long_ago + timedelta(hours=1))
    sections = {section.path: section for section in Section.objects.select_related("parent")}
    now = timezone.now().replace(second=0, microsecond=0)
    editor = make_staff("desk")
    face = make_photo(render=True, data=image_bytes((200, 240), "brown"), alt_text="Seo Ha-rin at her desk.")
    seo = make_reporter(
        "Seo Ha-rin",
        native_name="서하린",
        email="seo@example.com",
        title="Economy reporter",
        beats="Shipbuilding, labor",
        portrait=face,
        user=editor,
    )
    make_alias(seo, "Suh Ha-rin")
    moon = make_reporter("Moon Ji-ho", is_active=False)
    wide = make_photo(render=True, data=image_bytes((640, 420), "navy"), alt_text="A quay at dusk.")
    tall = make_photo(render=True, data=image_bytes((300, 400), "olive"), alt_text="A crane.", focal_x=0.25)
    column = Column.objects.create(name="River notes", slug="river-notes", reporter=moon)

    hour = iter(range(1, 100))

    def story(path, **fields):
        at = fields.pop("publish_at", now - timedelta(hours=next(hour)))
        return make_article(section=sections[path], publish_at=at, **fields)

    paper = SimpleNamespace(editor=editor, seo=seo, moon=moon, wide=wide, tall=tall, sections=sections)
    paper.story = story(
        "business/manufacturing",
        headline="Shipyard hires 400 welders",
        kicker="Manufacturing",
        dateline="ULSAN",
        label="Exclusive",
        reporters=[seo, moon],
        tags=["Shipbuilding", "울산"],
        photos=[wide, tall],
        body=f'<p>One.</p><h2>Why now</h2><figure data-photo="{tall.uuid}"></figure><p>Two.</p>'
        "<table><tbody><tr><td>1</td></tr></tbody></table>",
    )
    paper.story.also_in.add(sections["national/society"])
    make_alias(Tag.objects.get(slug="shipbuilding"), "조선업")
    paper.plain = [
        story(path, tags=["Shipbuilding"] if path.startswith("b") else [], photos=[wide] if path == "sports" else [])
        for path in (
            *("national/politics", "national/law-crime", "business/tech", "finance/economy", "lifestyle/trends"),
            *("entertainment/k-pop", "entertainment/films", "entertainment/music", "sports", "world/asia"),
            *("north-korea", "opinion/today-in-history"),
        )
    ]
    paper.premium = next(one for one in paper.plain if one.section.path == "north-korea")
    words = "".join(f"<p>{'Words of it. ' * 20}</p>" for _ in range(6))
    Article.objects.filter(pk=paper.premium.pk).update(access="premium", body=words)
    paper.opinion = story("opinion/columns", format="opinion", reporters=[seo], column=column)
    paper.gallery = story("photos/darkroom", format="gallery", photos=[wide, tall], headline="A night in the yard")
    paper.cartoon = story("opinion/cartoon", format="cartoon", reporters=[moon], photos=[tall], body="")
    paper.video = story("video/news", format="video", photos=[wide], body="<p>Three minutes of rain.</p>")
    make_video(paper.video, transcript="<p>It rains.</p>")
    paper.korean = story("national/society", lang="ko", headline="조선소 용접공 채용", tags=["울산"])
    paper.draft = make_article(section=sections["sports"], status=Article.Status.DRAFT, publish_at=None)
    paper.embargoed = story("finance/markets", publish_at=now + timedelta(hours=5), headline="Budget in full")
    paper.withdrawn = publishing.withdraw(story("world"), "The document was a forgery.", at=now)
    RelatedArticle.objects.create(article=paper.story, related=paper.plain[2], position=1)
    for article in (paper.story, paper.video):
        publishing.record_version(article, kind="published", by=editor, public_from=article.publish_at)
    publishing.correct(paper.story, "The yard hires 400 welders, not 40.", by=editor, at=now)
    place(StoryList.objects.get(slug="front-lead"), 1, paper.story, starts=now - timedelta(hours=2), by=editor)
    ended = place(
        StoryList.objects.get(slug="ticker"), 2, paper.gallery, starts=now - timedelta(hours=3), headline="In the yard"
    )
    end(ended, now - timedelta(hours=1))
    end(place(StoryList.objects.get(slug="ticker"), 3, paper.video, starts=now + timedelta(days=2)), now)
    write_batch({(article.pk, now.replace(minute=0)): n for n, article in enumerate(paper.plain, 1)})
    refresh_all(now)
    add_redirect("/economy/", "/finance/")
    OldAddress.objects.create(article=paper.story, path="/www/biz/2021/02/129_304756.html")
    paper.story.announcements.create(event="hub", due_at=now, done_at=now)
    edition = Edition.objects.create(date=timezone.localdate() - timedelta(days=1), error="No paper.")
    edition.stories.create(article=paper.story, page=1)
    Page.objects.create(address="/about/masthead/", title="Masthead", body="<p>Who is who.</p>", version="2")
    paper.issue = make_letter(paper, now)
    make_mypaper(paper)
    make_subscriptions(paper)
    at_the_desk(paper)
    return paper


def make_letter(paper, now):
    """A letter with a reader and an issue of yesterday, which is in the archive."""
    letter = Newsletter.objects.create(
        name="Morning briefing",
        slug="morning-briefing",
        description="Six stories before the first train.",
        rhythm="Every morning at seven",
        story_list=StoryList.objects.get(slug="top-10"),
        time_of_day="07:00",
        weekdays=[1, 2, 3, 4, 5],
    )
    reader = Subscriber.objects.create(address="Reader@example.com", key="reader@example.com")
    Subscription.objects.create(newsletter=letter, subscriber=reader, confirmed_at=now, source="newsletters")
    yesterday = now - timedelta(days=1)
    issue = Issue.objects.create(
        newsletter=letter,
        subject="Welders wanted",
        intro="Good morning.",
        state=Issue.State.SENT,
        send_at=yesterday,
        sent_at=yesterday,
        day=timezone.localdate(yesterday),
    )
    IssueStory.objects.create(issue=issue, article=paper.story, position=10, picture=True)
    IssueStory.objects.create(issue=issue, article=paper.opinion, position=20, headline="A river, in brief")
    Delivery.objects.create(issue=issue, subscriber=reader, state=Delivery.State.SENT, sent_at=yesterday)
    return issue


def make_mypaper(paper):
    """A reader with a saved story, follows, and a digest of yesterday."""
    user = User.objects.create_user("reader-1", "yuna@example.org", None)
    SavedStory.objects.create(user=user, article=paper.story)
    Follow.objects.create(user=user, reporter=paper.seo)
    digest = Digest.objects.create(user=user)
    now = timezone.now()
    span = {"day": timezone.localdate() - timedelta(days=1), "since": now - timedelta(days=2), "until": now}
    Delivery.objects.create(digest=digest, state=Delivery.State.SENT, **span)


def make_account(address="reader@example.com", **fields):
    """A reader's account whose address is confirmed."""
    fields = {"username": f"reader-{User.objects.count()}", "first_name": "Yuna"} | fields
    user = User.objects.create_user(email=address, password=None, **fields)
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    return user


def make_plan(name="Print", **fields):
    """A plan on sale; print with everything by default."""
    gives = {"gives_delivery": True, "gives_epaper": True, "gives_premium": True}
    fields = {"slug": name.lower().replace(" ", "-"), "description": f"About {name}.", "price": 24000} | gives | fields
    return Plan.objects.create(name=name, **fields)


def make_order(plan=None, **fields):
    """An order that has just been made."""
    given = {"name": "Yoo Bo-mi", "email": "bomi@example.com", "telephone": "+821012345678"}
    address = {"postcode": "03925", "road_address": "21 Naru-ro, Mapo-gu, Seoul"}
    plan = plan or Plan.objects.first() or make_plan()
    given |= address if plan.gives_delivery else {}
    return ordering.place_order(plan, **given | {"starts_on": timezone.localdate()} | fields)


def subscribe(user):
    """Has a reader pay for a plan that opens everything; the order runs."""
    order = make_order(user=user, email=user.email)
    ordering.confirm(order, who="editor")
    return ordering.start(order, who="editor")


def make_subscriptions(paper):
    """A plan with an order that was paid by a payment service, and somebody who wants to reprint a story."""
    paper.order = make_order()
    ordering.confirm(paper.order, who="payment", provider="sandbox", payment="pay_1")
    PaymentEvent.objects.create(
        provider="sandbox", event_id="evt_1", kind="paid", order=paper.order, happened_at=timezone.now(), outcome="done"
    )
    licensing.ask(
        name="Cho Mi-rae",
        email="mirae@example.com",
        telephone="+82312345678",
        kind="stories",
        wanted=f"https://example.com{paper.story.get_absolute_url()} and {paper.story.get_absolute_url()}",
        purpose="A reader for schools.",
        medium="book",
    )


def at_the_desk(paper):
    """What only the newsroom sees of a small paper."""
    user, story = paper.editor, paper.draft
    SectionEditor.objects.create(user=user, section=paper.sections["business"])
    publishing.hand_in(story, "Ready?", by=user)
    story.preview_links.create(note="The lawyer", expires_at=timezone.now() + timedelta(days=3), created_by=user)
    story.presences.create(user=user)
    story.scratches.create(user=user, headline="Unsaved", data={"headline": ["Unsaved"]})
    user.saved_filters.create(name="Mine", query="mine=yes")
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    BrokenLink.objects.create(place=f"articles.article:{story.pk}", article=story, link="/nowhere/", **seen)
    CheckedLink.objects.create(link="https://www.example.com/", checked_at=timezone.now())
    throw_away(make_draft(status=Article.Status.DRAFT, publish_at=None, headline="Thrown away"), by=user)
