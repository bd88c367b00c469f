"""The newsroom in the admin: stories and what belongs to them, reporters, columns, topics."""

from . import names, story

__all__ = ["names", "story"]
