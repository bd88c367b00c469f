"""Mails as they go out: an issue for one reader, a reader's digest, and the mail that asks for confirmation.

The head of a mail is made by Python's `email` package, which refuses line breaks; everything that somebody typed is in
one line already (`models.one_line`). What is the same for all readers is rendered once.
"""

from dataclasses import dataclass, replace
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.cards import load_cards
from sections.admin_base import paper_name
from sections.models import MastheadFact
from sections.pages import absolute

from . import digests
from .composing import load_stories, shorten, show
from .models import IssueStory
from .signing_up import end_link, sign

# Gmail cuts off a mail after 102 kilobytes, and with it the link that ends the letter.
LARGEST = 100_000
# Stories in a digest, and names that one story is said to be there for.
MOST_OF_DIGEST, MOST_NAMES = 12, 3
# Stand in the rendered letter where each reader's own links come.
END, PREFERENCES = "https://end.invalid/", "https://preferences.invalid/"


# Heads that are one long word: Python would break and encode them, and mail programs would find no link in them.
UNBROKEN = {"list-unsubscribe", "message-id", "to"}


class MailPolicy(EmailPolicy):
    """How mails are written: as for SMTP, with addresses and links in one piece (RFC 5322: up to 998 characters).

    Words that are not ASCII are encoded by `email.header`; EmailPolicy loses blanks between them (RFC 2047, 6.2).
    """

    def fold(self, name, value):
        """The line of a head, or its lines."""
        kind = name.lower()
        if kind in UNBROKEN:
            return f"{name}: {value}{self.linesep}"
        if kind == "subject":
            return f"{name}: {self._encoded(name, str(value))}{self.linesep}"
        if kind == "from" and not str(value).isascii():
            (address,) = value.addresses
            return f"{name}: {self._encoded(name, address.display_name)} <{address.addr_spec}>{self.linesep}"
        return super().fold(name, value)

    def _encoded(self, name, text):
        kind = "us-ascii" if text.isascii() else "utf-8"
        return Header(text, kind, header_name=name, maxlinelen=75).encode(linesep=self.linesep)

    def fold_binary(self, name, value):
        """The same as bytes."""
        return self.fold(name, value).encode("ascii")


POLICY = MailPolicy(linesep="\r\n")


@dataclass
class Letter:
    """An issue as it is the same for every reader."""

    subject: str
    html: str
    text: str
    newsletter_id: int
    slug: str
    paper: str

    @property
    def size(self):
        """Bytes of the larger of its two parts."""
        return max(len(self.html.encode()), len(self.text.encode()))


def render_issue(issue):
    """The Letter of an issue (its newsletter must be loaded). 4 queries."""
    context = _frame() | {
        "issue": issue,
        "newsletter": issue.newsletter,
        "stories": load_stories(issue),
        "day": timezone.localtime(issue.send_at),
        "end": END,
        "preferences": PREFERENCES,
        "browser": absolute(
            reverse("newsletter_issue", args=[issue.newsletter.slug, f"{issue.day or timezone.localdate():%Y-%m-%d}"])
        ),
    }
    html, text = _parts("issue", context)
    return Letter(
        subject=issue.subject,
        html=html,
        text=text,
        newsletter_id=issue.newsletter_id,
        slug=issue.newsletter.slug,
        paper=context["paper"],
    )


# Who is responsible for the letter.
IMPRINT = (MastheadFact.Kind.TELEPHONE, MastheadFact.Kind.PUBLISHER)


def _frame():
    """What every mail says of the paper. 2 queries."""
    return {
        "paper": paper_name(),
        "facts": [fact for fact in MastheadFact.objects.in_force() if fact.kind in IMPRINT],
        "site_url": settings.SITE_URL,
        "privacy": absolute("/policy/privacy/"),
    }


def _parts(name, context):
    """(HTML, text) of a mail."""
    return tuple(tidy(render_to_string(f"newsletters/mail/{name}.{kind}", context)) for kind in ("html", "txt"))


def tidy(text):
    """Without the blanks before lines and the empty lines that templates leave."""
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip() + "\n"


def check_size(letter):
    """Raises ValidationError where a mail program would cut the letter off."""
    if letter.size > LARGEST:
        raise ValidationError(
            _("The letter has %(size)s kilobytes; mail programs cut off what is beyond 100. Leave out some stories.")
            % {"size": letter.size // 1000}
        )


def host():
    """The host after which message ids and lists are named."""
    return urlsplit(settings.SITE_URL).hostname


def sender_address():
    """The address from which letters come."""
    return settings.NEWSLETTER_FROM


def sender(name):
    """The address in the From line, with the paper's name."""
    local, _at, domain = sender_address().rpartition("@")
    return Address(" ".join(name.split()), local, domain)


def issue_mail(letter, subscriber, message_id):
    """The mail of a Letter for one Subscriber as an EmailMessage. No query."""
    end = absolute(reverse("letter_end", args=[end_link(subscriber.pk, letter.newsletter_id)]))
    preferences = absolute(reverse("letter_preferences", args=[sign("preferences", subscriber.pk)]))

    def own(text):
        return text.replace(END, end).replace(PREFERENCES, preferences)

    mail = _mail(letter.subject, subscriber.address, message_id, letter.paper, own(letter.text), own(letter.html), end)
    return _to_many(mail, f"{letter.slug}.newsletters")


def _to_many(mail, name):
    """The mail, marked as one of a list of this name."""
    mail["List-Id"] = f"<{name}.{host()}>"
    # Known to old mail programs, so that no holiday answers come back.
    mail["Precedence"] = "bulk"
    return mail


def digest_mail(digest, reasons, until, message_id):
    """The mail of a Digest (its user must be loaded); None where no story of it is public any more. 3 queries.

    `reasons` are {id of a story: names of what brought it}, in order; `until` the moment of which it is.
    """
    chosen = list(reasons)[:MOST_OF_DIGEST]
    cards = load_cards(chosen)
    # Nothing of a story's text is loaded, so the locked part of a premium story cannot get into the mail.
    stories = [
        replace(show(IssueStory(), cards[pk]), reason=f"You follow {in_words(reasons[pk])}")
        for pk in chosen
        if pk in cards
    ]
    if not stories:
        return None
    more = len(reasons) - len(chosen)
    end = absolute(reverse("digest_end", args=[digests.end_link(digest)]))
    subject = shorten(f"For you: {stories[0].headline}")
    context = _frame() | {
        **{"subject": subject, "stories": stories, "count": len(stories) + more, "more": more},
        **{"day": timezone.localtime(until), "end": end, "for_you": absolute(reverse("for_you"))},
        "settings": absolute(reverse("for_you")) + "#digest",
    }
    html, text = _parts("digest", context)
    mail = _mail(subject, digest.user.email, message_id, context["paper"], text, html, end)
    return _to_many(mail, "digest.newsletters")


def in_words(names):
    """Names as one says them: Business, Lee Min-ho and Seoul; after the third one, how many more."""
    shown = names if len(names) <= MOST_NAMES + 1 else [*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def confirmation_mail(sign_up, message_id):
    """The mail that asks whether a form was filled in by the owner of the address. 3 queries."""
    end = absolute(reverse("letter_end", args=[end_link(sign_up.subscriber_id, 0)]))
    context = _frame() | {
        "names": [newsletter.name for newsletter in sign_up.newsletters.all()],
        "link": absolute(reverse("letter_confirm", args=[sign("confirm", str(sign_up.uuid))])),
        "end": end,
    }
    html, text = _parts("confirm", context)
    paper = context["paper"]
    subject = f"Confirm your letters from {paper}"
    return _mail(subject, sign_up.subscriber.address, message_id, paper, text, html, end)


def _mail(subject, to, message_id, paper, text, html, end):
    mail = EmailMessage(policy=POLICY)
    mail["From"] = sender(paper)
    mail["To"] = Address("", *to.rsplit("@", 1))
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(timezone.now())
    mail["Message-ID"] = message_id
    # RFC 8058: a POST to this address ends the letter at once.
    mail["List-Unsubscribe"] = f"<{end}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
    return mail
