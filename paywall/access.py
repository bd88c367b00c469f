"""Who may read the locked part of a premium story. Every page, picture and film asks here, and nowhere else.

Staff who may see stories at the desk and subscribers read everything. A reader with a confirmed address reads
PREMIUM_FREE_A_MONTH stories in a month of Seoul's calendar, one allowance for the whole paper. Nothing is spent by
looking at a page: only `spend` does that, which a button calls.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from articles.models import Article
from subscriptions.access import has_subscription

from .models import PremiumRead, this_month


@dataclass(frozen=True)
class Allowance:
    """What somebody may read of the month's free premium stories.

    `read` are the ids of the stories that were chosen this month, of all that a subscriber reads none.
    """

    kind: str  # nobody, staff, subscriber, unconfirmed or reader
    read: tuple = ()
    free: int = 0

    @property
    def used(self):
        """How many stories were chosen."""
        return len(self.read)

    @property
    def left(self):
        """How many more there are."""
        return max(0, self.free - self.used) if self.kind == "reader" else 0

    def covers(self, story):
        """Whether the story may be read now, without spending anything."""
        return self.kind in ("staff", "subscriber") or story.access == Article.Access.FREE or story.pk in self.read


def allowance_of(user):
    """The Allowance of a user of a request. No query for strangers, else four at most."""
    if not user.is_authenticated or not user.is_active:
        return Allowance("nobody")
    if user.is_staff:
        return Allowance("staff" if user.has_perm("articles.view_article") else "nobody")
    if has_subscription(user, "premium"):
        return Allowance("subscriber")
    # What was chosen stays readable, also where the address was changed since.
    read = tuple(PremiumRead.objects.of(user).values_list("article", flat=True))
    confirmed = user.emailaddress_set.filter(verified=True).exists()
    return Allowance("reader" if confirmed else "unconfirmed", read, settings.PREMIUM_FREE_A_MONTH)


def shown_in_account(user):
    """{allowance, stories}: a reader's Allowance and the public stories it was used for. Four queries at most."""
    allowance = allowance_of(user)
    columns = ("headline", "lang", "address_date", "slug")
    stories = {story.pk: story for story in Article.objects.published().filter(pk__in=allowance.read).only(*columns)}
    return {"allowance": allowance, "stories": [stories[pk] for pk in allowance.read if pk in stories]}


def may_read(user, story):
    """Whether a user may read all of a public story now. Queries as `allowance_of`."""
    return allowance_of(user).covers(story)


def spend(user, story):
    """Has a reader choose a premium story; returns whether the reader may read it now.

    One transaction under a lock of the reader's row: requests that come at once spend no more than there is.
    """
    with transaction.atomic():
        # Without this reader the account was deleted meanwhile.
        user = get_user_model().objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        allowance = allowance_of(user) if user else Allowance("nobody")
        if allowance.covers(story):
            return True
        if not allowance.left:
            return False
        PremiumRead.objects.create(user=user, article=story, month=this_month())
        PremiumRead.objects.forget_old()
        return True
