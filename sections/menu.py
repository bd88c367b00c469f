"""The frame around every page: menus and masthead, as plain data."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import CharField, Value
from django.db.models.functions import Cast

from .models import EVERYBODY, BreakingNews, Crawler, MastheadFact, MenuItem
from .shared import shared
from .surrogates import note

# Marks the line among the rows of the frame.
BREAKING = "breaking"


@dataclass
class Entry:
    """One entry of a menu with the entries below it."""

    text: str
    href: str
    path: str = ""
    icon: str = ""
    children: list = field(default_factory=list)


@dataclass
class Breaking:
    """The line of breaking news over every page; `href` may be empty."""

    text: str
    href: str
    at: datetime


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
    content_usage: str
    breaking: Breaking | None
    rendered: dict = field(default_factory=dict)


def load_frame():
    """The frame. Two queries, none where the process keeps it (see `shared`)."""
    return shared("frame", _load)


def _load():
    """The frame from two queries: menu entries with their sections; masthead, crawlers' policy and breaking news."""
    note("menu", "crawlers")
    menus = {menu: [] for menu in MenuItem.Menu.values}
    entries = {}
    items = list(MenuItem.objects.select_related("section"))
    for item in items:
        path = item.section.path if item.section_id else ""
        entries[item.pk] = Entry(item.text, item.href, path, item.icon)
    for item in items:
        siblings = entries[item.parent_id].children if item.parent_id in entries else menus[item.menu]
        siblings.append(entries[item.pk])
    facts, content_usage, breaking = _facts_and_usage()
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
        content_usage=content_usage,
        breaking=breaking,
    )


def _facts_and_usage():
    """The masthead facts in force, the value of the Content-Usage header, breaking news: one query for all."""
    facts = MastheadFact.objects.in_force().order_by().values_list("kind", "label", "value", "lang", "position", "id")
    everybody = Crawler.objects.everybody().order_by()
    policy = everybody.values_list(Value(EVERYBODY), "train_ai", "search", Value(""), Value(0), "id")
    line = BreakingNews.objects.in_force().order_by()
    news = line.values_list(Value(BREAKING), "text", "url", Cast("starts_at", CharField()), Value(0), "id")
    found, usage, breaking = [], "", None
    for kind, label, value, lang, *_ in facts.union(policy, news, all=True).order_by("position", "id"):
        if kind == BREAKING:
            at = datetime.fromisoformat(lang)
            breaking = breaking if breaking and breaking.at > at else Breaking(label, value, at)
        elif kind == EVERYBODY:
            usage = Crawler(train_ai=label, search=value).content_usage
        else:
            found.append(MastheadFact(kind=kind, label=label, value=value, lang=lang))
    return found, usage, breaking
