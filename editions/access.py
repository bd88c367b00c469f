"""Who may read the e-paper. Every page, picture and download asks here, and nowhere else."""

from django.conf import settings


def premium_in_full():
    """Whether editions hold all of premium stories: not where somebody who has not paid may read an edition."""
    return settings.EPAPER_ACCESS not in ("all", "signed-in")


def may_read(page=None, user=None):
    """Whether somebody may see a page of an edition; without a page: all of it. Without a `user`: everybody at once.

    The first page and the list of stories are for everybody. The others follow from the setting EPAPER_ACCESS: `all`,
    or `signed-in`: whoever has an account.
    """
    if page == 1 or settings.EPAPER_ACCESS == "all":
        return True
    return user is not None and user.is_authenticated and user.is_active
