"""Masthead facts: what the law asks a newspaper to print, with the dates on which it holds."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from sections.menu import load_frame
from sections.models import MastheadFact
from tests.factories import seoul

pytestmark = pytest.mark.django_db

Kind = MastheadFact.Kind


def fact(kind, value, **fields):
    return MastheadFact.objects.create(kind=kind, value=value, **fields)


def values(on=None):
    return list(MastheadFact.objects.in_force(on).values_list("value", flat=True))


def test_it_holds_from_its_first_day_until_the_day_before_its_end():
    fact(Kind.EDITOR, "Ryu Se-bin", valid_until=date(2021, 3, 1))
    fact(Kind.EDITOR, "Tak Eun-soo", valid_from=date(2021, 3, 1))
    assert values(date(2021, 2, 28)) == ["Ryu Se-bin"]
    assert values(date(2021, 3, 1)) == ["Tak Eun-soo"]


def test_it_holds_by_the_date_in_seoul():
    fact(Kind.EDITOR, "Tak Eun-soo", valid_from=date(2021, 3, 1))
    with time_machine.travel(seoul("2021-02-28 23:59"), tick=False):
        assert values() == []
    with time_machine.travel(seoul("2021-03-01 00:00"), tick=False):
        assert values() == ["Tak Eun-soo"]


def test_it_must_end_after_it_begins():
    for days in (0, -1):
        begins = date(2021, 3, 1)
        with pytest.raises(IntegrityError, match="masthead_fact_period"), transaction.atomic():
            fact(Kind.EDITOR, "X", valid_from=begins, valid_until=begins + timedelta(days=days))


def test_it_names_the_paper():
    fact(Kind.NAME, "The Ferry Post")
    fact(Kind.MOTTO, "News from the river")
    frame = load_frame()
    assert (frame.name, frame.motto) == ("The Ferry Post", "News from the river")
    assert frame.copyright == "Copyright © The Ferry Post. All rights reserved."
    assert frame.facts == []


def test_it_has_a_name_before_anybody_wrote_one(settings):
    settings.SITE_NAME = "Unnamed"
    assert (load_frame().name, load_frame().motto) == ("Unnamed", "")


def test_it_is_printed_in_the_footer_in_its_order(client):
    fact(Kind.TELEPHONE, "02-555-0161", position=2)
    fact(Kind.PUBLISHER, "Tak <Eun-soo>", position=1)
    fact(Kind.EMAIL, "web@example.com", position=3)
    fact(Kind.REGISTRATION, "서울,아00000", position=4, lang="ko")
    fact(Kind.YOUTH_OFFICER, "Nam Yu-ra", position=5, label="Guardian of the young")
    fact(Kind.EDITOR, "Long gone", valid_until=timezone.localdate())
    text = client.get("/").text
    imprint = " ".join(text[text.index('<address class="imprint">') : text.index("</address>")].split())
    for printed in (
        "<dt>CEO &amp; Publisher:</dt> <dd>Tak &lt;Eun-soo&gt;</dd>",
        '<dt>Tel:</dt> <dd><a href="tel:02-555-0161">02-555-0161</a></dd>',
        '<a href="mailto:web@example.com">web@example.com</a>',
        '<dd lang="ko">서울,아00000</dd>',
        "<dt>Guardian of the young:</dt> <dd>Nam Yu-ra</dd>",
    ):
        assert printed in imprint
    assert imprint.index("Publisher") < imprint.index("Tel:") < imprint.index("Guardian")
    assert "Long gone" not in text
