"""Requests that no page can answer."""

from django.http import HttpResponseBadRequest


class RefuseOddRequests:
    """Answers 400 to addresses with NUL characters, which PostgreSQL cannot compare with anything."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("This address contains a character that no page has.")
        return self.get_response(request)
