"""Readers, forms and mails of subscriptions."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from readers.models import User
from subscriptions import mails
from subscriptions.models import Mail
from tests.factories import make_plan
from tests.newsletters.conftest import mailbox  # noqa: F401

DELIVERY = {"postcode": "03925", "road_address": "21 Naru-ro, Mapo-gu, Seoul", "detail_address": "302"}


@pytest.fixture(autouse=True)
def no_counts(db):
    """What the limits have counted in other tests is forgotten."""
    cache.clear()


@pytest.fixture
def plan(db):
    """The printed paper."""
    return make_plan()


@pytest.fixture
def epaper(db):
    """A plan without delivery."""
    return make_plan("E-paper", price=11900, gives_delivery=False, position=1)


def typed(**fields):
    """What a reader types into the form of a printed paper."""
    first = timezone.localdate() + timedelta(days=3)
    given = {"name": "Yoo Bo-mi", "email": "bomi@example.com", "telephone": "010-1234-5678", "starts_on": f"{first}"}
    return {name: value for name, value in (given | DELIVERY | {"terms": "on"} | fields).items() if value is not None}


def asked(**fields):
    """What somebody types into the form of content sales."""
    given = {
        **{"name": "Cho Mi-rae", "email": "mirae@example.com", "telephone": "031-234-5678", "kind": "stories"},
        **{"wanted": "The ferries", "purpose": "A reader for schools.", "medium": "book", "terms": "on"},
    }
    return {name: value for name, value in (given | fields).items() if value is not None}


def make_reader(email="bomi@example.com", *, verified=True, **fields):
    """A reader with an account, whose address is confirmed."""
    user = User.objects.create_user(f"reader-{email}", email, "a ferry at six in the fog", **fields)
    user.emailaddress_set.create(email=email, verified=verified, primary=True)
    return user


def sign_in(client, user):
    """The client, signed in as a reader."""
    client.force_login(user, "readers.accounts.ReaderBackend")
    return client


def text_of(mail):
    """The text of a mail."""
    return mail.get_body(("plain",)).get_content()


def link_in(mail):
    """The path of the order's page in a mail."""
    return re.search(r"https?://[^/\s]+(/orders/by-link/\S+)", text_of(mail))[1]


def kinds(order):
    """The kinds of mails about an order, in order."""
    return list(order.mails.order_by("pk").values_list("kind", flat=True))


def rendered(order, kind):
    """A mail about an order as it would go out."""
    found = Mail.objects.select_related("order__plan", "licence").get(order=order, kind=kind)
    return mails.render(found, mails.message_id_of(found))
