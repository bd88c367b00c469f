"""Programs of search engines that may read premium stories, where PREMIUM_FOR_VERIFIED_BOTS is set.

A name is nothing that a program could not borrow: what counts is that the client's address has a name of the search
engine, and that this name leads back to the address, as the engines themselves advise. The lookup runs beside the
requests: until it has answered, and where it fails, the program gets the page that everybody gets.
"""

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from types import SimpleNamespace

from django.conf import settings

from readers.requests import client_address

# The word in the User-Agent, and how the names of such machines end. Sources, in this order:
# developers.google.com/search/docs/crawling-indexing/verifying-googlebot, bing.com/webmasters/help/verify-bingbot,
# searchadvisor.naver.com/guide/seo-basic-firewall, support.apple.com/119829.
CRAWLERS = {
    "googlebot": (".googlebot.com", ".google.com"),
    "bingbot": (".search.msn.com",),
    "yeti": (".naver.com",),
    "applebot": (".applebot.apple.com",),
}
NAME = re.compile("|".join(CRAWLERS), re.IGNORECASE)
STORY = re.compile(r"/[0-9]{4}/[0-9]{2}/[0-9]{2}/[\w-]{1,120}/\Z")
# Seconds for which an answer of the name servers is believed.
KEPT, FAILED = 24 * 3600, 600
MOST = 10_000

_answers = {}  # (address, name): (until when, whether verified); None while it is looked up
_pool = ThreadPoolExecutor(2, thread_name_prefix="crawlers")


def may_read_all(environ):
    """Whether a request (its WSGI environ, which is Django's META) for a story's page is a verified program's.

    Never waits. False for every other page, and for all where the setting is off.
    """
    if not settings.PREMIUM_FOR_VERIFIED_BOTS or not STORY.match(environ.get("PATH_INFO", "")):
        return False
    found = NAME.search(environ.get("HTTP_USER_AGENT", ""))
    address = found and client_address(SimpleNamespace(META=environ))
    return bool(address) and _is_verified(address, found[0].lower())


def _is_verified(address, name):
    key = address, name
    known = _answers.get(key, (0, False))
    if known is None or known[0] > time.monotonic():
        return bool(known and known[1])
    if len(_answers) >= MOST:
        _answers.clear()
    _answers[key] = None
    _pool.submit(_look_up, key)
    return False


def _look_up(key):
    verified = False
    try:
        verified = belongs_to(*key)
    finally:
        _answers[key] = time.monotonic() + (KEPT if verified else FAILED), verified


def belongs_to(address, name):
    """Whether name servers say in both directions that an address is one of the search engine's. Waits for them."""
    try:
        host = socket.gethostbyaddr(address)[0].lower().rstrip(".")
        if not host.endswith(CRAWLERS[name]):
            return False
        known = {ip_address(one[4][0].partition("%")[0]) for one in socket.getaddrinfo(host, None)}
    except (OSError, ValueError):  # UnicodeError is a ValueError
        return False
    return ip_address(address) in known
