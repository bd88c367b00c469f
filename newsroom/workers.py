"""The paper's web server: granian, with the program loaded once before it is forked into workers.

    python -m newsroom.workers --interface wsgi --workers 4 newsroom.wsgi:application       as granian itself

What was loaded is in memory once for all workers, and a paper that cannot be loaded is not served at all. A new version
of the program needs a restart: what SIGHUP starts anew is the old one.
"""

import gc
import os
import sys

# For the C library of Linux, which else gives each thread memory of its own, and keeps what large pages once needed.
MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def load():
    """Imports what every request needs: applications, middleware and views. Starts no thread, asks no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    from django.core.wsgi import get_wsgi_application
    from django.urls import get_resolver

    get_wsgi_application()
    get_resolver().url_patterns  # noqa: B018 - imports the views
    gc.collect()
    # The garbage collector would write to every object that the workers share.
    gc.freeze()


def main():
    """Serves until a signal ends it."""
    if sys.platform == "linux" and not MEMORY.keys() <= os.environ.keys():
        # The C library reads them when a program begins.
        os.execve(sys.executable, [sys.executable, "-m", "newsroom.workers", *sys.argv[1:]], MEMORY | os.environ)
    load()
    from granian.cli import entrypoint

    entrypoint()


if __name__ == "__main__":
    main()
