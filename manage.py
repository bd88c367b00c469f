#!/usr/bin/env python3
"""Runs Django's commands. Without DATABASE_URL it first starts the embedded PostgreSQL in var/postgres."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    if not os.environ.get("DATABASE_URL"):
        # The embedded database only exists on a developer's machine, so its settings are the local ones.
        os.environ.setdefault("NEWSROOM_ENV", "local")
        from newsroom.localpg import start_if_local

        start_if_local()
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
