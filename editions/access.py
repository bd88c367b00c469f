"""Who may read the e-paper. Every page, picture and download asks here, and nowhere else."""

from django.conf import settings

from subscriptions.access import has_subscription


def premium_in_full():
    """Whether editions hold all of premium stories: not where somebody who has not paid may read an edition."""
    return settings.EPAPER_ACCESS not in ("all", "signed-in")


def may_read(page=None, user=None):
    """Whether somebody may see a page of an edition; without a page: all of it. Without a `user`: everybody at once.

    The first page and the list of stories are for everybody. The others follow from the setting EPAPER_ACCESS: `all`,
    `signed-in`: whoever has an account, or `subscribers`: readers with a running subscription that opens the e-paper,
    and the staff. One query for a reader of the last.
    """
    if page == 1 or settings.EPAPER_ACCESS == "all":
        return True
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    return settings.EPAPER_ACCESS == "signed-in" or user.is_staff or has_subscription(user, "epaper")
