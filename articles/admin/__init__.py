"""The newsroom in the admin: stories and what belongs to them, reporters, columns, topics."""

from . import links, names, story

__all__ = ["links", "names", "story"]
