"""The desk of newsletters: letters, issues with their stories, readers, and what became of every mail."""

import uuid

from admin_ordering.admin import OrderableAdmin
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from articles.querysets import NOT_ON_CARDS
from sections.admin import ORDER
from sections.admin_base import PaperAdmin, RowFields, seoul

from . import composing, mails, sending, signing_up
from .forms import IssueStoryForm, NewsletterForm, ScheduleForm
from .models import Delivery, Issue, IssueStory, Newsletter, Subscriber, Subscription
from .posting import Lost, Refused, Unreachable, open_post
from .views import framed


@admin.register(Newsletter)
class NewsletterAdmin(PaperAdmin):
    form = NewsletterForm
    list_display = ["name", "rhythm", "readers", "latest", "is_active"]
    search_fields = ["name", "slug"]
    list_select_related = ["story_list"]
    autocomplete_fields = ["story_list"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "description", "rhythm", "is_active", "position"]}),
        (
            gettext_lazy("The rule"),
            {
                "fields": ["story_list", "size", "time_of_day", "weekdays", "opening"],
                "description": gettext_lazy(
                    "With a list, a time and weekdays the letter fills and sends itself, unless an issue of that day "
                    "exists."
                ),
            },
        ),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_readers().with_latest()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    @admin.display(description=gettext_lazy("readers"), ordering="readers")
    def readers(self, newsletter):
        return newsletter.readers

    @admin.display(description=gettext_lazy("latest issue"), ordering="latest_day")
    def latest(self, newsletter):
        return f"{newsletter.latest_day:%Y-%m-%d} {newsletter.latest_subject}" if newsletter.latest_day else "–"

    def why_not_delete(self, newsletter):
        if newsletter.issues.exists() or newsletter.subscriptions.exists():
            return _("“%(letter)s” has issues or readers: switch it off instead.") % {"letter": newsletter}
        return ""


class StoryInline(RowFields, OrderableAdmin, admin.StackedInline):
    """The stories of an issue: dragged, put in order by buttons or by their numbers."""

    model = IssueStory
    form = IssueStoryForm
    ordering_field = "position"
    extra = 1
    autocomplete_fields = ["article"]
    fields = [("article", "picture", "position"), "headline", "text"]
    verbose_name, verbose_name_plural = gettext_lazy("story"), gettext_lazy("stories")

    def get_queryset(self, request):
        long = [f"article__{name}" for name in NOT_ON_CARDS]
        return super().get_queryset(request).select_related("article").defer(*long)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.state == Issue.State.DRAFT)

    def has_add_permission(self, request, obj):
        return super().has_add_permission(request, obj) and (obj is None or obj.state == Issue.State.DRAFT)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or obj.state == Issue.State.DRAFT)


@admin.register(Issue)
class IssueAdmin(PaperAdmin):
    list_display = ["subject", "newsletter", "state", "planned", "tally", "look_link"]
    list_filter = ["newsletter", "state"]
    list_select_related = ["newsletter"]
    search_fields = ["subject"]
    fields = ["newsletter", "subject", "intro"]
    inlines = [StoryInline]
    change_form_template = "admin/newsletters/issue/change_form.html"

    class Media:
        js = [ORDER]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(mails=Count("deliveries"), mails_sent=Count("deliveries", filter=Q(deliveries__state="sent")))
        )

    @admin.display(description=gettext_lazy("send at (Seoul time)"), ordering="send_at")
    def planned(self, issue):
        return seoul(issue.send_at)

    @admin.display(description=gettext_lazy("mails sent"))
    def tally(self, issue):
        return f"{issue.mails_sent} / {issue.mails}" if issue.mails else "–"

    @admin.display(description=gettext_lazy("preview and sending"))
    def look_link(self, issue):
        return format_html('<a href="{}">{}</a>', look_url(issue.pk), _("Look and send"))

    def has_change_permission(self, request, obj=None):
        # What readers have, or are to get, is changed by taking it back first.
        return super().has_change_permission(request, obj) and (obj is None or obj.state == Issue.State.DRAFT)

    def why_not_delete(self, issue):
        if issue.state in (Issue.State.SENDING, Issue.State.SENT):
            return _("“%(issue)s” was sent: it stays in the archive.") % {"issue": issue}
        return ""

    def response_add(self, request, obj, post_url_continue=None):
        return redirect(look_url(obj.pk)) if "_look" in request.POST else super().response_add(request, obj)

    def response_change(self, request, obj):
        return redirect(look_url(obj.pk)) if "_look" in request.POST else super().response_change(request, obj)

    def get_urls(self):
        def own(route, view, name):
            return path(f"<int:pk>/{route}", self.admin_site.admin_view(view), name=f"newsletters_issue_{name}")

        return [
            own("look/", require_GET(self.look_view), "look"),
            own("html/", require_GET(self.html_view), "html"),
            own("text/", require_GET(self.text_view), "text"),
            own("act/", require_POST(self.act_view), "act"),
            *super().get_urls(),
        ]

    def issue_of(self, request, pk):
        """The issue with its newsletter, for those who may look at it."""
        issue = Issue.objects.select_related("newsletter__story_list").filter(pk=pk).first()
        if issue is None or not self.has_view_permission(request, issue):
            raise PermissionDenied
        return issue

    def look_view(self, request, pk, form=None):
        """The issue as readers get it, the buttons that send it, and what became of its mails. About 14 queries."""
        issue = self.issue_of(request, pk)
        counts = issue.deliveries.all().counts()
        letter = mails.render_issue(issue)
        context = {
            **self.admin_site.each_context(request),
            **{"title": issue.subject, "opts": self.opts, "issue": issue, "size": letter.size // 1000},
            **{"is_large": letter.size > mails.LARGEST, "stories": composing.load_stories(issue)},
            "chosen": issue.stories.count(),
            "readers": issue.newsletter.subscriptions.active().count(),
            "counts": [(Delivery.State(state).label, state, count) for state, count in sorted(counts.items())],
            "form": form or ScheduleForm(prefix="schedule"),
            "may_change": self.has_change_permission(request, issue),
            "may_send": request.user.has_perm("newsletters.send_issue"),
        }
        context["media"] = self.media + context["form"].media
        response = TemplateResponse(request, "admin/newsletters/issue/look.html", context)
        response._csp_update = {"frame-src": ["'self'"]}  # the preview
        return response

    def html_view(self, request, pk):
        """The letter as a mail program shows it; its personal links lead nowhere."""
        return framed(mails.render_issue(self.issue_of(request, pk)).html)

    def text_view(self, request, pk):
        """The plain part of the letter."""
        letter = mails.render_issue(self.issue_of(request, pk))
        response = HttpResponse(letter.text, content_type="text/plain; charset=utf-8")
        response["X-Frame-Options"], response["Cache-Control"] = "SAMEORIGIN", "no-store"
        response._csp_replace = {"frame-ancestors": ["'self'"]}
        return response

    def act_view(self, request, pk):
        """Test, fill, schedule, send or take back, by the button that was pressed."""
        issue = self.issue_of(request, pk)
        act = request.POST.get("act", "")
        acts = {"test": self.act_test, "fill": self.act_fill, "schedule": self.act_schedule}
        acts |= {"send": self.act_send, "back": self.act_back}
        needed = "send_issue" if act in ("schedule", "send", "back") else "change_issue"
        if act not in acts or not request.user.has_perm(f"newsletters.{needed}"):
            raise PermissionDenied
        form = ScheduleForm(request.POST, prefix="schedule") if act == "schedule" else None
        try:
            if form is not None and not form.is_valid():
                return self.look_view(request, pk, form)
            said = acts[act](request, issue, form)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
            if act != "test":
                self.log_change(request, issue, said)
        return redirect(look_url(pk))

    def act_test(self, request, issue, form):
        """Sends the issue to whoever is signed in, and to nobody else."""
        if not request.user.email:
            raise ValidationError(_("Your account has no e-mail address to which a test could go."))
        letter = mails.render_issue(issue)
        letter.subject = _("[Test] %(subject)s") % {"subject": letter.subject}
        reader = Subscriber(pk=0, address=request.user.email)
        mail = mails.issue_mail(letter, reader, f"<test.{uuid.uuid4().hex}@{mails.host()}>")
        try:
            with open_post() as post:
                post.post(mail, mails.sender_address(), request.user.email, lambda: None)
        except (Refused, Unreachable, Lost) as problem:
            raise ValidationError(_("The test was not sent: %(said)s") % {"said": problem}) from None
        return _("A test was sent to %(address)s.") % {"address": request.user.email}

    def act_fill(self, request, issue, form):
        """Adds the stories of the letter's list."""
        count = composing.fill_draft(issue)
        return ngettext("%(count)s story was added.", "%(count)s stories were added.", count) % {"count": count}

    def act_schedule(self, request, issue, form):
        """Has the issue sent at the moment of the form."""
        mails.check_size(mails.render_issue(issue))
        at = form.cleaned_data["at"]
        composing.schedule(issue, at)
        return _("“%(issue)s” goes out at %(moment)s.") % {"issue": issue, "moment": seoul(at)}

    def act_send(self, request, issue, form):
        """Has the issue sent at once."""
        mails.check_size(mails.render_issue(issue))
        composing.schedule(issue)
        return _("“%(issue)s” goes out now.") % {"issue": issue}

    def act_back(self, request, issue, form):
        """Makes a scheduled issue a draft again."""
        composing.take_back(issue)
        return _("“%(issue)s” is a draft again.") % {"issue": issue}


def look_url(pk):
    """The address of the page that shows and sends an issue."""
    return reverse("admin:newsletters_issue_look", args=[pk])


class SubscriptionInline(RowFields, admin.TabularInline):
    """What somebody gets; begun and ended by the reader, or ended by the button of the list."""

    model = Subscription
    fields = readonly_fields = ["newsletter", "asked", "confirmed", "ended", "ending", "source"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("newsletter")

    @admin.display(description=gettext_lazy("asked at"))
    def asked(self, row):
        return seoul(row.asked_at)

    @admin.display(description=gettext_lazy("confirmed at"))
    def confirmed(self, row):
        return seoul(row.confirmed_at)

    @admin.display(description=gettext_lazy("ended at"))
    def ended(self, row):
        return seoul(row.ended_at)


@admin.register(Subscriber)
class SubscriberAdmin(PaperAdmin):
    list_display = ["address", "letters", "since"]
    search_fields = ["address", "key"]
    list_filter = ["subscriptions__newsletter"]
    readonly_fields = ["address", "since"]
    fields = ["address", "since"]
    inlines = [SubscriptionInline]
    actions = ["end_letters"]

    def get_queryset(self, request):
        active = Subscription.objects.active().select_related("newsletter")
        return super().get_queryset(request).prefetch_related(Prefetch("subscriptions", active, to_attr="current"))

    @admin.display(description=gettext_lazy("letters"))
    def letters(self, subscriber):
        return ", ".join(row.newsletter.name for row in subscriber.current) or "–"

    @admin.display(description=gettext_lazy("known since"), ordering="created_at")
    def since(self, subscriber):
        return seoul(subscriber.created_at)

    @admin.action(description=gettext_lazy("End all letters of the chosen"), permissions=["change"])
    def end_letters(self, request, queryset):
        ended = sum(signing_up.end(row, why=Subscription.Ending.DESK) for row in queryset)
        for row in queryset:
            self.log_change(request, row, _("All letters ended."))
        self.message_user(request, _("%(count)s subscriptions ended.") % {"count": ended}, messages.SUCCESS)

    def has_add_permission(self, request):
        # Nobody gets letters who did not order them.
        return False

    def delete_model(self, request, obj):
        # Whoever is deleted is forgotten: nothing of an address goes into the bin.
        obj.delete()

    def delete_queryset(self, request, queryset):
        queryset.delete()


@admin.register(Delivery)
class DeliveryAdmin(PaperAdmin):
    """What became of every mail. Written by the sender; only what nobody knows is settled here."""

    list_display = ["to", "what", "state", "attempts", "sent", "error"]
    list_display_links = None
    list_filter = ["state", "issue__newsletter"]
    list_select_related = ["subscriber", "issue", "digest__user"]
    search_fields = ["subscriber__address", "digest__user__email", "message_id"]
    actions = ["was_sent", "send_again"]

    @admin.display(description=gettext_lazy("e-mail address"), ordering="subscriber")
    def to(self, delivery):
        return delivery.address

    @admin.display(description=gettext_lazy("mail"))
    def what(self, delivery):
        if delivery.digest_id:
            return _("Daily digest of %(day)s") % {"day": delivery.day}
        return delivery.issue or _("Confirmation")

    @admin.display(description=gettext_lazy("sent at"), ordering="sent_at")
    def sent(self, delivery):
        return seoul(delivery.sent_at)

    @admin.action(description=gettext_lazy("Unknown ones: they were sent"), permissions=["settle"])
    def was_sent(self, request, queryset):
        self.settled(request, queryset, was_sent=True)

    @admin.action(description=gettext_lazy("Unknown ones: send them again"), permissions=["settle"])
    def send_again(self, request, queryset):
        self.settled(request, queryset, was_sent=False)

    def settled(self, request, queryset, *, was_sent):
        """Settles the unknown ones among the chosen."""
        rows = Delivery.objects.filter(pk__in=[row.pk for row in queryset])
        count = sending.settle(rows, was_sent=was_sent)
        self.message_user(request, _("%(count)s mails were settled.") % {"count": count}, messages.SUCCESS)

    def has_settle_permission(self, request):
        """Whether somebody may say what became of a mail."""
        return request.user.has_perm("newsletters.change_delivery")

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
