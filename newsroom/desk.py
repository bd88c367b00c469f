"""The admin's own pages: the first one, which tells what the day asks for, and help."""

from django.contrib.admin import AdminSite
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.i18n import JavaScriptCatalog


class DeskSite(AdminSite):
    """The newsroom: Django's admin with a first page of its own, a style guide and help for the keyboard."""

    index_template = "admin/dashboard.html"

    def get_urls(self):
        """Help, and everything that Django's admin has."""
        return [
            path("help/style/", self.admin_view(self.style_guide), name="style_guide"),
            path("help/keys/", self.admin_view(self.keys), name="keys"),
            *super().get_urls(),
        ]

    def index(self, request, extra_context=None):
        """The first page: what waits for the user, what the day brings, what needs attention."""
        # Models can be imported only once all apps are there.
        from .dashboard import dashboard_for

        return super().index(request, {"dashboard": dashboard_for(request.user), **(extra_context or {})})

    def style_guide(self, request):
        """How the paper writes, and what each field of a story is for."""
        from articles.admin.story import fields_in_words

        context = {**self.each_context(request), "title": _("Style guide"), "fields": fields_in_words(request)}
        return TemplateResponse(request, "admin/help/style.html", context)

    def keys(self, request):
        """What can be done with the keyboard."""
        context = {**self.each_context(request), "title": _("Keyboard")}
        return TemplateResponse(request, "admin/help/keys.html", context)

    def i18n_javascript(self, request, extra_context=None):
        """The translations of the admin's scripts, ours among them (locale/ is always read)."""
        return JavaScriptCatalog.as_view(packages=["django.contrib.admin"])(request)
