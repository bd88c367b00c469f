"""The outbox: what others must be told once a story's moment has come."""

from django.db import models
from django.db.models import Q


class AnnouncementManager(models.Manager):
    def get_by_natural_key(self, guid, event, due_at):
        return self.get(article__guid=guid, event=event, due_at=due_at)


class Announcement(models.Model):
    """One thing to tell about one story, from a moment on. Written by the acts of `articles.publishing`."""

    class Event(models.TextChoices):
        HUB = "hub", "Tell the feed hub"

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="announcements")
    event = models.CharField(max_length=20, choices=Event)
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why the last try failed.")

    objects = AnnouncementManager()

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint("article", "event", "due_at", name="announcement_once")]
        indexes = [models.Index("due_at", name="announcement_waiting", condition=Q(done_at=None))]

    def __str__(self):
        return f"{self.event} of {self.article_id}"

    def natural_key(self):
        return (str(self.article.guid), self.event, self.due_at.isoformat())

    natural_key.dependencies = ["articles.article"]
