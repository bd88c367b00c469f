"""What programs are told in plain text: robots.txt, ads.txt and security.txt, as functions of their rows."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from .models import EVERYBODY, AdSeller, Crawler
from .pages import absolute

POLICY = "/policy/crawlers/"
SITEMAPS = ("/sitemap.xml", "/sitemaps/news.xml")
# Forms and parts of pages, nothing to read. What says noindex (search, print) is not among them: a crawler that
# must not fetch a page never learns that it should not list it.
NOT_PAGES = ("/admin/", "/preview/", "/reads/", "/rest/")
# RFC 9309: crawlers need not read more than 500 KiB. With 60 letters a name these rows fill a quarter of it.
MOST_CRAWLERS = 1_500
# IAB ads.txt 1.1, 3.2.1: an empty file says nothing, this line says that nobody sells.
NO_SELLERS = "placeholder.example.com, placeholder, DIRECT, placeholder"
SECURITY_PAGE = "/policy/security/"
SECURITY_DAYS = 180


def first_word(text):
    """What stands before the first blank or line break: an address, without what could follow it."""
    return next(iter(text.split()), "")


def shipped_crawlers():
    """The crawlers of the fixture as unsaved rows: a policy for the minutes in which the database does not answer."""
    rows = json.loads((Path(__file__).parent / "fixtures" / "crawlers.json").read_text())
    return [Crawler(**row["fields"]) for row in rows]


def robots_txt(crawlers):
    """robots.txt (RFC 9309) from rows of crawlers, with the rule of draft-ietf-aipref-attach as a comment.

    Programs that check the file take a rule that is no standard yet for a mistake; the header of each page is the rule.

    Crawlers with the same rules share a group. Each group repeats all rules, as a crawler reads only its own.
    """
    groups = {}
    everybody = next((crawler for crawler in crawlers if crawler.is_everybody), Crawler(train_ai="", search=""))
    for crawler in [crawler for crawler in crawlers if not crawler.is_everybody][:MOST_CRAWLERS]:
        groups.setdefault(_rules(crawler), []).append(crawler.token)
    lines = [f"# What each may do, and why: {absolute(POLICY)}", ""]
    # Those that may fetch nothing come first, all others last: simple crawlers stop at the first group that fits.
    for rules, tokens in [*sorted(groups.items()), (_rules(everybody), [EVERYBODY])]:
        lines += [*(f"User-agent: {token}" for token in tokens), *rules, ""]
    lines += [f"Sitemap: {absolute(path)}" for path in SITEMAPS]
    return "\n".join(lines) + "\n"


def _rules(crawler):
    """The rules of a crawler. What may not be fetched has no usage."""
    if not crawler.allowed:
        return ("Disallow: /",)
    usage = [f"# Content-Usage: {crawler.content_usage}"] if crawler.content_usage else []
    return (*(f"Disallow: {path}" for path in NOT_PAGES), *usage)


def ads_txt(sellers, email):
    """ads.txt (IAB Tech Lab, 1.1) from rows of sellers and the paper's address for questions, which may be empty."""
    kind = AdSeller.Relationship
    variables = [seller.line for seller in sellers if seller.relationship in (kind.OWNER, kind.MANAGER)]
    if not any(seller.relationship == kind.OWNER for seller in sellers):
        variables.insert(0, f"OWNERDOMAIN={urlsplit(settings.SITE_URL).hostname.removeprefix('www.')}")
    if email:
        variables.append(f"CONTACT={first_word(email)}")
    records = [seller.line for seller in sellers if seller.relationship in (kind.DIRECT, kind.RESELLER)]
    return "\n".join([*(records or [NO_SELLERS]), *variables]) + "\n"


def security_txt(contact, policy=False, now=None):
    """security.txt (RFC 9116); `contact` is an address, `policy` says whether the page about it exists.

    It expires SECURITY_DAYS after the day on which it is asked for, so it never lapses by being forgotten.
    """
    last = (now or timezone.now()).astimezone(UTC).date() + timedelta(days=SECURITY_DAYS)
    expires = datetime.combine(last, datetime.min.time(), UTC)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, ko",
        f"Canonical: {absolute('/.well-known/security.txt')}",
    ]
    if policy:
        lines.append(f"Policy: {absolute(SECURITY_PAGE)}")
    return "\n".join(lines) + "\n"
