"""The beacon that counts reads."""

from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .counting import count_read


@csrf_exempt  # public pages carry no token; a forged read counts no more than a real one
@require_POST
def reads(request):
    """Counts one read of the story whose id is the body; always 204. No cookie, nothing about the reader."""
    text = request.body[:20]
    if text.isdigit() and int(text) < 2**63:
        count_read(int(text))
    return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
