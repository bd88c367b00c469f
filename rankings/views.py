"""The beacon that counts reads."""

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from readers.requests import limited_address

from .counting import count_read
from .repeats import Floods, Repeats, is_program

LARGEST = 2**63
_repeats, _floods = Repeats(), Floods(settings.READS_PER_MINUTE)


@csrf_exempt  # public pages carry no token; a forged read counts no more than a real one
@require_POST
def reads(request):
    """Counts one read of the story whose id is the body. No cookie, no query, nothing kept about the reader.

    204 also for what does not count: a repeat within the hour, programs, stories that are not public. 400 for a body
    that is no id, 429 for an address that tells more than READS_PER_MINUTE.
    """
    text = request.body[:20]
    if not text.isdigit() or int(text) >= LARGEST:
        return _answer(400)
    address = limited_address(request) or ""
    if _floods.is_flood(address):
        return _answer(429, {"Retry-After": "60"})
    reader = f"{address} {request.headers.get('User-Agent', '')}"
    if not is_program(request.headers) and not _repeats.is_repeat(reader, int(text)):
        count_read(int(text))
    return _answer(204)


def _answer(status, headers=None):
    return HttpResponse(status=status, headers={"Cache-Control": "no-store"} | (headers or {}))
