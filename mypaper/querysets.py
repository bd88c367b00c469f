"""What readers keep and follow, and the stories that follow from it."""

from django.apps import apps
from django.db import models
from django.db.models import F, Q


class SavedStoryQuerySet(models.QuerySet):
    """Saved stories."""

    def of(self, user):
        """Those of a reader, the one saved last first."""
        return self.filter(user=user).order_by("-saved_at", "-pk")

    def data_of(self, user):
        """What is saved, as plain data. One query."""
        rows = self.of(user).values_list("article__headline", "saved_at")
        return [{"story": headline, "since": at.isoformat()} for headline, at in rows]


class FollowQuerySet(models.QuerySet):
    """Follows."""

    def of(self, user):
        """Those of a reader with what they follow, sections first."""
        rows = self.filter(user=user).select_related("section__parent", "reporter", "tag")
        return rows.order_by("section__name", "reporter__name", "tag__name", "pk")

    def data_of(self, user):
        """What is followed, as plain data. One query."""
        return [{row.kind: row.what.name, "since": row.since.isoformat()} for row in self.of(user)]

    def about(self, news):
        """Those that something new (`news.News`) belongs to."""
        return self.filter(
            Q(section__in=news.ids("section")) | Q(reporter__in=news.ids("reporter")) | Q(tag__in=news.ids("tag"))
        )

    def move_topics(self, into, others):
        """Has readers of topics that are merged away follow the one that stays, each once. One query."""
        follow = self.filter(tag=into).order_by().values("user")
        rows = self.filter(tag__in=others).exclude(user__in=follow).order_by("user", "pk").distinct("user")
        self.filter(pk__in=rows.values("pk")).update(tag=into)

    def stories_for(self, user):
        """Public stories of everything that the reader follows: no other rule chooses them."""
        Article, Byline, ArticleTag = (apps.get_model("articles", name) for name in ("Article", "Byline", "ArticleTag"))
        Section = apps.get_model("sections", "Section")
        mine = self.filter(user=user).order_by()
        followed = mine.filter(section__isnull=False).values("section")
        sections = Section.objects.filter(Q(pk__in=followed) | Q(parent__in=followed)).order_by().values("pk")
        listed = Article.also_in.through.objects.filter(section__in=sections).values("article")
        by = Byline.objects.filter(reporter__in=mine.filter(reporter__isnull=False).values("reporter"))
        about = ArticleTag.objects.filter(tag__in=mine.filter(tag__isnull=False).values("tag"))
        return Article.objects.published().filter(
            Q(section__in=sections)
            | Q(pk__in=listed)
            | Q(pk__in=by.order_by().values("article"))
            | Q(pk__in=about.order_by().values("content_object"))
        )


class DigestQuerySet(models.QuerySet):
    """Daily digests."""

    def wanted(self):
        """Those that their readers want."""
        return self.filter(ended_at=None)

    def due(self, at):
        """Wanted ones of an hour of a day, a moment in Seoul time, that have not been looked at since that moment."""
        return self.wanted().filter(hour=at.hour, told_until__lt=at, chosen_at__lt=at)

    def deliverable(self):
        """Wanted ones of readers whose account is in use and whose address is confirmed."""
        return self.wanted().filter(
            user__is_active=True,
            user__is_staff=False,
            user__emailaddress__verified=True,
            user__emailaddress__email=F("user__email"),
        )

    def data_of(self, user):
        """The reader's choice, as plain data. One query."""
        rows = self.filter(user=user).values("hour", "chosen_at", "ended_at", "ending")
        return [row | {name: row[name] and row[name].isoformat() for name in ("chosen_at", "ended_at")} for row in rows]
