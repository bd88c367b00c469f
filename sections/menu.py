"""The frame around every page: menus and masthead, as plain data."""

from dataclasses import dataclass, field

from django.conf import settings

from .models import MastheadFact, MenuItem


@dataclass
class Entry:
    """One entry of a menu with the entries below it."""

    text: str
    href: str
    path: str = ""
    icon: str = ""
    children: list = field(default_factory=list)


@dataclass
class Frame:
    """What header, menus and footer show. `subsections` are the entries below each top section, by its path."""

    bar: list
    overlay: list
    tiles: list
    social: list
    footer: list
    facts: list
    name: str
    motto: str
    copyright: str
    subsections: dict


def load_frame():
    """The frame, from two queries: menu entries with their sections, masthead facts in force."""
    menus = {menu: [] for menu in MenuItem.Menu.values}
    entries = {}
    items = list(MenuItem.objects.select_related("section"))
    for item in items:
        path = item.section.path if item.section_id else ""
        entries[item.pk] = Entry(item.text, item.href, path, item.icon)
    for item in items:
        siblings = entries[item.parent_id].children if item.parent_id in entries else menus[item.menu]
        siblings.append(entries[item.pk])
    facts = list(MastheadFact.objects.in_force())
    by_kind = {fact.kind: fact.value for fact in facts}
    hidden = (MastheadFact.Kind.NAME, MastheadFact.Kind.MOTTO, MastheadFact.Kind.COPYRIGHT)
    name = by_kind.get(MastheadFact.Kind.NAME, settings.SITE_NAME)
    return Frame(
        **menus,
        facts=[fact for fact in facts if fact.kind not in hidden],
        name=name,
        motto=by_kind.get(MastheadFact.Kind.MOTTO, ""),
        subsections={entry.path: entry.children for entry in menus[MenuItem.Menu.OVERLAY] if entry.path},
        copyright=by_kind.get(MastheadFact.Kind.COPYRIGHT, f"Copyright © {name}. All rights reserved."),
    )
