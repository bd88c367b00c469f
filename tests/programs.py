"""Programs of their own that work on the database of the tests."""

import os
from urllib.parse import quote

from django.db import connection


def environment(**own):
    """The environment of such a program."""
    server = connection.settings_dict
    who = quote(server["USER"], safe="") + (f":{quote(server['PASSWORD'], safe='')}" if server["PASSWORD"] else "")
    host = quote(server["HOST"] or "127.0.0.1", safe="")
    url = f"postgresql://{who}@{host}:{server['PORT'] or 5432}/{quote(server['NAME'], safe='')}"
    return os.environ | {"DATABASE_URL": url, "NEWSROOM_ENV": "test"} | own
