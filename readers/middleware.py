"""Keeping track of signed-in browsers."""

from . import sessions


class SeenInAccounts:
    """Notes, at most once a minute, that a session is in use. Only at the desk and in accounts: no other page knows
    its reader."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info.startswith(("/admin/", "/account/")) and request.user.is_authenticated:
            sessions.keep_seen(request)
        return self.get_response(request)
