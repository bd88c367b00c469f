"""The frame of the paper: sections, menus, masthead facts, static pages and redirects."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone

from .html import HTMLField

# First words of addresses that belong to the site itself; years belong to stories.
RESERVED_SLUGS = {
    *("search", "admin", "lite", "preview", "static", "media", "topics", "reporters", "columns", "login"),
    *("register", "subscribe", "logout", "account", "feeds", "rss", "archive", "corrections", "sitemap"),
    *("sitemaps", "robots", "health", "reads", "rest", "about", "policy", "products", "www", "api", "today"),
    *("today-in-history", "print", "learn-korean", "learn-english"),
}


class SectionQuerySet(models.QuerySet):
    """Sections by their place in the tree."""

    def top(self):
        """Sections without a parent, in menu order."""
        return self.filter(parent=None).order_by("position", "name")

    def with_parent(self):
        """Sections with their parent loaded: one query."""
        return self.select_related("parent")


class SectionManager(models.Manager.from_queryset(SectionQuerySet)):
    def get_by_natural_key(self, path):
        return self.get(path=path)


class Section(models.Model):
    """A section, or a subsection when it has a parent. Two levels; `path` is unique and stored.

    Rename or move one with `sections.moving.move_section`, which rewrites the paths of its children and
    leaves redirects.
    """

    name = models.CharField(max_length=60)
    slug = models.SlugField(
        max_length=60, help_text="Word of the address. Changing it leaves a redirect from the old one."
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="section above"
    )
    path = models.CharField(max_length=121, unique=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    description = models.TextField(
        blank=True, help_text="One or two sentences under the name on the section's front, and for feeds."
    )

    objects = SectionManager()

    class Meta:
        ordering = ["path"]
        constraints = [
            # Both let a dump be loaded in any order: a row's parent may follow it, and is empty until then.
            models.UniqueConstraint(
                fields=["parent", "slug"],
                name="section_slug_unique_per_parent",
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Another section here has this slug.",
            ),
            models.CheckConstraint(
                condition=Q(parent=None, path=F("slug")) | Q(path__endswith=Concat(Value("/"), F("slug"))),
                name="section_path_follows_slug",
            ),
        ]

    def __str__(self):
        return self.name if self.parent_id is None else f"{self.path.split('/')[0]} / {self.name}"

    def save(self, **kwargs):
        self.path = self.computed_path()
        super().save(**kwargs)

    def get_absolute_url(self):
        return reverse("by_path", args=[self.path])

    def natural_key(self):
        return (self.path,)

    def clean(self):
        if self.parent_id is None:
            if self.slug in RESERVED_SLUGS or self.slug.isdecimal():
                raise ValidationError({"slug": f"The address /{self.slug}/ belongs to the site: choose another."})
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
        BAR = "bar", "Bar under the masthead"
        OVERLAY = "overlay", "All-menu overlay"
        TILES = "tiles", "Tiles of the overlay"
        SOCIAL = "social", "Social links"
        FOOTER = "footer", "Footer"

    menu = models.CharField(max_length=10, choices=Menu)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name="under"
    )
    section = models.ForeignKey(Section, models.CASCADE, null=True, blank=True, related_name="menu_items")
    url = models.CharField(
        "address",
        max_length=300,
        blank=True,
        validators=[
            RegexValidator(r"^(https?://|mailto:|/)\S+$", "Write /a/path/ of this site or a full https:// address.")
        ],
        help_text="Only where no section is chosen: /about/ or https://...",
    )
    label = models.CharField(max_length=60, blank=True, help_text="Empty: the section's name.")
    icon = models.CharField(max_length=20, blank=True, choices=ICONS)
    position = models.PositiveSmallIntegerField(default=0)

    objects = MenuItemManager()

    class Meta:
        ordering = ["menu", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(section=None) | Q(url=""),
                name="menu_item_section_or_url",
                violation_error_message="Choose a section or write an address, not both.",
            ),
            models.CheckConstraint(
                condition=Q(section__isnull=False) | ~Q(label=""),
                name="menu_item_has_label",
                violation_error_message="Write a label: only an entry that leads to a section may go without.",
            ),
            models.UniqueConstraint(
                "menu",
                "parent",
                "section",
                "url",
                "label",
                name="menu_item_once",
                nulls_distinct=False,
                violation_error_message="This menu already has this entry.",
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
            raise ValidationError("Choose a section or write an address.")


class MastheadFactQuerySet(models.QuerySet):
    """Masthead facts."""

    def in_force(self, on=None):
        """Facts that hold on the date (today in Seoul by default), in printing order."""
        on = on or timezone.localdate()
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=on)).filter(
            Q(valid_until=None) | Q(valid_until__gt=on)
        )


class MastheadFactManager(models.Manager.from_queryset(MastheadFactQuerySet)):
    def get_by_natural_key(self, kind, value):
        return self.get(kind=kind, value=value)


class MastheadFact(models.Model):
    """A fact that an internet newspaper must show (Korean Newspaper Act, article 21), with its dates."""

    class Kind(models.TextChoices):
        NAME = "name", "Name of the paper"
        MOTTO = "motto", "Motto"
        PUBLISHER = "publisher", "CEO & Publisher"
        EDITOR = "editor", "Editor"
        EMAIL = "email", "Digital News Email"
        TELEPHONE = "telephone", "Tel"
        ADDRESS = "address", "Place of publication"
        REGISTRATION = "registration", "Online newspaper registration No"
        REGISTERED = "registered", "Date of registration"
        PUBLISHED = "published", "Date of publication"
        YOUTH_OFFICER = "youth_officer", "Youth-protection officer"
        MASTHEAD = "masthead", "Masthead"
        COPYRIGHT = "copyright", "Copyright line"

    kind = models.CharField(max_length=20, choices=Kind)
    label = models.CharField(max_length=60, blank=True, help_text="Empty: the usual words for this fact.")
    value = models.CharField(max_length=200)
    lang = models.CharField(max_length=10, blank=True, help_text="Language of the value if not English: ko.")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(
        null=True, blank=True, help_text="First day on which it no longer holds; empty: until further notice."
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = MastheadFactManager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("kind", "value", name="masthead_fact_once"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="masthead_fact_period",
                violation_error_message="A fact must end after it begins.",
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


class Page(models.Model):
    """A static page: About, Code of Ethics, Terms ... at its own address, with a version and a date."""

    address = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(r"^/([a-z0-9-]+/)+$", "Write the address like /policy/terms/: lower case, both slashes.")
        ],
    )
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    body = HTMLField(blank=True)
    version = models.CharField(max_length=20, blank=True, help_text="Shown on policies: 3, 2.1 ...")
    dated = models.DateField(null=True, blank=True, help_text="Since when this version holds; shown.")

    objects = PageManager()

    class Meta:
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

    old_path = models.CharField(max_length=300, unique=True)
    new_path = models.CharField(max_length=300)

    objects = RedirectManager()

    class Meta:
        ordering = ["old_path"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(old_path=F("new_path")),
                name="redirect_no_loop",
                violation_error_message="A redirect must lead somewhere else.",
            )
        ]

    def __str__(self):
        return f"{self.old_path} → {self.new_path}"

    def natural_key(self):
        return (self.old_path,)
