"""Views that are imported when their page is first asked for.

No web worker carries libraries that hardly a request needs.
"""

from django.core.exceptions import PermissionDenied
from django.utils.module_loading import import_string


def lazily(path):
    """The view of that full name."""

    def view(request, *args, **kwargs):
        return import_string(path)(request, *args, **kwargs)

    return view


def readers_only(view):
    """The view, for readers and those who are about to log in: staff have their own at the desk."""

    def of_readers(request, *args, **kwargs):
        if request.user.is_staff:
            raise PermissionDenied("Staff have their second step at the desk.")
        return view(request, *args, **kwargs)

    return of_readers
