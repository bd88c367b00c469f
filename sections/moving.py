"""Renaming and moving sections."""

from django.core.exceptions import ValidationError
from django.db import transaction

from .models import Redirect, Section


@transaction.atomic
def move_section(section):
    """Saves a section whose slug or parent was changed, with all that follows from it.

    Paths of its children are rewritten and every address that existed gets a permanent redirect; older
    redirects are pointed at the new address, so that none needs two hops. Raises ValidationError, naming
    the section that has the address, before anything is written.
    """
    old = Section.objects.select_for_update().get(pk=section.pk)
    new_path = section.computed_path()
    moved = {old.path: new_path}
    children = list(section.children.select_for_update())
    moved |= {child.path: f"{new_path}/{child.slug}" for child in children}
    if new_path == old.path:
        section.save()
        return section
    clash = Section.objects.filter(path__in=moved.values()).exclude(pk__in=[section.pk, *[c.pk for c in children]])
    if taken := clash.first():
        raise ValidationError({"slug": f"The section {taken} already has the address /{taken.path}/."})
    section.save()
    for child in children:
        child.parent = section
        child.save()
    for old_path, path in moved.items():
        add_redirect(f"/{old_path}/", f"/{path}/")
    return section


@transaction.atomic
def add_redirect(old_path, new_path):
    """Makes `old_path` lead to `new_path` for good, without chains or loops."""
    Redirect.objects.filter(old_path=new_path).delete()
    Redirect.objects.filter(new_path=old_path).update(new_path=new_path)
    redirect, _ = Redirect.objects.update_or_create(old_path=old_path, defaults={"new_path": new_path})
    return redirect
