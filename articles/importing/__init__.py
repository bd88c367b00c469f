"""Importing articles from the JSON Lines form, as often as one likes.

`fields` and `record` read and check what a line says, `body` its text; `filing` writes one story;
`changes` tells whether anybody has edited it since; `run` goes through a file.
"""

from .run import Import, ImportRunning

__all__ = ["Import", "ImportRunning"]
