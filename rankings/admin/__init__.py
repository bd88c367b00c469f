"""Fronts and ranked lists in the admin: a module for each."""

from .fronts import FrontAdmin
from .lists import ReadCountAdmin, StoryListAdmin

__all__ = ["FrontAdmin", "ReadCountAdmin", "StoryListAdmin"]
