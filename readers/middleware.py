"""Keeping track of the browsers at the desk."""

from . import sessions


class SeenAtTheDesk:
    """Notes, at most once a minute, that a session of the staff is in use. Only below /admin/: no other page knows
    its reader."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith("/admin/") and request.user.is_authenticated and request.user.is_staff:
            sessions.keep_seen(request)
        return self.get_response(request)
