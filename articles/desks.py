"""What a member of the staff may do with stories: the one place that knows roles and sections given.

Permissions come with the groups (`readers.roles`); what they reach is decided here. `articles.every_section` reaches
all stories. Everybody else reaches the stories of the sections given to them (`sections.SectionEditor`) and their
own: those they began, and those that carry their byline.
"""

from django.db.models import Q
from django.utils.functional import cached_property

from sections.models import Section

from .models import Article, Byline


def desk_of(user):
    """The Desk of a user, made once for each request: it is kept on the user."""
    if not hasattr(user, "_desk"):
        user._desk = Desk(user)
    return user._desk


class Desk:
    """What one user may do with stories. At most one query for the sections, and one a story for its byline."""

    def __init__(self, user):
        self.user = user

    @cached_property
    def is_everywhere(self):
        """Whether the sections do not matter."""
        return self.user.has_perm("articles.every_section")

    @cached_property
    def sections(self):
        """Ids of the sections given to the user, their subsections included. One query."""
        given = Section.objects.filter(Q(section_editors__user=self.user) | Q(parent__section_editors__user=self.user))
        return frozenset(given.order_by().values_list("pk", flat=True))

    def reaches(self, section):
        """Whether the user works for a section (its id)."""
        return self.is_everywhere or section in self.sections

    # ---- many stories

    def stories(self, stories=None):
        """The stories that the user sees in the newsroom, of a query set (all by default)."""
        stories = Article.objects.all() if stories is None else stories
        if not self.user.is_active or not self.user.is_staff:
            return stories.none()
        if self.is_everywhere:
            return stories
        own = Article.objects.filter(writer=self.user).order_by().values("pk")
        signed = Byline.objects.filter(reporter__user=self.user).order_by().values("article")
        # A union, as the planner would read the whole table for the same thing written with OR.
        return stories.filter(Q(pk__in=own.union(signed)) | Q(section__in=self.sections))

    def choosable(self, stories):
        """Of a query set the stories that the user may name in another one: those of `stories`, and public ones."""
        if self.is_everywhere:
            return stories
        return stories.filter(
            Q(pk__in=self.stories().order_by().values("pk"))
            | Q(pk__in=Article.objects.published().order_by().values("pk"))
        )

    # ---- one story

    def owns(self, story):
        """Whether the user began the story or has a byline in it. One query at most, kept on the story."""
        if story.writer_id == self.user.pk:
            return True
        known = story.__dict__.setdefault("_owned_by", {})
        if self.user.pk not in known:
            known[self.user.pk] = story.bylines.filter(reporter__user=self.user).exists()
        return known[self.user.pk]

    def may_see(self, story):
        """Whether the story and its form may be looked at."""
        if not (self.user.has_perm("articles.view_article") or self.user.has_perm("articles.change_article")):
            return False
        return self.reaches(story.section_id) or self.owns(story)

    def may_write(self, story):
        """Whether its words may be changed: a draft by its writer, all else by those who work for its section.

        What is ready or public is changed only by those who may publish it.
        """
        if not self.user.has_perm("articles.change_article"):
            return False
        if story.status == Article.Status.READY:
            return self.may_publish(story)
        if self.reaches(story.section_id):
            return True
        return story.status == Article.Status.DRAFT and self.owns(story)

    def may_illustrate(self, story):
        """Whether its photos may be changed, if not its words."""
        return self.may_write(story) or (self.user.has_perm("articles.illustrate_article") and self.may_see(story))

    def may_publish(self, story):
        """Whether it may be published, scheduled, corrected, withdrawn."""
        return self.user.has_perm("articles.publish_article") and self.reaches(story.section_id)

    def may_hand_back(self, story):
        """Whether a story in review may be given back: by the desk of its section."""
        return self.user.has_perm("articles.change_article") and self.reaches(story.section_id)

    def may_delete(self, story):
        """Whether it may be put into the bin; that what was public never is, the admin says in words."""
        return self.user.has_perm("articles.delete_article") and self.may_write(story)

    # ---- filing

    def fileable(self, story=None):
        """Sections under which the user may put a story. What is ready stays within what the user publishes."""
        everywhere = self.is_everywhere or story is None or story.status != Article.Status.READY
        sections = Section.objects.with_parent()
        return sections if everywhere else sections.filter(pk__in=self.sections)

    def listable(self):
        """Sections that the user works for: stories may be moved to them, and listed there besides their own."""
        sections = Section.objects.with_parent()
        return sections if self.is_everywhere else sections.filter(pk__in=self.sections)
