"""The frame of the paper: sections, menus, masthead facts, static pages and redirects."""

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Value
from django.db.models.functions import Concat, Lower, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .html import HTMLField
from .surrogates import Shown, note

# First words of addresses that belong to the site itself; years belong to stories.
RESERVED_SLUGS = {
    *("search", "admin", "lite", "preview", "static", "media", "topics", "reporters", "columns", "login"),
    *("register", "subscribe", "logout", "account", "feeds", "rss", "archive", "corrections", "sitemap"),
    *("sitemaps", "robots", "health", "reads", "rest", "about", "policy", "products", "www", "api", "today"),
    *("today-in-history", "front", "print", "learn-korean", "learn-english", "newsletters"),
    *("letters", "mail", "epaper", "reading-room", "orders"),
}


class SectionQuerySet(models.QuerySet):
    """Sections by their place in the tree."""

    def top(self):
        """Sections without a parent, in menu order."""
        return self.filter(parent=None).order_by("position", "name")

    def with_parent(self):
        """Sections with their parent loaded: one query."""
        return self.select_related("parent")

    def with_below(self):
        """Adds `below`, the ids of the subsections."""
        children = self.model.objects.filter(parent=OuterRef("pk")).order_by().values("pk")
        return self.annotate(below=ArraySubquery(children))


class SectionManager(models.Manager.from_queryset(SectionQuerySet)):
    def get_by_natural_key(self, path):
        return self.get(path=path)


class Section(Shown):
    """A section, or a subsection when it has a parent. Two levels; `path` is unique and stored.

    Rename or move one with `sections.moving.move_section`, which rewrites the paths of its children and
    leaves redirects.
    """

    name = models.CharField(
        max_length=60,
        verbose_name=_("name"),
        help_text=_("As it stands in menus, over stories and on the section's front."),
    )
    slug = models.SlugField(
        max_length=60,
        help_text=_("Word of the address. Changing it leaves a redirect from the old one."),
        verbose_name=_("slug"),
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("section above")
    )
    path = models.CharField(max_length=121, unique=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0, verbose_name=_("position"))
    description = models.TextField(
        blank=True,
        help_text=_("One or two sentences under the name on the section's front, and for feeds."),
        verbose_name=_("description"),
    )

    objects = SectionManager()

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["path"]
        constraints = [
            # Both let a dump be loaded in any order: a row's parent may follow it, and is empty until then.
            models.UniqueConstraint(
                fields=["parent", "slug"],
                name="section_slug_unique_per_parent",
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message=_("Another section here has this slug."),
            ),
            models.CheckConstraint(
                condition=Q(parent=None, path=F("slug")) | Q(path__endswith=Concat(Value("/"), F("slug"))),
                name="section_path_follows_slug",
            ),
        ]

    def __str__(self):
        # A name must never cost a query: where the section above is not loaded, its slug stands for it.
        if self.parent_id is None or Section.parent.is_cached(self):
            return self.full_name
        return f"{self.path.split('/')[0]} / {self.name}"

    def save(self, **kwargs):
        self.path = self.computed_path()
        super().save(**kwargs)

    def get_absolute_url(self):
        return reverse("by_path", args=[self.path])

    @property
    def full_name(self):
        """The section's name after that of the section above it, which must be loaded: National / Politics."""
        return f"{self.parent.name} / {self.name}" if self.parent_id else self.name

    def natural_key(self):
        return (self.path,)

    def clean(self):
        if self.parent_id is None:
            if self.slug in RESERVED_SLUGS or self.slug.isdecimal():
                raise ValidationError(
                    {
                        "slug": gettext("The address /%(slug)s/ belongs to the site: choose another.")
                        % {"slug": self.slug}
                    }
                )
        elif self.parent_id == self.pk or self.parent.parent_id is not None:
            raise ValidationError({"parent": "Sections have two levels: choose a section that has none above."})
        elif self.pk and self.children.exists():
            raise ValidationError({"parent": "This section has subsections, so it must stay a top section."})
        if Page.objects.filter(address=f"/{self.computed_path()}/").exists():
            raise ValidationError({"slug": "A page has this address: choose another slug."})

    def computed_path(self):
        """The path that slug and parent give; reads the parent, one query if it is not loaded."""
        return f"{self.parent.path}/{self.slug}" if self.parent_id else self.slug

    @property
    def top_path(self):
        """The path of the top section that this one belongs to."""
        return self.path.partition("/")[0]


ICONS = [
    (name, name.capitalize())
    for name in ("camera", "facebook", "instagram", "kakao", "mail", "mark", "play", "rss", "twitter", "youtube")
] + [("korean", "Learn Korean"), ("english", "Learn English"), ("north", "North Korea")]


class MenuItemManager(models.Manager):
    def get_by_natural_key(self, menu, group, section, url, label):
        above = Q(parent__section__path=group) | Q(parent__section=None, parent__label=group)
        return self.get(
            above if group else Q(parent=None), menu=menu, section__path=section or None, url=url, label=label
        )


class MenuItem(models.Model):
    """One row of a menu: a section or an address, under its own label, at its place.

    The overlay and the footer have two levels (`parent`); the others have one.
    """

    class Menu(models.TextChoices):
        BAR = "bar", _("Bar under the masthead")
        OVERLAY = "overlay", _("All-menu overlay")
        TILES = "tiles", _("Tiles of the overlay")
        SOCIAL = "social", _("Social links")
        FOOTER = "footer", _("Footer")

    menu = models.CharField(max_length=10, choices=Menu, verbose_name=_("menu"), help_text=_("Where the entry stands."))
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name=_("under")
    )
    section = models.ForeignKey(
        Section,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="menu_items",
        verbose_name=_("section"),
        help_text=_("Leads to this section's front and follows it when its address changes."),
    )
    url = models.CharField(
        _("address"),
        max_length=300,
        blank=True,
        validators=[
            RegexValidator(r"^(https?://|mailto:|/)\S+$", _("Write /a/path/ of this site or a full https:// address."))
        ],
        help_text=_("Only where no section is chosen: /about/ or https://..."),
    )
    label = models.CharField(
        max_length=60, blank=True, help_text=_("Empty: the section's name."), verbose_name=_("label")
    )
    icon = models.CharField(max_length=20, blank=True, choices=ICONS, verbose_name=_("icon"))
    position = models.PositiveSmallIntegerField(default=0, verbose_name=_("position"))

    objects = MenuItemManager()

    class Meta:
        verbose_name = _("menu item")
        verbose_name_plural = _("menu items")
        ordering = ["menu", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(section=None) | Q(url=""),
                name="menu_item_section_or_url",
                violation_error_message=_("Choose a section or write an address, not both."),
            ),
            models.CheckConstraint(
                condition=Q(section__isnull=False) | ~Q(label=""),
                name="menu_item_has_label",
                violation_error_message=_("Write a label: only an entry that leads to a section may go without."),
            ),
            models.UniqueConstraint(
                "menu",
                "parent",
                "section",
                "url",
                "label",
                name="menu_item_once",
                nulls_distinct=False,
                violation_error_message=_("This menu already has this entry."),
            ),
        ]

    def __str__(self):
        return self.label or self.url or f"entry of the menu {self.get_menu_display().lower()}"

    def natural_key(self):
        return (
            self.menu,
            self.parent.section.path
            if self.parent_id and self.parent.section_id
            else self.parent.label
            if self.parent_id
            else "",
            self.section.path if self.section_id else "",
            self.url,
            self.label,
        )

    natural_key.dependencies = ["sections.section"]

    @property
    def text(self):
        """The words of the entry; the section must be loaded."""
        return self.label or self.section.name

    @property
    def href(self):
        """Where the entry leads, empty for a heading; the section must be loaded."""
        return self.section.get_absolute_url() if self.section_id else self.url

    def clean(self):
        if self.parent_id:
            if self.menu not in (self.Menu.OVERLAY, self.Menu.FOOTER):
                raise ValidationError({"parent": "Only the overlay and the footer have a second level."})
            if self.parent_id == self.pk or self.parent.parent_id or self.parent.menu != self.menu:
                raise ValidationError({"parent": "Choose a first-level entry of the same menu."})
        if not self.parent_id and self.menu == self.Menu.FOOTER:
            return
        if not self.section_id and not self.url:
            raise ValidationError(gettext("Choose a section or write an address."))


class MastheadFactQuerySet(models.QuerySet):
    """Masthead facts."""

    def in_force(self, on=None):
        """Facts that hold on the date (today in Seoul by default), in printing order."""
        note("masthead")
        on = on or timezone.localdate()
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=on)).filter(
            Q(valid_until=None) | Q(valid_until__gt=on)
        )

    def value_of(self, kind):
        """The value in force of a kind of fact, empty where there is none. One query."""
        return self.in_force().filter(kind=kind).values_list("value", flat=True).first() or ""


class MastheadFactManager(models.Manager.from_queryset(MastheadFactQuerySet)):
    def get_by_natural_key(self, kind, value):
        return self.get(kind=kind, value=value)


class MastheadFact(models.Model):
    """A fact that an internet newspaper must show (Korean Newspaper Act, article 21), with its dates."""

    class Kind(models.TextChoices):
        NAME = "name", _("Name of the paper")
        MOTTO = "motto", _("Motto")
        PUBLISHER = "publisher", _("CEO & Publisher")
        EDITOR = "editor", _("Editor")
        EMAIL = "email", _("Digital News Email")
        TELEPHONE = "telephone", _("Tel")
        ADDRESS = "address", _("Place of publication")
        REGISTRATION = "registration", _("Online newspaper registration No")
        REGISTERED = "registered", _("Date of registration")
        PUBLISHED = "published", _("Date of publication")
        YOUTH_OFFICER = "youth_officer", _("Youth-protection officer")
        MASTHEAD = "masthead", _("Masthead")
        COPYRIGHT = "copyright", _("Copyright line")

    kind = models.CharField(
        max_length=20,
        choices=Kind,
        verbose_name=_("kind"),
        help_text=_("What the fact says; it chooses the words before it and where it stands."),
    )
    label = models.CharField(
        max_length=60, blank=True, help_text=_("Empty: the usual words for this fact."), verbose_name=_("label")
    )
    value = models.CharField(
        max_length=200, verbose_name=_("value"), help_text=_("Shown as written in header, footer and masthead page.")
    )
    lang = models.CharField(
        max_length=10, blank=True, help_text=_("Language of the value if not English: ko."), verbose_name=_("lang")
    )
    valid_from = models.DateField(
        null=True,
        blank=True,
        verbose_name=_("valid from"),
        help_text=_("First day on which it holds; empty: always has."),
    )
    valid_until = models.DateField(
        null=True,
        blank=True,
        help_text=_("First day on which it no longer holds; empty: until further notice."),
        verbose_name=_("valid until"),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest stands first.")
    )

    objects = MastheadFactManager()

    class Meta:
        verbose_name = _("masthead fact")
        verbose_name_plural = _("masthead facts")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("kind", "value", name="masthead_fact_once"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="masthead_fact_period",
                violation_error_message=_("A fact must end after it begins."),
            ),
        ]

    def __str__(self):
        return f"{self.title}: {self.value}"

    def natural_key(self):
        return (self.kind, self.value)

    @property
    def title(self):
        """The words before the value."""
        return self.label or self.get_kind_display()


class PageManager(models.Manager):
    def get_by_natural_key(self, address):
        return self.get(address=address)


class Page(Shown):
    """A static page: About, Code of Ethics, Terms ... at its own address, with a version and a date."""

    address = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(r"^/([a-z0-9-]+/)+$", _("Write the address like /policy/terms/: lower case, both slashes."))
        ],
        verbose_name=_("address"),
    )
    title = models.CharField(
        max_length=100, verbose_name=_("title"), help_text=_("Headline of the page, and its name in search results.")
    )
    description = models.CharField(max_length=300, blank=True, verbose_name=_("description"))
    body = HTMLField(blank=True, verbose_name=_("body"))
    version = models.CharField(
        max_length=20, blank=True, help_text=_("Shown on policies: 3, 2.1 ..."), verbose_name=_("version")
    )
    dated = models.DateField(
        null=True, blank=True, help_text=_("Since when this version holds; shown."), verbose_name=_("dated")
    )

    objects = PageManager()

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["address"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return self.address

    def natural_key(self):
        return (self.address,)

    def clean(self):
        if Section.objects.filter(path=self.address.strip("/")).exists():
            raise ValidationError({"address": "A section has this address: choose another."})


class RedirectManager(models.Manager):
    def get_by_natural_key(self, old_path):
        return self.get(old_path=old_path)


class Redirect(models.Model):
    """A permanent redirect from an address that once existed. Written by `sections.moving`."""

    old_path = models.CharField(max_length=300, unique=True, verbose_name=_("old path"))
    new_path = models.CharField(max_length=300, verbose_name=_("new path"))
    hits = models.PositiveIntegerField(_("used"), default=0, editable=False)
    last_hit_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = RedirectManager()

    class Meta:
        verbose_name = _("redirect")
        verbose_name_plural = _("redirects")
        ordering = ["old_path"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(old_path=F("new_path")),
                name="redirect_no_loop",
                violation_error_message=_("A redirect must lead somewhere else."),
            )
        ]

    def __str__(self):
        return f"{self.old_path} → {self.new_path}"

    def natural_key(self):
        return (self.old_path,)


EVERYBODY = "*"
# What may stand in robots.txt and ads.txt. Nothing that ends a line gets in, as it could smuggle in another; the
# database refuses it too. In the dialect that Python and PostgreSQL share.
TOKEN = r"^(\*|[A-Za-z0-9._-]+)\Z"
DOMAIN = r"^([a-z0-9-]+\.)+[a-z0-9-]+\Z"
ACCOUNT = r"^[A-Za-z0-9._:/@+=~-]*\Z"
AUTHORITY = r"^[A-Za-z0-9.-]*\Z"
ONE_LINE = r"^[^\u0001-\u001f\u007f-\u009f\u2028\u2029]*\Z"
NO_TOKEN = _("Write the crawler's own word, like Googlebot: letters, digits, . _ -")
NO_LINE = _("Write it in one line, without control characters.")


class CrawlerManager(models.Manager):
    def get_by_natural_key(self, token):
        return self.get(token=token)

    def everybody(self):
        """The row for all crawlers that have none of their own, if there is one."""
        return self.filter(token=EVERYBODY)

    def content_usage(self):
        """The Content-Usage header, empty where nothing is said. One query; pages have it in their frame."""
        row = self.everybody().first()
        return row.content_usage if row else ""


class Crawler(models.Model):
    """What one crawler may do; the row `*` is about all others.

    robots.txt (RFC 9309), the page /policy/crawlers/ and, from the row `*`, the Content-Usage header of every page
    say what stands here.
    """

    class Purpose(models.TextChoices):
        SEARCH = "search", _("Search")
        TRAINING = "training", _("AI training")
        ANSWERS = "answers", _("AI answers")
        ARCHIVE = "archive", _("Archive")
        ADS = "ads", _("Advertising")
        PREVIEWS = "previews", _("Link previews")
        OTHER = "other", _("Other")

    class Usage(models.TextChoices):
        YES = "y", _("Yes")
        NO = "n", _("No")

    token = models.CharField(
        _("user agent"),
        max_length=60,
        validators=[RegexValidator(TOKEN, NO_TOKEN)],
        help_text=_(
            "The word that its operator documents for robots.txt; * is every crawler without a row of its own."
        ),
    )
    operator = models.CharField(
        max_length=100, blank=True, help_text=_("The company or institution that runs it."), verbose_name=_("operator")
    )
    purpose = models.CharField(
        max_length=10,
        choices=Purpose,
        default=Purpose.OTHER,
        verbose_name=_("purpose"),
        help_text=_("Groups the crawlers on /policy/crawlers/; changes nothing else."),
    )
    allowed = models.BooleanField(
        _("may crawl"), default=True, help_text=_("Off: robots.txt asks it to fetch nothing.")
    )
    train_ai = models.CharField(
        _("may train AI"),
        max_length=1,
        choices=Usage,
        default=Usage.NO,
        blank=True,
        help_text=_("Empty: nothing is said. Every page says what the row * says, and the stricter of the two counts."),
    )
    search = models.CharField(
        _("may index for search"),
        max_length=1,
        choices=Usage,
        default=Usage.YES,
        blank=True,
        help_text=_("Empty: nothing is said."),
    )
    note = models.CharField(_("why"), max_length=300, blank=True, help_text=_("For readers of /policy/crawlers/."))
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest stands first.")
    )

    objects = CrawlerManager()

    class Meta:
        verbose_name = _("crawler")
        verbose_name_plural = _("crawlers")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("token"), name="crawler_once", violation_error_message=_("This crawler has a row already.")
            ),
            models.CheckConstraint(
                condition=Q(token__regex=TOKEN),
                name="crawler_token_is_a_word",
                violation_error_message=NO_TOKEN,
            ),
            models.CheckConstraint(
                condition=Q(train_ai__in=["", "y", "n"], search__in=["", "y", "n"]), name="crawler_usage_is_known"
            ),
        ]

    def __str__(self):
        return "All others" if self.is_everybody else self.token

    def natural_key(self):
        return (self.token,)

    @property
    def is_everybody(self):
        """Whether this is the row for all others."""
        return self.token == EVERYBODY

    @property
    def content_usage(self):
        """What it may use pages for, in the words of the AIPREF drafts of the IETF: `train-ai=n, search=y`."""
        said = (("train-ai", self.train_ai), ("search", self.search))
        return ", ".join(f"{name}={value}" for name, value in said if value)


class AdSellerManager(models.Manager):
    def get_by_natural_key(self, relationship, domain, account):
        return self.get(relationship=relationship, domain=domain, account=account)


class AdSeller(models.Model):
    """A line of ads.txt (IAB Tech Lab, 1.1): who may sell our advertising, who owns the site, who manages its sales."""

    class Relationship(models.TextChoices):
        DIRECT = "DIRECT", _("Sells for us, by a contract with us")
        RESELLER = "RESELLER", _("Resells what another one sells")
        OWNER = "OWNERDOMAIN", _("Owns this site")
        MANAGER = "MANAGERDOMAIN", _("Manages all sales of this site")

    relationship = models.CharField(
        max_length=13,
        choices=Relationship,
        default=Relationship.DIRECT,
        verbose_name=_("relationship"),
        help_text=_("The word that ads.txt says about this seller."),
    )
    domain = models.CharField(
        max_length=253,
        validators=[RegexValidator(DOMAIN, _("Write the domain alone, in lower case: example.com"))],
        help_text=_("Domain of the advertising system, or of the owner or manager: example.com"),
        verbose_name=_("domain"),
    )
    account = models.CharField(
        max_length=100,
        blank=True,
        validators=[RegexValidator(ACCOUNT, _("Write the account without blanks and commas, as the system shows it."))],
        help_text=_("Our account there. Owners and managers have none."),
        verbose_name=_("account"),
    )
    authority = models.CharField(
        _("certification"),
        max_length=60,
        blank=True,
        validators=[RegexValidator(AUTHORITY, _("Write letters and digits only."))],
        help_text=_("The system's own id at a certification authority, mostly TAG."),
    )
    comment = models.CharField(
        max_length=200,
        blank=True,
        validators=[RegexValidator(ONE_LINE, NO_LINE)],
        help_text=_("Stands behind the line; everybody can read it."),
        verbose_name=_("comment"),
    )
    position = models.PositiveSmallIntegerField(
        default=0, verbose_name=_("position"), help_text=_("The lowest stands first.")
    )

    objects = AdSellerManager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("seller of advertising")
        verbose_name_plural = _("sellers of advertising")
        constraints = [
            models.UniqueConstraint(
                "relationship",
                "domain",
                "account",
                name="ad_seller_once",
                violation_error_message=_("This line stands in ads.txt already."),
            ),
            models.UniqueConstraint(
                "relationship",
                condition=Q(relationship__in=["OWNERDOMAIN", "MANAGERDOMAIN"]),
                name="ad_seller_one_owner_and_manager",
                violation_error_message=_("ads.txt names one owner and one manager: change that row instead."),
            ),
            models.CheckConstraint(
                condition=Q(relationship__in=["DIRECT", "RESELLER"]) & ~Q(account="")
                | Q(relationship__in=["OWNERDOMAIN", "MANAGERDOMAIN"], account="", authority=""),
                name="ad_seller_has_account",
                violation_error_message=_(
                    "A seller needs an account; an owner or manager has neither account nor certification."
                ),
            ),
            models.CheckConstraint(
                condition=Q(
                    domain__regex=DOMAIN, account__regex=ACCOUNT, authority__regex=AUTHORITY, comment__regex=ONE_LINE
                ),
                name="ad_seller_is_one_line",
                violation_error_message=NO_LINE,
            ),
        ]

    def __str__(self):
        return f"{self.relationship} {self.domain} {self.account}".strip()

    def natural_key(self):
        return (self.relationship, self.domain, self.account)

    @property
    def line(self):
        """The row as a line of ads.txt."""
        if self.relationship in (self.Relationship.OWNER, self.Relationship.MANAGER):
            line = f"{self.relationship}={self.domain}"
        else:
            line = ", ".join(filter(None, [self.domain, self.account, self.relationship, self.authority]))
        return f"{line} # {self.comment}" if self.comment else line


class SectionEditor(models.Model):
    """A section given to a member of the staff: with its subsections, the place where that person may publish."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="section_desks", verbose_name=_("user")
    )
    section = models.ForeignKey(
        Section,
        models.CASCADE,
        related_name="section_editors",
        verbose_name=_("section"),
        help_text=_("Its stories, and those of its subsections, are this editor's to change and publish."),
    )

    class Meta:
        verbose_name = _("section given")
        verbose_name_plural = _("sections given")
        ordering = ["section__path"]
        constraints = [
            models.UniqueConstraint(
                "user",
                "section",
                name="section_editor_once",
                violation_error_message=_("This section is given already."),
            )
        ]

    def __str__(self):
        return f"{self.section_id}"


class Binned(models.Model):
    """Something that was deleted in the admin, whole, so that it can be brought back. Written by `sections.bin`."""

    model = models.CharField(_("kind"), max_length=100, help_text=_("app.model of what was deleted."))
    words = models.CharField(_("what it was"), max_length=300)
    content = models.TextField(
        help_text=_("It and everything that went with it, as Django's JSON serializer writes it."),
        verbose_name=_("content"),
    )
    deleted_at = models.DateTimeField(_("deleted"), default=timezone.now)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="binned",
        verbose_name=_("deleted by"),
    )

    class Meta:
        verbose_name = _("deleted thing")
        verbose_name_plural = _("bin")
        ordering = ["-deleted_at", "-id"]

    def __str__(self):
        return self.words


class BreakingNewsQuerySet(models.QuerySet):
    """Lines of breaking news."""

    def in_force(self, at=None):
        """Lines that stand over every page at a moment (now by default)."""
        note("breaking")
        at = at or timezone.now()
        return self.filter(starts_at__lte=at, ends_at__gt=at)


class BreakingNews(models.Model):
    """A line over every page of the paper, for a while. Of several the one that began last is shown."""

    text = models.CharField(
        _("text"), max_length=160, help_text=_("One sentence. It stands over every page as soon as it is saved.")
    )
    url = models.CharField(
        _("link"),
        max_length=300,
        blank=True,
        validators=[
            RegexValidator(r"^(https?://|/)\S+$", _("Write /a/path/ of this site or a full https:// address."))
        ],
        help_text=_("The address of the story, once there is one: /2026/11/30/a-story/."),
    )
    starts_at = models.DateTimeField(
        _("from"), default=timezone.now, help_text=_("Seoul time; readers see it from then on.")
    )
    ends_at = models.DateTimeField(
        _("until"), help_text=_("Seoul time; it goes by itself then. Set it to now to take the line away.")
    )

    objects = BreakingNewsQuerySet.as_manager()

    class Meta:
        verbose_name = _("breaking news")
        verbose_name_plural = _("breaking news")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="breaking_news_ends_after_start",
                violation_error_message=_("It must end after it begins."),
            )
        ]

    def __str__(self):
        return self.text


class Purge(models.Model):
    """Surrogate keys whose pages changed, from a moment on. Written by triggers of the database alone.

    Each host reads every row once, whatever order transactions end in: see `newsroom.pagecache.purging`.
    """

    class Strength(models.IntegerChoices):
        """What becomes of the pages."""

        MARK = 0, "is old: one process makes it anew, the others show it meanwhile"
        PURGE = 1, "is not shown any more, unless the database does not answer"
        ERASE = 2, "is never shown again"

    keys = ArrayField(models.TextField())
    strength = models.PositiveSmallIntegerField(choices=Strength)
    due_at = models.DateTimeField(null=True)
    transaction = models.BigIntegerField(db_index=True)
    written_at = models.DateTimeField(db_default=Now(), db_index=True)
    # When the caches in front of the hosts were told of it, and told again once every host knew.
    told_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("id", name="purge_not_settled", condition=Q(settled_at=None))]

    def __str__(self):
        return ", ".join(self.keys)
