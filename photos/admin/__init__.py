"""The photo library in the admin."""

from .library import PhotoAdmin, preview

__all__ = ["PhotoAdmin", "preview"]
