"""Building an edition: all of it or nothing. The former files stand until the new ones are complete."""

import logging
import re
import secrets
import tempfile
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from articles.models import Article
from photos.models import Photo
from sections.models import MastheadFact
from sections.runner import alone, keep_doing

from .content import closing_moment, load_content
from .models import FOLDER, WIDTHS, Edition, EditionStory
from .printing import Printer, as_pictures
from .typesetter import TypesettingFailed

# Dots to the inch of the largest picture of a page.
PPI = 156
# Without a sign of life for so long, a building was killed.
LONGEST_BUILDING = timedelta(hours=1)
TOKEN = re.compile(r"[0-9a-f]{32}")
# A story may be withdrawn while its page is made; then all is made anew.
TRIES = 3

LOOK_SECONDS = 5

logger = logging.getLogger(__name__)


class NothingToPrint(Exception):
    """No story is public that could stand in the edition."""


class StoryGone(Exception):
    """A story or photo went while the edition was built."""


def build_edition(day=None, now=None):
    """Builds the edition of a day (today in Seoul by default) anew and returns it.

    Raises NothingToPrint, StoryGone, TypesettingFailed or OSError; the edition that stood there before then stays as it
    is, and the row says why. About 30 queries. Two processes that build at once both finish; the later one stays.
    """
    now = now or timezone.now()
    try:
        delete_remains()
    except Exception:  # whatever a storage raises: an edition is worth more than tidiness
        logger.warning("Files of editions that were never finished could not be deleted.", exc_info=True)
    edition, _ = Edition.objects.get_or_create(date=day or timezone.localdate(now))
    asked = edition.wanted_at
    try:
        for tries in range(1, TRIES + 1):
            try:
                _build(edition, now)
                break
            except StoryGone:
                if tries == TRIES:
                    raise
    except (NothingToPrint, StoryGone, TypesettingFailed, OSError) as error:
        Edition.objects.filter(pk=edition.pk).update(error=str(error) or type(error).__name__, wanted_at=None)
        raise
    # What was asked for while it was built is still to be done.
    Edition.objects.filter(pk=edition.pk, wanted_at=asked).update(wanted_at=None)
    edition.refresh_from_db()
    return edition


def _build(edition, now):
    until = closing_moment(edition, now)
    content = load_content(edition, until)
    if not (content.front or content.inside or content.spare):
        raise NothingToPrint("There is no public story to print: publish one, then build the edition again.")
    if not (content.front or content.inside):  # a day without news is printed from those before
        content.inside, content.spare = content.spare[:12], content.spare[12:]
    edition.token = secrets.token_hex(16)
    names = (
        MastheadFact.objects.value_of(MastheadFact.Kind.NAME),
        MastheadFact.objects.value_of(MastheadFact.Kind.MOTTO),
    )
    written = []
    try:
        with tempfile.TemporaryDirectory(prefix="edition-") as folder:
            printer = Printer(folder, paper=names[0] or settings.SITE_NAME, motto=names[1] or "", date=edition.date)
            printed = printer.print(content)
            written.append(default_storage.save(edition.pdf, ContentFile(printed.pdf)))
            for number, png in enumerate(printed.pictures(PPI), 1):
                for width, data in as_pictures(png, WIDTHS).items():
                    written.append(default_storage.save(edition.picture(number, width), ContentFile(data)))
        edition.pages, edition.size = printed.pages, len(printed.pdf)
        edition.closes_at, edition.built_at, edition.error = until, timezone.now(), ""
        former = _put_in_place(edition, printed.places)
    except BaseException:
        delete_files(written)
        raise
    delete_files(former)


@transaction.atomic
def _put_in_place(edition, places):
    """Shows the new files; returns the names of the former ones. Raises StoryGone if what they show is not public."""
    _wait_for_others()
    ids = [facts["article_id"] for facts in places]
    photos = {facts["photo_id"] for facts in places if facts.get("photo_id")}
    if Article.objects.published().filter(pk__in=ids).count() != len(ids) or Photo.objects.filter(
        pk__in=photos
    ).count() != len(photos):
        raise StoryGone("A story or photo was taken away while the edition was built: build it again.")
    former = Edition.objects.get(pk=edition.pk).files  # another process may have built it meanwhile
    edition.save(update_fields=["token", "pages", "size", "closes_at", "built_at", "error"])
    edition.stories.all().delete()
    EditionStory.objects.bulk_create(
        EditionStory(edition=edition, position=position, **facts) for position, facts in enumerate(places)
    )
    return former


def _wait_for_others():
    """Between a story's expunge and an edition that shows it there is an order: one waits for the other's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('editions.place'))")


def delete_files(names):
    """Deletes files of the storage; one that is gone already is no error."""
    for name in names:
        default_storage.delete(name)


def delete_remains():
    """Deletes the files of programs that were killed while they built; returns their names.

    That is what lies where editions do, under a token that no row has, for longer than any building takes. Works by
    what every storage can do, folders or none.
    """
    folders = [name for name in _list(FOLDER)[0] if TOKEN.fullmatch(name)]
    # Asked after the look: what was put in place meanwhile has its row by now.
    known = set(Edition.objects.exclude(token="").values_list("token", flat=True))
    deleted = []
    for folder in sorted(f"{FOLDER}/{name}" for name in set(folders) - known):
        names = [f"{folder}/{name}" for name in _list(folder)[1]]
        before = timezone.now() - LONGEST_BUILDING
        # A folder may be empty, but only where the storage has folders.
        if all(default_storage.get_modified_time(name) < before for name in names or [folder]):
            delete_files([*names, folder])
            deleted += names
    return deleted


def _list(folder):
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def take_out(**what):
    """Takes an `article` or `photo` that is expunged out of every edition; returns the names of the files to delete.

    Those editions show nothing until they are built anew, which is asked for at once. Part of the caller's transaction.
    """
    _wait_for_others()
    files = []
    found = EditionStory.objects.filter(**what).values("edition")
    for edition in Edition.objects.select_for_update().filter(pk__in=found):
        files += edition.files
        edition.token, edition.pages, edition.size, edition.wanted_at = "", 0, 0, timezone.now()
        edition.save(update_fields=["token", "pages", "size", "wanted_at"])
    return files


def build_wanted(now=None):
    """Builds the edition that was asked for longest ago, or today's if its time has come; returns how many (0 or 1).

    Any number of processes may call it: a lock of the database lets one work. Two queries if there is nothing to do.
    """
    now = now or timezone.now()
    day = next_day(now)
    if day is None:
        return 0
    with alone("editions.build") as is_free:
        day = next_day(now) if is_free else None  # another process may have built it meanwhile
        if day is None:
            return 0
        try:
            build_edition(day)
        except (NothingToPrint, StoryGone, TypesettingFailed, OSError):
            logger.warning("The edition of %s could not be built.", day, exc_info=True)
    return 1


def next_day(now):
    """The date of the edition that should be built at a moment, None if there is none to build. One or two queries."""
    if wanted := Edition.objects.wanted().first():
        return wanted.date
    local = timezone.localtime(now)
    if settings.EPAPER_AT is None or local.time() < settings.EPAPER_AT:
        return None
    # A failure is not repeated all day long: the row that it leaves says why.
    return None if Edition.objects.filter(date=local.date()).exclude(token="", error="").exists() else local.date()


def keep_building():
    """Starts the runner of this process: a thread that looks every few seconds for an edition that is to be built."""
    keep_doing("editions", build_wanted, LOOK_SECONDS, logger, "Editions could not be built.")
