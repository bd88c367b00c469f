"""A story's versions, what would go live, previews, and links for those who have no account."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from articles import publishing
from articles.comparing import differences
from articles.desks import desk_of
from articles.forms import PreviewLinkForm, RestoreVersionForm
from articles.models import Article
from articles.previewing import preview, rolled_back
from articles.views.story import preview_page
from readers.models import Action
from sections.admin_base import seoul
from sections.pages import absolute

NOW, WAITING = "now", "waiting"
SHOWN = 200


class Versions:
    """The part of the story's admin that compares, restores, previews, and lets outsiders look."""

    def get_urls(self):
        def own(route, view, name):
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"articles_article_{name}")

        return [
            own("versions/", self.versions_view, "versions"),
            own("versions/<int:number>/restore/", self.restore_view, "restore_version"),
            own("cancel-change/", require_POST(self.cancel_view), "cancel_change"),
            own("preview/", require_safe(self.preview_view), "preview"),
            own("links/", require_POST(self.link_view), "link"),
            own("links/<int:link>/end/", require_POST(self.end_link_view), "end_link"),
            *super().get_urls(),
        ]

    def story_for(self, request, pk, may="may_see"):
        """The story, if the user's desk may do that with it; else PermissionDenied."""
        story = self.get_object(request, str(pk))
        if story is None or not getattr(desk_of(request.user), may)(story):
            raise PermissionDenied
        return story

    # ---- comparing

    def versions_view(self, request, pk):
        """Two versions word by word: `?old=` and `?new=` are numbers, `now` or `waiting`. At most nine queries.

        Without them: what would go live where a change waits, else the last two.
        """
        story = self.story_for(request, pk)
        rows = story.versions.select_related("author").defer("content", "base")
        kept, waiting = list(rows.filter(base__isnull=True)[:SHOWN]), rows.waiting().first()
        numbers = [version.number for version in kept]
        names = [NOW, *([WAITING] if waiting else []), *map(str, numbers)]
        default = (NOW, WAITING) if waiting else (str(numbers[1]) if len(numbers) > 1 else NOW, NOW)
        if not waiting and numbers and len(numbers) == 1:
            default = (str(numbers[0]), NOW)
        old, new = (
            chosen if (chosen := request.GET.get(name, "")) in names else fallback
            for name, fallback in zip(("old", "new"), default, strict=True)
        )
        contents = {name: self.content_named(story, name) for name in {old, new}}
        context = {
            "story": story,
            "versions": kept,
            "waiting": waiting,
            "old": old,
            "new": new,
            "choices": [(name, self.version_words(name, kept, waiting)) for name in names],
            "parts": differences(contents[old], contents[new]),
            "may_restore": desk_of(request.user).may_write(story),
        }
        return self.compared(request, story, _("Versions"), context)

    def content_named(self, story, name):
        if name == NOW:
            return publishing.content_of(story)
        rows = story.versions.waiting() if name == WAITING else story.versions.filter(number=int(name))
        return rows.values_list("content", flat=True).first() or {}

    def version_words(self, name, kept, waiting):
        """What a choice is called."""
        if name == NOW:
            return _("as it is now")
        if name == WAITING:
            return _("the change that readers see from %(moment)s on") % {"moment": seoul(waiting.public_from)}
        version = next(version for version in kept if str(version.number) == name)
        known = f"{version.number}: {version.get_kind_display()}", seoul(version.created_at), str(version.author or "")
        return ", ".join(filter(None, known))

    def compare_unsaved(self, request, story, before, content):
        """What readers would see that they do not see now, of a form that was not saved."""
        context = {"story": story, "unsaved": True, "parts": differences(before or {}, content)}
        response = self.compared(request, story, _("What you have not saved"), context)
        response["X-Frame-Options"] = "SAMEORIGIN"
        response._csp_replace = {"frame-ancestors": ["'self'"]}
        return response

    def compared(self, request, story, title, context):
        context = {
            **self.admin_site.each_context(request),
            **{"title": title, "subtitle": story.headline, "opts": self.opts, "media": self.media},
            **context,
        }
        return TemplateResponse(request, "admin/articles/article/versions.html", context)

    def restore_view(self, request, pk, number):
        """Puts an earlier version back as a new edit, after a question; of a public story with its kind and note."""
        story = self.story_for(request, pk, "may_write")
        version = story.versions.filter(number=number, base__isnull=True).first()
        if version is None:
            self.message_user(request, _("There is no such version."), messages.ERROR)
            return redirect("admin:articles_article_versions", pk)
        asks = story.is_public()
        form = RestoreVersionForm(request.POST or None) if asks else None
        if request.method == "POST" and (form is None or form.is_valid()):
            given = form.cleaned_data if form else {}
            try:
                publishing.restore_version(
                    *(story, version), by=request.user, kind=given.get("kind"), note=given.get("note", "")
                )
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                said = _("Version %(number)s is back.") % {"number": number}
                self.log_change(request, story, said)
                self.message_user(request, said, messages.SUCCESS)
                return redirect(self.change_url(pk))
        context = {
            **self.admin_site.each_context(request),
            **{"title": _("Put version %(number)s back") % {"number": number}, "subtitle": story.headline},
            **{"opts": self.opts, "media": self.media, "story": story, "version": version, "form": form},
            "parts": differences(publishing.content_of(story), version.content),
        }
        return TemplateResponse(request, "admin/articles/article/restore.html", context)

    # ---- changes that wait

    def keep_change(self, request, story, content, base, at, kind, note):
        """Keeps the changed content until its moment, and says so; back to the form with a reason where refused."""
        story = Article.objects.get(pk=story.pk)
        try:
            publishing.schedule_change(story, content, at, base=base, kind=kind or "update", note=note, by=request.user)
        except ValidationError as error:
            request.refusal = error
            request.refused = True
            return super().changeform_view(request, str(story.pk))
        said = _("Readers see the change from %(moment)s Seoul time on; until then the story stays as it is.")
        said %= {"moment": seoul(at)}
        self.log_change(request, story, said, action=Action.CHANGE_SCHEDULED)
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:articles_article_versions", story.pk)

    def cancel_view(self, request, pk):
        """Calls off the change that waits."""
        story = self.story_for(request, pk, "may_publish")
        if publishing.cancel_change(story):
            self.log_change(request, story, _("Called the waiting change off."))
            self.message_user(request, _("The change was called off: the story stays as it is."), messages.SUCCESS)
        else:
            self.message_user(request, _("No change of this story waits any more."), messages.WARNING)
        return redirect(self.change_url(pk))

    # ---- looking at the page

    def preview_view(self, request, pk):
        """The story's page as it was saved, or with `?version=` as a version (a number, `waiting`) has it."""
        story = self.story_for(request, pk)
        name = request.GET.get("version", NOW)
        if name not in (NOW, WAITING) and not (name.isascii() and name.isdecimal() and len(name) < 9):
            name = NOW
        with rolled_back():
            if name != NOW and (content := self.content_named(story, name)):
                publishing.put_content(story, content)
            return preview(story.pk, preview_page)

    @transaction.atomic
    def link_view(self, request, pk):
        """Makes a link for somebody without an account."""
        story = self.story_for(request, pk, "may_illustrate")
        form = PreviewLinkForm(request.POST)
        if not form.is_valid():
            problems = [f"{form.fields[name].label}: {' '.join(found)}" for name, found in form.errors.items()]
            self.message_user(request, " ".join(problems), messages.ERROR)
            return redirect(self.change_url(pk))
        form.instance.article, form.instance.created_by = story, request.user
        link = form.save()
        ends = {"moment": seoul(link.expires_at)}
        self.log_change(request, story, _("Made a preview link that ends %(moment)s.") % ends)
        said = format_html(
            '{} <a class="preview-address" href="{}">{}</a>',
            *(_("Whoever has this address sees the story until it ends:"), link.get_absolute_url()),
            absolute(link.get_absolute_url()),
        )
        self.message_user(request, said, messages.SUCCESS)
        return redirect(self.change_url(pk))

    def end_link_view(self, request, pk, link):
        """Ends a link at once."""
        story = self.story_for(request, pk, "may_illustrate")
        if story.preview_links.open().filter(pk=link).update(revoked_at=timezone.now()):
            self.log_change(request, story, _("Ended a preview link."))
            self.message_user(request, _("The link leads nowhere any more."), messages.SUCCESS)
        return redirect(self.change_url(pk))
