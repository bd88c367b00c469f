"""Views that are imported when their page is first asked for.

No web worker carries libraries that hardly a request needs.
"""

from django.utils.module_loading import import_string


def lazily(path):
    """The view of that full name."""

    def view(request, *args, **kwargs):
        return import_string(path)(request, *args, **kwargs)

    return view
