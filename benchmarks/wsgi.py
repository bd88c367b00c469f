"""The paper for measurements: with its page cache, or (BENCH_COLD=1) without it, beside a page that is a constant.

/constant/      a Django view that returns 40 kB, behind all of the paper's middleware
/rename/7/12/   by POST: story 7 is from now on called “Edition 12”, as somebody at the desk would do it
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

from django.core.wsgi import get_wsgi_application

plain = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from articles.models import Article  # noqa: E402
from newsroom import urls  # noqa: E402
from newsroom.pagecache.slots import Slots  # noqa: E402
from newsroom.pagecache.wsgi import PageCache  # noqa: E402
from sections import shared  # noqa: E402

CONSTANT = b"x" * 40_000


@csrf_exempt
def rename(request, pk, number):
    """Gives a story another headline."""
    story = Article.objects.get(pk=pk)
    story.headline = f"Edition {number}."
    story.save(update_fields=["headline"])
    return HttpResponse(status=204)


urls.urlpatterns[:0] = [
    path("constant/", lambda request: HttpResponse(CONSTANT)),
    path("rename/<int:pk>/<int:number>/", rename),
]

if os.environ.get("BENCH_COLD"):
    # What pages share is kept, the pages themselves are not.
    shared.use(Slots(settings.PAGE_CACHE))
    application = plain
else:
    kept = PageCache(plain).start()

    def application(environ, start_response):
        """The page cache, around everything but the constant."""
        return (plain if environ["PATH_INFO"] == "/constant/" else kept)(environ, start_response)
