"""What is new of everything that readers follow, worked out once for many of them."""

from collections import defaultdict
from datetime import timedelta

from articles.models import Article, ArticleTag, Byline

from .models import Follow

# Nobody wants to be told of more at once, and no list of new stories is longer in memory.
LONGEST = timedelta(days=7)
MOST_STORIES = 5_000


class News:
    """Public stories of a time, `since` excluded and `until` included, by what one can follow. 4 queries.

    It belongs to a section, as on the page “For you” (`FollowQuerySet.stories_for`), what stands in its subsections
    and what is also listed there.
    """

    def __init__(self, since, until):
        self.since, self.until = max(since, until - LONGEST), until
        new = Article.objects.published().once_public(until).filter(publish_at__gt=self.since).latest_first()
        rows = list(new.values_list("pk", "publish_at", "section", "section__parent")[:MOST_STORIES])
        self._moments = {pk: moment for pk, moment, _section, _parent in rows}
        self._stories = {kind: defaultdict(set) for kind in Follow.KINDS}
        for pk, _moment, *sections in rows:
            self._put("section", pk, *sections)
        mine = {"article__in": self._moments}
        listed = Article.also_in.through.objects.filter(**mine)
        for pk, *sections in listed.values_list("article", "section", "section__parent"):
            self._put("section", pk, *sections)
        for pk, reporter in Byline.objects.filter(**mine).order_by().values_list("article", "reporter"):
            self._put("reporter", pk, reporter)
        tags = ArticleTag.objects.filter(content_object__in=self._moments).order_by()
        for pk, tag in tags.values_list("content_object", "tag"):
            self._put("tag", pk, tag)

    def _put(self, kind, pk, *ids):
        for each in ids:
            if each is not None:
                self._stories[kind][each].add(pk)

    def ids(self, kind):
        """What there is news of: ids of sections, reporters or tags."""
        return list(self._stories[kind])

    def covers(self, since, until):
        """Whether all news of such a time is among these."""
        return self.until == until and self.since <= max(since, until - LONGEST)

    def readers_among(self, digests):
        """Of these digests those whose reader has something new since `told_until`. One query."""
        newest = {
            (kind, each): max(map(self._moments.get, stories))
            for kind, found in self._stories.items()
            for each, stories in found.items()
        }
        follows = Follow.objects.about(self).filter(user__in=[digest.user_id for digest in digests]).order_by()
        moments = defaultdict(list)
        for user, *ids in follows.values_list("user", *Follow.KINDS):
            moments[user] += [newest[key] for key in zip(Follow.KINDS, ids, strict=True) if key[1] is not None]
        return [row for row in digests if any(moment > row.told_until for moment in moments[row.user_id])]

    def of(self, user, since):
        """{id of a story: the names of what brings it} for a reader, the newest story first. One query."""
        found = defaultdict(list)
        for follow in Follow.objects.of(user):
            for pk in self._stories[follow.kind].get(getattr(follow, f"{follow.kind}_id"), ()):
                if self._moments[pk] > since:
                    found[pk].append(" ".join(follow.what.name.split()))
        return {pk: found[pk] for pk in sorted(found, key=lambda pk: (self._moments[pk], pk), reverse=True)}
