"""Renaming and moving sections and pages, and the redirects that keep their old addresses."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .models import Page, Redirect, Section

OWN_PATH = re.compile(r"/(?!/)\S*")
TARGET = re.compile(r"/(?!/)\S*|https?://[^\s/]\S*")
LONGEST = 300


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
        raise ValidationError(
            {
                "slug": _("The section %(section)s already has the address /%(path)s/.")
                % {"section": taken, "path": taken.path}
            }
        )
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


def addresses_of(section):
    """The addresses that move with a section: its own and those of its subsections. One query."""
    return [section.get_absolute_url(), *(child.get_absolute_url() for child in section.children.order_by("path"))]


def end_of(new_path, old_path):
    """Where a redirect to `new_path` ends, other redirects followed. Raises ValidationError for a loop."""
    seen = {old_path}
    while True:
        if new_path in seen:
            raise ValidationError(_("This leads in a circle: %(path)s comes back to itself.") % {"path": new_path})
        seen.add(new_path)
        further = Redirect.objects.filter(old_path=new_path).values_list("new_path", flat=True).first()
        if further is None:
            return new_path
        new_path = further


def why_not_from(path):
    """Why no redirect can start at a path, as a sentence; empty if one can. Two queries."""
    if not OWN_PATH.fullmatch(path) or len(path) > LONGEST:
        return _("Write the address as it was, from the first slash on, without blanks: /economy/.")
    taken = path.strip("/")
    if Section.objects.filter(path=taken).exists() or Page.objects.filter(address=f"/{taken}/").exists():
        return _("A section or page stands at this address, so nobody would ever be redirected.")
    return ""


def why_not_to(path):
    """Why no redirect can lead to an address, as a sentence; empty if one can."""
    if not TARGET.fullmatch(path) or len(path) > LONGEST:
        return _("Write /an/address/ of this site, or a full https:// address, without blanks.")
    return ""


@dataclass(frozen=True)
class PlannedRedirect:
    """What a pasted line would do: the redirect, its real end, and why not (`problem`)."""

    line: int
    old_path: str = ""
    new_path: str = ""
    now: str = ""
    problem: str = ""


def plan_redirects(text):
    """[PlannedRedirect] of lines “old new”; nothing is written. Five queries a line."""
    planned, named = [], set()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            planned.append(PlannedRedirect(number, problem=_("Write two addresses with a blank between them.")))
            continue
        old, new = words
        problem = why_not_from(old) or why_not_to(new)
        if not problem and old in named:
            problem = _("This address stands in an earlier line already.")
        if not problem:
            try:
                new = end_of(new, old)
            except ValidationError as error:
                problem = error.messages[0]
        named.add(old)
        now = Redirect.objects.filter(old_path=old).values_list("new_path", flat=True).first() or ""
        planned.append(PlannedRedirect(number, old, new, now, problem))
    return planned


@transaction.atomic
def add_redirects(planned):
    """Writes those of the planned redirects that have no problem, all or none; returns how many."""
    good = [one for one in planned if not one.problem]
    for one in good:
        # An earlier line may have led on what this one names.
        add_redirect(one.old_path, end_of(one.new_path, one.old_path))
    return len(good)
