"""Which placements and ranks hold at a moment."""

from django.db import models
from django.utils import timezone


class PlacementQuerySet(models.QuerySet):
    """Placements."""

    def in_force(self, at=None):
        """Placements that hold their position at a moment (now by default)."""
        return self.filter(period__contains=at or timezone.now(), cancelled_at=None)


class RankedStoryQuerySet(models.QuerySet):
    """Computed entries of lists."""

    def in_force(self, at=None):
        """Computed entries that stand at a moment (now by default)."""
        return self.filter(period__contains=at or timezone.now())
