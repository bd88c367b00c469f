"""The bin of the newsroom: what is deleted in the admin is kept whole and can be brought back."""

from django.contrib.admin.utils import NestedObjects
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from .models import Binned

# What belongs to one visit of one person is not worth bringing back.
NOT_KEPT = {"articles.presence", "articles.scratch", "sections.binned"}


@transaction.atomic
def throw_away(obj, *, by=None):
    """Deletes a row with all that goes with it and returns the Binned row that holds them.

    Raises ProtectedError for a row that others hold, and whatever the database refuses. Costs what the deletion
    costs, and one query for each kind of row that goes with it.
    """
    collector = NestedObjects(using="default", origin=obj)
    collector.collect([obj])
    # What a row points at comes back before it.
    rows = [row for rows in collector.data.values() for row in rows]
    rows += [row for rows in collector.fast_deletes for row in rows]
    kept = [row for row in rows if row._meta.label_lower not in NOT_KEPT]
    order = {model: place for place, model in enumerate(serializers.sort_dependencies([(None, _models(kept))]))}
    kept.sort(key=lambda row: order[type(row)])
    binned = Binned.objects.create(
        model=obj._meta.label_lower,
        words=str(obj)[:300],
        content=serializers.serialize("json", kept),
        deleted_by=by,
    )
    obj.delete()
    return binned


def _models(rows):
    return list(dict.fromkeys(type(row) for row in rows))


@transaction.atomic
def bring_back(binned):
    """Puts a deleted thing back as it was, empties its place in the bin, and returns it.

    Raises ValidationError when something that it needs is gone, or its place is taken. Nothing is written then.
    """
    try:
        with transaction.atomic():
            found = list(serializers.deserialize("json", binned.content))
            for row in found:
                if type(row.object).objects.filter(pk=row.object.pk).exists():
                    raise ValidationError(_("“%(what)s” is there again already.") % {"what": binned.words})
                row.save()
            # Foreign keys are looked at when the transaction ends, which would be too late for a sentence.
            connection.check_constraints()
    except (IntegrityError, DeserializationError) as error:
        raise ValidationError(
            _(
                "“%(what)s” cannot be brought back as it was: something that it belongs to is gone, or its name or "
                "address was given to something else. Mend that first."
            )
            % {"what": binned.words}
        ) from error
    back = next((row.object for row in found if row.object._meta.label_lower == binned.model), None)
    binned.delete()
    return back
