"""A real SMTP server on loopback, letters with readers, and real programs that send."""

import asyncio
import re
import socket
import subprocess
import sys
from collections import Counter
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from newsletters.models import Issue, IssueStory, Newsletter, Subscriber, Subscription
from newsroom import localpg
from tests.factories import make_article
from tests.programs import environment


class Mailbox:
    """What an SMTP server took. `refuse` {address: answer} and `refuse_mail` are its answers; `wait` slows it down."""

    def __init__(self):
        self.mails, self.raw, self.refuse, self.refuse_mail = [], [], {}, {}
        self.wait = 0
        self.hold_at_rcpt, self.hold_after_data, self.drop_at_data = set(), set(), set()
        self.held = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.hold_at_rcpt:
            self.held.add(address)
            await asyncio.sleep(30)
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        if address in self.drop_at_data:
            server.transport.close()
            return "250 never heard"
        if address in self.refuse_mail:
            return self.refuse_mail[address]
        await asyncio.sleep(self.wait)
        self.raw.append(envelope.content)
        self.mails.append((address, message_from_bytes(envelope.content, policy=policy.default)))
        if address in self.hold_after_data:
            self.held.add(address)
            await asyncio.sleep(30)
        return "250 taken"

    def to(self, address):
        """The mails to an address."""
        return [mail for found, mail in self.mails if found == address]

    @property
    def counts(self):
        """{address: number of mails}."""
        return Counter(address for address, _ in self.mails)


class Quiet(Controller):
    """The server, without a word about connections that are cut."""

    def _create_server(self):
        self.loop.set_exception_handler(lambda loop, context: None)
        return super()._create_server()


@pytest.fixture
def mailbox(settings, tmp_path):
    """A running SMTP server to which the paper's mails go."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Quiet(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.NEWSLETTER_RATE = 10_000
    yield box
    controller.stop()


def make_letter(name="Morning briefing", **fields):
    """A letter that is made by hand."""
    fields = {"slug": name.lower().replace(" ", "-"), "description": f"About {name}.", "rhythm": "Daily"} | fields
    return Newsletter.objects.create(name=name, **fields)


def make_reader(address, *letters, **fields):
    """Somebody who gets the letters."""
    subscriber = Subscriber.objects.create(address=address, key=address.lower())
    for letter in letters:
        fields = {"confirmed_at": timezone.now()} | fields
        Subscription.objects.create(newsletter=letter, subscriber=subscriber, **fields)
    return subscriber


def make_issue(letter, *articles, **fields):
    """A draft with stories; two public ones unless some are named."""
    fields = {"subject": "Two stories for today", "intro": "Good morning."} | fields
    issue = Issue.objects.create(newsletter=letter, **fields)
    for position, article in enumerate(articles or (make_article(), make_article())):
        IssueStory.objects.create(issue=issue, article=article, position=position)
    return issue


def ready(issue, **fields):
    """The issue, ready to be sent since a second ago."""
    now = timezone.now()
    fields = {"state": "ready", "send_at": now, "day": timezone.localdate(now)} | fields
    Issue.objects.filter(pk=issue.pk).update(**fields)
    issue.refresh_from_db()
    return issue


def link_in(mail, word):
    """The path of the first link in a mail's text that has the word."""
    return re.search(rf"https?://[^/\s]+(/letters/{word}/\S+)", mail.get_body(("plain",)).get_content())[1]


@pytest.fixture
def send_in_process(settings):
    """Starts `manage.py send_newsletters` as a program of its own; those that still run are killed after the test."""
    running = []

    def start(**own):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "send_newsletters"],
            cwd=localpg.PROJECT,
            env=environment(EMAIL_URL=f"smtp://127.0.0.1:{settings.EMAIL_PORT}", NEWSLETTER_RATE="10000", **own),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()
