"""What mail services tell in their own forms: as they send it, with their passwords and signatures."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
import warnings
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.utils import timezone

from mypaper.models import Digest
from newsletters import services, signing_up
from newsletters.models import Delivery, MailEvent, Subscription
from newsroom import localpg
from tests.factories import make_account
from tests.programs import environment

from .conftest import make_issue, make_letter, make_reader

pytestmark = pytest.mark.django_db
SECRET, KEY = "paper:a-secret-of-many-characters", "key-of-many-characters"
ADDRESS = "reader@example.com"
SENDGRID = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def configured(settings):
    public = SENDGRID.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.MAIL_SERVICES = ["postmark", "mailgun", "sendgrid"]
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": SECRET,
        "MAILGUN_WEBHOOK_SIGNING_KEY": KEY,
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": base64.b64encode(public).decode(),
    }
    with warnings.catch_warnings():
        services.connect()
        yield
    from anymail.signals import tracking

    tracking.disconnect(dispatch_uid="newsletters")


@pytest.fixture
def delivery():
    """A mail that was sent to a reader."""
    letter = make_letter()
    reader = make_reader(ADDRESS, letter, confirmed_at=timezone.now() - timedelta(days=3))
    issue = make_issue(letter, state="sent", send_at=timezone.now(), day=timezone.localdate())
    return Delivery.objects.create(issue=issue, subscriber=reader, state="sent", message_id="<a.1@example.com>")


def post(service, body, secret=SECRET, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    address = f"/newsletters/hooks/services/{service}/"
    return Client(enforce_csrf_checks=True).post(
        address, body, content_type="application/json", headers=given | headers
    )


# ---- messages as the services send them


def postmark(kind="HardBounce", record="Bounce", **fields):
    """https://postmarkapp.com/developer/webhooks/bounce-webhook"""
    return {
        **{"RecordType": record, "ID": 4323372036854775807, "Type": kind, "TypeCode": 1, "Name": "Hard bounce"},
        **{"Tag": "Test", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": {"a": "1"}},
        **{"ServerID": 23, "MessageStream": "outbound", "Description": "Unknown user.", "Details": "smtp;550 5.1.1"},
        **{"Email": ADDRESS, "From": "letters@example.org", "BouncedAt": timezone.now().isoformat()},
        **{"DumpAvailable": True, "Inactive": True, "CanActivate": True, "Subject": "Two stories"},
    } | fields


def postmark_delivery(**fields):
    """https://postmarkapp.com/developer/webhooks/delivery-webhook"""
    return {
        **{"RecordType": "Delivery", "ServerID": 23, "MessageStream": "outbound", "Recipient": ADDRESS, "Tag": "x"},
        **{"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "DeliveredAt": timezone.now().isoformat()},
        **{"Details": "Test delivery webhook details"},
    } | fields


def mailgun(event="failed", key=KEY, token="a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0", **fields):
    """https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads"""
    stamp = str(int(time.time()))
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    headers = {"to": ADDRESS, "message-id": "a.1@example.com", "from": "letters@example.org", "subject": "Two"}
    data = {
        **{"event": event, "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": time.time(), "log-level": "error"},
        **{"recipient": ADDRESS, "recipient-domain": "example.com", "tags": [], "user-variables": {}},
        "message": {"headers": headers, "attachments": [], "size": 111},
        "flags": {"is-routed": False, "is-authenticated": True, "is-system-test": False, "is-test-mode": False},
    }
    if event == "failed":
        status = {
            "attempt-no": 1,
            "code": 550,
            "message": "5.1.1 No such user",
            "description": "",
            "session-seconds": 1,
        }
        data |= {"severity": "permanent", "reason": "bounce", "delivery-status": status}
    return {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data | fields}


def sendgrid(*events, key=SENDGRID, **headers):
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""
    body, stamp = json.dumps(events).encode(), str(int(time.time()))
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    name = "X-Twilio-Email-Event-Webhook"
    return post("sendgrid", body, **{f"{name}-Signature": signature, f"{name}-Timestamp": stamp} | headers)


def sendgrid_event(event="bounce", **fields):
    return {
        **{"email": ADDRESS, "timestamp": int(time.time()), "smtp-id": "<a.1@example.com>", "event": event},
        **{"sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==", "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001"},
        **{"reason": "550 5.1.1 unknown user", "status": "5.1.1", "type": "bounce"},
    } | fields


# ---- what becomes of them


@pytest.mark.parametrize(
    ("service", "body", "ending"),
    [
        ("postmark", postmark, "bounce"),
        ("postmark", lambda: postmark("SpamComplaint", "SpamComplaint"), "complaint"),
        ("postmark", lambda: postmark("BadEmailAddress"), "bounce"),
        ("mailgun", mailgun, "bounce"),
        ("mailgun", lambda: mailgun(reason="suppress-bounce"), "bounce"),
        ("mailgun", lambda: mailgun("complained"), "complaint"),
        ("mailgun", lambda: mailgun("unsubscribed"), "reader"),
    ],
)
def test_it_ends_what_the_address_gets(delivery, service, body, ending):
    digest = Digest.objects.create(user=make_account(ADDRESS), chosen_at=timezone.now() - timedelta(days=3))
    assert post(service, body()).status_code == 200
    assert Subscription.objects.get().ending == ending
    digest.refresh_from_db()
    assert digest.ending == ending
    assert MailEvent.objects.get().provider == service


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("postmark", postmark_delivery),
        ("postmark", lambda: postmark("SoftBounce")),
        ("postmark", lambda: postmark("Transient")),
        ("postmark", lambda: postmark("Blocked")),
        ("postmark", lambda: postmark("Unconfirmed")),
        ("mailgun", lambda: mailgun("delivered")),
        ("mailgun", lambda: mailgun(severity="temporary", reason="generic")),
        ("mailgun", lambda: mailgun(reason="generic")),
    ],
)
def test_it_ends_nothing_for_other_news(delivery, service, body):
    assert post(service, body()).status_code == 200
    assert MailEvent.objects.count() == 1
    assert Subscription.objects.active().count() == 1


def test_it_keeps_no_openings_and_clicks(delivery):
    assert post("mailgun", mailgun("opened")).status_code == 200
    assert post("mailgun", mailgun("clicked", url="https://example.com")).status_code == 200
    assert not MailEvent.objects.exists()


def test_it_takes_many_at_once_and_what_is_for_now_ends_nothing(delivery):
    events = [sendgrid_event("delivered"), sendgrid_event(type="blocked", sg_event_id="2")]
    assert sendgrid(*events).status_code == 200
    assert Subscription.objects.active().count() == 1
    assert sendgrid(sendgrid_event(sg_event_id="3")).status_code == 200
    assert Subscription.objects.get().ending == "bounce"
    delivery.refresh_from_db()
    assert delivery.state == "failed", "found by the id of the mail"


def test_it_settles_what_nobody_knew(delivery):
    Delivery.objects.update(state="unknown")
    post("mailgun", mailgun("delivered"))
    delivery.refresh_from_db()
    assert delivery.state == "sent"


@pytest.mark.parametrize(("service", "body"), [("mailgun", mailgun), ("postmark", postmark)])
def test_it_counts_an_event_once(delivery, service, body):
    """Told again, word by word, it does not end what the reader has ordered again since."""
    told = body()
    post(service, told)
    signing_up.start(delivery.subscriber, [delivery.issue.newsletter])
    assert post(service, told).status_code == 200
    assert Subscription.objects.active().count() == 1
    assert MailEvent.objects.count() == 1


def test_it_counts_once_what_has_no_number(delivery):
    told = postmark_delivery()
    for _ in range(2):
        post("postmark", told)
    assert MailEvent.objects.count() == 1


def test_it_takes_news_of_strangers():
    assert post("postmark", postmark(Email="nobody@example.com")).status_code == 200
    assert post("mailgun", mailgun(recipient="nobody@example.com")).status_code == 200
    assert post("mailgun", mailgun(recipient="?", message={}, token="2")).status_code == 200
    assert MailEvent.objects.count() == 3


@pytest.mark.parametrize("secret", ["", "paper:wrong", "other:a-secret-of-many-characters", "é:é"])
@pytest.mark.parametrize(("service", "body"), [("mailgun", mailgun), ("postmark", postmark)])
def test_it_refuses_who_has_not_the_password(delivery, secret, service, body):
    nothing_taken(post(service, body(), secret), 403)


def test_it_refuses_what_is_not_signed(delivery):
    nothing_taken(post("mailgun", mailgun(key="another-key-of-many")), 403)
    nothing_taken(post("mailgun", {"event-data": mailgun()["event-data"]}), 403)
    nothing_taken(sendgrid(sendgrid_event(), key=ec.generate_private_key(ec.SECP256R1())), 403)
    nothing_taken(sendgrid(sendgrid_event(), **{"X-Twilio-Email-Event-Webhook-Timestamp": "1"}), 403)
    nothing_taken(sendgrid(sendgrid_event(), **{"X-Twilio-Email-Event-Webhook-Signature": "!"}), 403)


def nothing_taken(response, status):
    assert response.status_code == status
    assert response.json()["said"].endswith(".")
    assert response.headers["Cache-Control"] == "no-store"
    assert not MailEvent.objects.exists()
    assert Subscription.objects.active().count() == 1


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff", b"null", b"[]", b"1", b'"x"', b"[" * 100_000),
        json.dumps(postmark() | {"BouncedAt": 5}).encode(),
        json.dumps(postmark() | {"BouncedAt": "2026-11-30T09:00:00"}).encode(),
        json.dumps(postmark() | {"Email": ["a"]}).encode(),
        json.dumps(postmark() | {"MessageID": 5}).encode(),
        json.dumps(postmark() | {"MessageID": "\0"}).encode(),
        json.dumps({"FromFull": {}}).encode(),
    ],
    ids=range(13),
)
def test_it_answers_every_body_with_a_sentence(delivery, body):
    nothing_taken(post("postmark", body), 400)


def test_it_takes_all_of_a_message_or_nothing(delivery):
    nothing_taken(
        sendgrid(sendgrid_event(), sendgrid_event() | {"email": ["a"], "smtp-id": "", "sg_event_id": "2"}), 400
    )


def test_it_knows_only_the_services_that_are_configured(delivery, settings):
    assert post("postmark", b"x" * 1_100_000).status_code == 413
    assert Client().get("/newsletters/hooks/services/postmark/").status_code == 405
    assert Client().head("/newsletters/hooks/services/postmark/").status_code == 200
    settings.MAIL_SERVICES = []
    for service in ("postmark", "mailgun", "amazon-ses", "unknown"):
        assert post(service, postmark()).status_code == 404


@pytest.fixture
def amazon(settings, monkeypatch):
    """Sends what Amazon SES tells by SNS; boto3, which only confirms subscriptions, need not be there."""
    settings.MAIL_SERVICES = ["amazon-ses"]
    monkeypatch.setattr("anymail.webhooks.amazon_ses._get_anymail_boto3_params", lambda **kwargs: ({}, {}))

    def tell(kind="Permanent", number="22b80b92", secret=SECRET):
        # https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
        told = {
            "notificationType": "Bounce",
            "bounce": {
                **{"bounceType": kind, "bounceSubType": "General", "feedbackId": "00000137860315fd"},
                **{"timestamp": timezone.now().isoformat(), "reportingMTA": "dns; email.example.com"},
                "bouncedRecipients": [
                    {"emailAddress": address, "status": "5.1.1", "action": "failed", "diagnosticCode": "smtp; 550"}
                    for address in (ADDRESS, "other@example.com")
                ],
            },
            "mail": {"messageId": "00000137860315fd-34208509", "destination": [ADDRESS], "headers": []},
        }
        message = {
            **{"Type": "Notification", "MessageId": number, "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic"},
            **{"Timestamp": timezone.now().isoformat(), "Message": json.dumps(told), "SignatureVersion": "1"},
        }
        headers = {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": number}
        return post("amazon-ses", message, secret, **headers)

    return tell


def test_amazon_tells_of_several_people_at_once(delivery, amazon):
    for kind in ("Transient", "Undetermined"):
        assert amazon(kind, number=kind).status_code == 200
        assert Subscription.objects.active().count() == 1
    for _ in range(2):
        assert amazon().status_code == 200
    assert Subscription.objects.get().ending == "bounce"
    assert MailEvent.objects.count() == 6


def test_amazon_is_asked_for_the_password(delivery, amazon):
    answer = amazon(secret="")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    nothing_taken(amazon(secret="paper:wrong"), 403)


def test_nothing_of_it_is_loaded_where_no_service_is_configured():
    """It costs no worker memory that needs none of it."""
    look = "import django; django.setup(); import newsletters.views, sys; print('anymail' in sys.modules)"
    own = {"DJANGO_SETTINGS_MODULE": "newsroom.settings"}
    some = {"MAIL_SERVICES": "postmark", "ANYMAIL_WEBHOOK_SECRET": SECRET}
    for more, loaded in (({}, "False"), (some, "True")):
        env = environment(**own, **more)
        out = subprocess.run(
            [sys.executable, "-c", look], cwd=localpg.PROJECT, env=env, capture_output=True, text=True, check=True
        )
        assert out.stdout.strip() == loaded
