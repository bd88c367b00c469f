"""The admin of this paper, in the place of Django's own (see INSTALLED_APPS)."""

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    """Django's admin with the newsroom's site."""

    default_site = "newsroom.desk.DeskSite"
