"""The legal expunge: a story or a photo goes for good, with everything that keeps its content.

For a court's order or a person's right to be forgotten; everything else is withdrawn, and stays. What remains is one
entry of the audit log: who, when, the number of the row, and why.
"""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from articles.models import ArticlePhoto
from editions.building import take_out
from newsletters.models import IssueStory
from photos import renditions
from photos.models import Photo
from rankings.models import Placement
from readers.models import Action, AuditEntry
from sections.models import Redirect

GONE = "—"


def expunge_story(story, *, by, reason, photos=False):
    """Deletes a story, public or not, with its versions, notes, places in lists and letters, film and old addresses.

    It goes out of letters; editions that hold it lose their files and are built anew. With `photos` its photos go too,
    save those that anything else uses. Its name and content are taken out of the logs. Files go when the transaction
    has ended. Raises ValidationError for somebody who may not, or without a reason. About 54 queries, and those of its
    photos.
    """
    check(by, reason)
    with transaction.atomic():
        permit()
        film = getattr(story, "video", None)
        files = [file.name for file in (film.file, film.captions) if file] if film else []
        files += take_out(article=story)
        own = list(Photo.objects.filter(uses__article=story).distinct())
        paths = [story.get_absolute_url(), *story.old_addresses.values_list("path", flat=True)]
        Redirect.objects.filter(new_path__in=paths).delete()
        Placement.objects.filter(Q(article=story) | Q(fallback=story)).delete()
        IssueStory.objects.filter(article=story).delete()
        forget(story)
        row = story.pk
        story.delete()
        story.pk = row  # for the log
        if photos:
            for photo in own:
                if not used_by(photo):
                    files += _delete_photo(photo)
        log(story, by, reason)
        transaction.on_commit(lambda: delete_files(files))


def expunge_photo(photo, *, by, reason):
    """Deletes a photo with its original and every picture made of it. Refused while anything shows it.

    Editions in which it was printed lose their files and are built anew.

    Raises ValidationError then, for somebody who may not, and without a reason. The file of a photo that was replaced
    before is not known to the database and stays in the storage.
    """
    check(by, reason)
    if found := used_by(photo):
        raise ValidationError(
            _("The photo is still used: %(where)s. Take it out there first.") % {"where": ", ".join(found)}
        )
    with transaction.atomic():
        files = take_out(photo=photo) + _delete_photo(photo)
        log(photo, by, reason)
        transaction.on_commit(lambda: delete_files(files))


def used_by(photo, but=None):
    """The first ten stories and other rows that hold a photo, as “story 12”; `but` is a story that does not count.

    One query for each kind of row that can hold one.
    """
    found = [_("story %s") % use.article_id for use in photo.uses.exclude(article=but)[:10]]
    for relation in Photo._meta.related_objects:
        if not relation.many_to_many and relation.related_model is not ArticlePhoto:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: photo})[:10]
            found += [f"{row._meta.verbose_name} {row.pk}" for row in rows]
    return found[:10]


def check(by, reason):
    """Raises ValidationError unless an active administrator gives a reason."""
    is_administrator = by.is_superuser or by.groups.filter(name="Administrator").exists()
    if not (by.is_active and is_administrator):
        raise ValidationError(_("Only an administrator may expunge: %(user)s is none.") % {"user": by})
    if not reason.strip():
        raise ValidationError(_("Write the reason, for example the court and the number of its order."))


def permit():
    """Lets the database's guards pass what follows in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL newsroom.expunge = 'on'")


def forget(obj):
    """Takes what a row said out of both logs; that somebody did something to it stays."""
    permit()
    rows = AuditEntry.objects.filter(model=obj._meta.label_lower, object_id=str(obj.pk))
    rows.update(object_words=GONE, note="", changes={})
    kind = ContentType.objects.get_for_model(obj)
    LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk)).update(object_repr=GONE, change_message="")


def log(obj, by, reason):
    """Writes the one entry that remains."""
    AuditEntry.objects.create(
        action=Action.EXPUNGED,
        user=by,
        user_name=by.get_username(),
        model=obj._meta.label_lower,
        object_id=str(obj.pk),
        object_words=GONE,
        note=reason,
    )


def _delete_photo(photo):
    """Deletes the row and returns the names of its files."""
    forget(photo)
    row, files = photo.pk, [photo.file.name, *renditions.files_of(photo)]
    photo.delete()
    photo.pk = row
    return files


def delete_files(files):
    """Deletes files of the storage; one that is gone already is no error."""
    for name in files:
        default_storage.delete(name)
