"""Films on other sites: which addresses become a player on the page, and where that player lies.

Only YouTube and Vimeo: `frame-src` in the settings lets no other in. Of each site it is the player that
learns least about the reader: YouTube's host without cookies, Vimeo's `dnt` (do not track).
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

YOUTUBE_PATH = re.compile(r"/(?:shorts|embed|live|v)/([\w-]{11})/?", re.ASCII)
YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)
VIMEO_PATH = re.compile(
    r"/(?:video/|channels/[\w-]+/|groups/[\w-]+/videos/)?([0-9]{1,12})(?:/([0-9a-f]{6,20}))?/?", re.ASCII
)
VIMEO_HASH = re.compile(r"[0-9a-f]{6,20}")
# 90, 90s, 1m30s, 1h2m3s
START = re.compile(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m)?(?:([0-9]{1,6})s?)?")


@dataclass(frozen=True)
class Player:
    """A film on another site: the site's name and the address of the player, which starts at once."""

    site: str
    src: str


def player_of(address):
    """The Player of a film's address, None for every other address. Asks nobody."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:  # brackets that hold no IPv6 address
        return None
    if parts.scheme not in ("http", "https"):
        return None
    query = dict(parse_qsl(parts.query))
    if host in ("youtube.com", "youtube-nocookie.com", "youtu.be"):
        return _youtube(host, parts.path, query)
    if host in ("vimeo.com", "player.vimeo.com"):
        return _vimeo(parts.path, query)
    return None


def _youtube(host, path, query):
    if host == "youtu.be":
        film = YOUTUBE_ID.fullmatch(path.strip("/"))
    elif path.rstrip("/") == "/watch":
        film = YOUTUBE_ID.fullmatch(query.get("v", ""))
    else:
        film = YOUTUBE_PATH.fullmatch(path)
    if not film:
        return None
    start = _seconds(query.get("t") or query.get("start") or "")
    options = {"autoplay": 1, "rel": 0} | ({"start": start} if start else {})
    return Player("YouTube", f"https://www.youtube-nocookie.com/embed/{film[film.lastindex or 0]}?{urlencode(options)}")


def _vimeo(path, query):
    film = VIMEO_PATH.fullmatch(path)
    if not film:
        return None
    # A film that is not listed opens with the second word of its address only.
    secret = film[2] or query.get("h", "")
    options = ({"h": secret} if VIMEO_HASH.fullmatch(secret) else {}) | {"dnt": 1, "autoplay": 1}
    return Player("Vimeo", f"https://player.vimeo.com/video/{film[1]}?{urlencode(options)}")


def _seconds(text):
    match = START.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds
