"""The desk: an issue from the form to the mail, and who may do what."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from newsletters import sending
from newsletters.models import Delivery, Issue, Newsletter, Subscriber, Subscription
from newsletters.working import do_due_letters
from tests.admin.posting import errors, fields_of, page, submit, told
from tests.factories import make_article, make_list, make_staff

from .conftest import make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db
ADD = "/admin/newsletters/issue/add/"


@pytest.fixture
def desk():
    client = Client()
    client.force_login(make_staff("editor"))
    return client


def act(client, issue, name, **fields):
    """Presses a button of the page that sends an issue."""
    address = reverse("admin:newsletters_issue_act", args=[issue.pk])
    return client.post(address, {"act": name} | fields, follow=True)


def look(client, issue):
    return client.get(reverse("admin:newsletters_issue_look", args=[issue.pk]))


def test_it_makes_an_issue_and_sends_it(desk, mailbox):
    letter, first, second = make_letter(), make_article(headline="First"), make_article(headline="Second")
    make_reader("reader@example.com", letter)
    data = fields_of(desk.get(ADD), "issue_form")
    data |= {"newsletter": letter.pk, "subject": "Made by hand", "intro": "Hello.", "_look": "1"}
    data |= {"stories-TOTAL_FORMS": 2}
    for number, (story, position) in enumerate(((first, 20), (second, 10))):
        row = {"article": story.pk, "position": position, "headline": "", "text": "Own words." if number else ""}
        data |= {f"stories-{number}-{name}": value for name, value in row.items()}
    response = desk.post(ADD, data, follow=True)
    issue = Issue.objects.get()
    assert response.redirect_chain[-1][0] == reverse("admin:newsletters_issue_look", args=[issue.pk])
    assert [row.article.headline for row in issue.stories.order_by("position")] == ["Second", "First"]
    html = desk.get(reverse("admin:newsletters_issue_html", args=[issue.pk]))
    assert html.text.index("Second") < html.text.index("Own words.") < html.text.index("First")
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    text = desk.get(reverse("admin:newsletters_issue_text", args=[issue.pk]))
    assert text["Content-Type"].startswith("text/plain")
    assert "Own words." in text.text
    # A test goes to the editor alone, and changes nothing.
    assert "A test was sent" in told(act(desk, issue, "test"))
    assert mailbox.counts == {"editor@example.com": 1}
    assert mailbox.mails[0][1]["Subject"] == "[Test] Made by hand"
    issue.refresh_from_db()
    assert issue.state == "draft"
    assert "goes out now" in told(act(desk, issue, "send"))
    do_due_letters()
    assert mailbox.counts == {"editor@example.com": 1, "reader@example.com": 1}
    # What was sent is changed by nobody, and goes out once.
    assert "sent already" in told(act(desk, issue, "send"))
    assert "cannot be taken back" in told(act(desk, issue, "back"))
    assert page(desk.get(f"/admin/newsletters/issue/{issue.pk}/change/")).select("[name=subject]") == []
    assert "stays in the archive" in told(desk.post(f"/admin/newsletters/issue/{issue.pk}/delete/", follow=True))


def test_it_schedules_and_takes_back(desk):
    issue = make_issue(make_letter())
    assert "correct" in look_errors(act(desk, issue, "schedule"))
    assert "to come" in look_errors(
        act(desk, issue, "schedule", **{"schedule-at_0": "2020-01-01", "schedule-at_1": "07:00"})
    )
    tomorrow = timezone.localdate() + timezone.timedelta(days=1)
    said = told(act(desk, issue, "schedule", **{"schedule-at_0": f"{tomorrow}", "schedule-at_1": "07:00"}))
    assert f"{tomorrow} 07:00" in said
    assert "Take back" in look(desk, issue).text
    assert "draft again" in told(act(desk, issue, "back"))
    issue.refresh_from_db()
    assert issue.state == "draft"


def look_errors(response):
    return errors(response)


def test_it_fills_a_draft_from_the_list(desk):
    top = make_list("top-10", fill="latest")
    stories = [make_article() for _ in range(3)]
    issue = make_issue(make_letter(story_list=top, size=3, time_of_day="07:00", weekdays=[1]), stories[0])
    assert "2 stories were added" in told(act(desk, issue, "fill"))
    assert issue.stories.count() == 3


def test_it_says_what_is_wrong_with_a_letter(desk):
    add = "/admin/newsletters/newsletter/add/"
    words = {"name": "X", "description": "x", "rhythm": "x"}
    assert "needed by the site" in errors(submit(desk, add, "newsletter_form", slug="hooks", **words))
    top = make_list("top-10")
    said = errors(submit(desk, add, "newsletter_form", slug="x", story_list=top.pk, **words))
    assert "needs a time of day and weekdays" in said
    submit(desk, add, "newsletter_form", slug="x", story_list=top.pk, time_of_day="07:00", weekdays=["1", "5"], **words)
    assert Newsletter.objects.get().weekdays == [1, 5]
    make_reader("a@example.com", Newsletter.objects.get())
    deleted = desk.post(f"/admin/newsletters/newsletter/{Newsletter.objects.get().pk}/delete/", follow=True)
    assert "switch it off" in told(deleted)


def test_it_ends_and_forgets_readers(desk):
    letter = make_letter()
    reader = make_reader("reader@example.com", letter)
    assert desk.get("/admin/newsletters/subscriber/add/").status_code == 403
    assert desk.get(f"/admin/newsletters/subscriber/{reader.pk}/change/").status_code == 200
    data = {"action": "end_letters", "_selected_action": [reader.pk]}
    assert "1 subscriptions ended" in told(desk.post("/admin/newsletters/subscriber/", data, follow=True))
    assert Subscription.objects.get().ending == "desk"
    desk.post(f"/admin/newsletters/subscriber/{reader.pk}/delete/", {"post": "yes"})
    assert not Subscriber.objects.exists()
    from sections.models import Binned

    assert not Binned.objects.exists(), "nothing of an address goes into the bin"


def test_it_settles_what_nobody_knows(desk, mailbox):
    letter = make_letter()
    for name in ("a", "b"):
        make_reader(f"{name}@example.com", letter)
    ready(make_issue(letter))
    sending.start_due()
    Delivery.objects.update(state="unknown")
    first, second = Delivery.objects.order_by("pk")
    data = {"action": "was_sent", "_selected_action": [first.pk]}
    assert "1 mails were settled" in told(desk.post("/admin/newsletters/delivery/", data, follow=True))
    desk.post("/admin/newsletters/delivery/", {"action": "send_again", "_selected_action": [second.pk, first.pk]})
    do_due_letters()
    assert list(mailbox.counts) == [second.subscriber.address]


@pytest.mark.parametrize(
    ("role", "writes", "sends", "readers"),
    [
        ("Reporter", False, False, False),
        ("Section editor", True, False, False),
        ("Chief editor", True, True, False),
        ("Web manager", True, True, True),
        ("Administrator", True, True, True),
    ],
)
def test_it_knows_who_may_do_what(role, writes, sends, readers, mailbox):
    user, client = make_staff("somebody", superuser=False), Client()
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    issue = make_issue(make_letter())
    assert look(client, issue).status_code == (200 if writes else 403)
    assert client.get(ADD).status_code == (200 if writes else 403)
    assert act(client, issue, "test").status_code == (200 if writes else 403)
    assert act(client, issue, "send").status_code == (200 if sends else 403)
    assert client.get("/admin/newsletters/subscriber/").status_code == (200 if readers else 403)
    assert act(client, issue, "nonsense").status_code == 403
    for name in ("look", "html", "text"):
        assert Client().get(reverse(f"admin:newsletters_issue_{name}", args=[issue.pk])).status_code == 302


def test_its_lists_cost_the_same_however_long_they_are(desk, queries):
    letter = make_letter()
    for number in range(30):
        make_reader(f"r{number}@example.com", letter)
        make_issue(letter)
    issue = ready(make_issue(letter))
    sending.start_due()
    for address in ("issue", "newsletter", "subscriber", "delivery"):
        with queries(16):
            assert desk.get(f"/admin/newsletters/{address}/").status_code == 200
    with queries(20):
        assert look(desk, issue).status_code == 200
