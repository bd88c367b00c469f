"""The steps of a story's life as buttons: which there are, who may take them when, and what they ask."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from articles import publishing
from articles.forms import CorrectForm, NothingAsked, WithdrawForm
from articles.models import Article


@dataclass(frozen=True)
class Act:
    """A button of the story's form: it saves what was typed and then takes the story a step on."""

    name: str
    label: str
    done: str


ACTS = {
    act.name: act
    for act in (
        Act("hand_in", _("Save and hand in"), _("handed in for review")),
        Act("hand_back", _("Save and hand back"), _("handed back to its writer")),
        Act("schedule", _("Schedule"), _("scheduled")),
        Act("publish", _("Publish now"), _("published")),
        Act("take_back", _("Save and back to draft"), _("taken off the schedule: it is a draft again")),
        Act("schedule_change", _("Schedule this change"), _("kept as it is: readers see the change at its moment")),
    )
}
# These look at what was typed and save nothing.
LOOKS = ("preview", "compare")


def acts_for(desk, story):
    """The acts that the state of a story allows a user's desk, in the order of the buttons. No query of its own.

    For a story that is not there yet (None) the desk decides once its section is known.
    """
    if story is None:
        names = ("hand_in", *(("schedule", "publish") if desk.user.has_perm("articles.publish_article") else ()))
    elif story.status == Article.Status.DRAFT:
        names = (
            *(("hand_in",) if desk.may_write(story) else ()),
            *(("schedule", "publish") if desk.may_publish(story) else ()),
        )
    elif story.status == Article.Status.IN_REVIEW:
        names = (
            *(("hand_back",) if desk.may_hand_back(story) else ()),
            *(("schedule", "publish") if desk.may_publish(story) else ()),
        )
    elif not desk.may_publish(story):
        names = ()
    elif story.is_scheduled():
        names = ("take_back", "publish")
    else:
        names = ("schedule_change",) if story.is_public() else ()
    return [ACTS[name] for name in names]


@dataclass(frozen=True)
class AskingAct:
    """An act on a public or withdrawn story that asks something, or a confirmation, on a page of its own."""

    name: str
    title: str
    button: str
    explanation: str
    form: type
    done: str

    def fits(self, desk, story):
        """Whether the story's state allows the act to a user's desk."""
        fitting = story.is_withdrawn() if self.name == "restore" else story.is_public()
        return fitting and desk.may_publish(story)

    def do(self, story, answers, by):
        """Does the act with the answers of its form; raises ValidationError where the story refuses it."""
        if self.name == "correct":
            publishing.correct(story, answers["text"], kind=answers["kind"], by=by)
        elif self.name == "withdraw":
            publishing.withdraw(story, answers["reason"], by=by)
        else:
            publishing.restore(story, by=by)


ASKING_ACTS = {
    act.name: act
    for act in (
        AskingAct(
            *("correct", _("Correct"), _("Put the note under the story")),
            _(
                "The note stands under the story from now on and the story's “Updated” stamp moves. Mend the text "
                "itself in the story's form, where the same note can be written."
            ),
            *(CorrectForm, _("corrected in public")),
        ),
        AskingAct(
            *("withdraw", _("Withdraw"), _("Withdraw the story")),
            _("The story leaves every page, list, feed and search at once. Its address stays and tells readers why."),
            *(WithdrawForm, _("withdrawn")),
        ),
        AskingAct(
            *("restore", _("Restore"), _("Bring the story back")),
            _("The story is public again at its address, and on every list, as if it had never been away."),
            *(NothingAsked, _("brought back")),
        ),
    )
}
