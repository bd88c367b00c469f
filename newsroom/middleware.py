"""Requests that no page can answer, compression, the lite edition, accounts, and the language of the desk."""

from django.conf import settings
from django.http import HttpResponseBadRequest, HttpResponsePermanentRedirect
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import escape_leading_slashes

from sections.menu import load_frame

from . import lite

# First words of the addresses that are answered for one reader.
OF_ONE_READER = {"login", "logout", "register", "account", "rest", "orders"}
# Says to scripts of cached pages that somebody is logged in; it opens nothing.
MARK = "reader"


class RefuseOddRequests:
    """Answers 400 to addresses with NUL characters, which PostgreSQL cannot compare with anything."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("This address contains a character that no page has.")
        return self.get_response(request)


class CompressPublicPages(GZipMiddleware):
    """Compresses what any cache may keep: HTML, feeds, sitemaps. The same bytes for all, so without random ones.

    Pages with secrets (the admin, forms) and files stay as they are.
    """

    max_random_bytes = 0

    def process_response(self, request, response):
        """The response, compressed where the reader's program takes that."""
        kind = response.get("Content-Type", "").partition(";")[0]
        is_text = kind.startswith("text/") or kind.endswith(("xml", "json"))
        if response.status_code == 206 or not is_text or "public" not in response.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)


class LiteEdition:
    """Answers /lite/... with the page that stands at the same address without it, in the lite edition."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info != lite.PREFIX and not request.path_info.startswith(f"{lite.PREFIX}/"):
            return self.get_response(request)
        query = request.META.get("QUERY_STRING", "")
        if request.path_info == lite.PREFIX:
            return HttpResponsePermanentRedirect(f"{lite.PREFIX}/" + (f"?{query}" if query else ""))
        request.path = request.path_info = request.path_info.removeprefix(lite.PREFIX)
        if not lite.is_page(request.path_info):
            return HttpResponsePermanentRedirect(escape_leading_slashes(request.get_full_path()))
        request.is_lite = True
        response = self.get_response(request)
        location = response.get("Location", "")
        if location.startswith("/") and lite.is_page(location.partition("?")[0]):
            response["Location"] = f"{lite.PREFIX}{location}"
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            response.content = lite.to_lite(response.text)
        return response

    def process_template_response(self, request, response):
        """Has the page rendered from the templates of the edition that was asked for."""
        if getattr(request, "is_lite", False):
            response.using = "lite"
        return response


class DeskLanguage:
    """Shows the admin in the language that its user chose, else in the browser's. All other pages have one language."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        is_desk = request.path_info.startswith("/admin/")
        language = translation.get_language_from_request(request) if is_desk else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        if is_desk:
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


def is_of_one_reader(request):
    """Whether the page is one of readers' accounts."""
    return request.path_info[1:].partition("/")[0] in OF_ONE_READER


class AccountPages:
    """Gives the pages of accounts the paper's frame, keeps them out of every cache, and sets or takes the MARK."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not is_of_one_reader(request):
            return response
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "same-origin"
        user = request.user
        if user.is_authenticated and not user.is_staff:
            age = None if request.session.get_expire_at_browser_close() else request.session.get_expiry_age()
            secure = request.is_secure()
            response.set_cookie(MARK, "1", max_age=age, samesite="Lax", secure=secure)
        elif MARK in request.COOKIES:
            response.delete_cookie(MARK, samesite="Lax")
        return response

    def process_template_response(self, request, response):
        """Adds the frame that templates/base.html shows. 1 query where the process does not keep it."""
        if is_of_one_reader(request) and response.context_data is not None:
            response.context_data = {"frame": load_frame(), "path": "/"} | response.context_data
        return response
