"""The mails themselves: what mail programs need, and what must never be in them."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError

from newsletters import mails, posting
from newsletters.models import Issue, Newsletter, Subscriber
from newsletters.working import do_due_letters
from sections.models import MastheadFact
from tests.factories import make_article, shown_photo

from .conftest import make_issue, make_letter, make_reader, ready

pytestmark = pytest.mark.django_db
SECRET = "The locked part that only subscribers read."


@pytest.fixture
def issue():
    """An issue with a picture, a premium story and words that a careless program would take for markup."""
    photo = shown_photo(alt_text="Cranes over <the> yard & quay")
    first = make_article(headline="Ships & <b>welders</b>", photos=[photo], deck="A deck with “quotes” & signs.")
    premium = make_article(headline="Only for some", access="premium", body=f"<p>Open.</p><p>{SECRET}</p>")
    korean = make_article(headline="조선소 용접공 채용", lang="ko", deck="사백 명")
    made = make_issue(make_letter(), first, premium, korean, intro="Good <i>morning</i>.\n\nSecond paragraph.")
    made.stories.filter(article=first).update(picture=True)
    return made


@pytest.fixture
def mail(issue, mailbox):
    """The issue as it arrives."""
    make_reader("Reader@example.com", issue.newsletter)
    ready(issue)
    do_due_letters()
    return mailbox.mails[0][1]


def html_of(mail):
    return mail.get_body(("html",)).get_content()


def test_it_has_the_head_of_a_list_mail(mail, settings):
    issue = Issue.objects.get()
    assert mail["From"].addresses[0].display_name == "The Hangang Times"
    assert str(mail["To"]) == "Reader@example.com", "as it was typed"
    assert mail["Subject"] == issue.subject
    assert re.fullmatch(rf"<{issue.uuid.hex}\.\d+@127\.0\.0\.1>", mail["Message-ID"])
    assert mail["List-Id"] == "<morning-briefing.newsletters.127.0.0.1>"
    assert re.fullmatch(rf"<{settings.SITE_URL}/letters/end/[\w:.-]+/>", mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["Precedence"], mail["Auto-Submitted"]) == ("bulk", "auto-generated")
    assert mail["Date"]
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_its_links_are_in_one_piece(mail, mailbox, settings):
    """As they go over the line: an encoded or broken address is none for a mail program."""
    head = mailbox.raw[0].partition(b"\r\n\r\n")[0].decode("ascii")
    assert re.search(rf"^List-Unsubscribe: <{settings.SITE_URL}/letters/end/[\w:.-]+/>\r$", head, re.MULTILINE)
    assert re.search(r"^Message-ID: <[\w.]+@127\.0\.0\.1>\r$", head, re.MULTILINE)
    assert max(map(len, mailbox.raw[0].split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    "address",
    ["o'hara@example.com", "a!b=c%d{e}f`g@example.com", "x" * 64 + "@" + "y" * 60 + "." + "z" * 60 + ".example.com"],
)
def test_it_writes_every_address_as_it_is(issue, mailbox, address):
    make_reader(address, issue.newsletter)
    issue.subject = "제목이 아주 긴 뉴스레터입니다 " * 8
    ready(issue, subject=issue.subject[:150])
    do_due_letters()
    ((to, mail),) = mailbox.mails
    assert to == address
    assert f"To: {address}\r\n".encode() in mailbox.raw[0]
    assert mail["Subject"] == " ".join(issue.subject[:150].split())
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?.*?\?=", mailbox.raw[0]))


def test_it_comes_from_a_paper_of_any_name(issue, mailbox):
    for name in ("한강타임스 영문판", 'The "River", Times; Seoul', "Ängström’s Daily " * 6):
        MastheadFact.objects.all().delete()
        MastheadFact.objects.create(kind="name", value=name, position=1)
        mail = mails.issue_mail(mails.render_issue(issue), Subscriber(pk=1, address="a@example.com"), "<1@example.com>")
        raw = posting.bytes_of(mail)
        assert raw.isascii()
        # Python's own parser of addresses adds blanks between encoded words.
        sender = str(make_header(decode_header(message_from_bytes(raw)["From"])))
        assert parseaddr(sender)[1] == "letters@127.0.0.1"
        assert name.strip() in sender.replace("\\", "")


def test_it_holds_in_mail_programs(mail):
    html = html_of(mail)
    page = BeautifulSoup(html, "html.parser")
    assert all(table["role"] == "presentation" for table in page.select("table"))
    assert "max-width:600px" in page.select("table")[1]["style"]
    assert page.select("script, link, form, iframe, video, svg, object") == []
    assert "@import" not in html
    assert "@font-face" not in html
    assert "class=" not in re.sub(r'class="nl-[\w -]+"', "", html)
    for element in page.select("td, h1, h2, p, a"):
        if element.get_text(strip=True) and element.name != "a":
            assert element.get("style") or element.parent.get("style"), element
    assert "prefers-color-scheme: dark" in page.style.string
    (image,) = page.select("img")
    assert (image["width"], image["height"]) == ("552", "368")
    assert re.match(r"http://127\.0\.0\.1:8000/media/p/.*\.jpg", image["src"])
    assert image["alt"] == "Cranes over <the> yard & quay"
    assert all(link["href"].startswith("http://127.0.0.1:8000/") for link in page.select("a"))
    assert page.html["lang"] == "en"
    assert page.select_one("h2[lang=ko]").get_text() == "조선소 용접공 채용"


def test_it_escapes_what_was_typed(mail):
    html = html_of(mail)
    assert "Ships &amp; &lt;b&gt;welders&lt;/b&gt;" in html
    assert "Good &lt;i&gt;morning&lt;/i&gt;." in html
    text = mail.get_body(("plain",)).get_content()
    assert "Ships & <b>welders</b>" in text
    assert "Good <i>morning</i>." in text


def test_it_never_has_the_locked_part(mail):
    assert SECRET not in html_of(mail)
    assert SECRET not in mail.get_body(("plain",)).get_content()
    assert "For subscribers" in html_of(mail)
    assert SECRET not in mail.as_string()


def test_it_has_each_reader_s_own_links(issue, mailbox):
    for address in ("a@example.com", "b@example.com"):
        make_reader(address, issue.newsletter)
    ready(issue)
    do_due_letters()
    links = [set(re.findall(r"/letters/\w+/[\w:.-]+/", mail.as_bytes().decode())) for _, mail in mailbox.mails]
    bodies = [html_of(mail) + mail.get_body(("plain",)).get_content() for _, mail in mailbox.mails]
    assert all(body.count("/letters/end/") == body.count("/letters/preferences/") == 2 for body in bodies)
    assert "invalid" not in "".join(bodies)
    assert not links[0] & links[1]


def test_it_is_small(mail):
    assert len(mail.as_bytes()) < 20_000


def test_it_refuses_a_letter_that_mail_programs_would_cut(issue):
    for number in range(27):
        issue.stories.create(article=make_article(headline=f"Long {number}"), position=number, text="가" * 1000)
    issue.intro = "가" * 2000
    letter = mails.render_issue(issue)
    assert letter.size > mails.LARGEST
    with pytest.raises(ValidationError, match="100"):
        mails.check_size(letter)


@pytest.mark.parametrize("text", ["Two\nlines", "Two\r\nBcc: victim@example.com", "\0", "Bell\a", "A\u2028B", "A\x85B"])
def test_it_refuses_what_would_begin_another_line(issue, text):
    """In the form; and the mail has one line even where a program wrote the row."""
    issue.subject = text
    with pytest.raises(ValidationError) as found:
        issue.clean_fields()
    assert "subject" in found.value.message_dict
    with pytest.raises(ValidationError):
        Newsletter(name=text, slug="x", description="x", rhythm="x").clean_fields()
    letter = mails.render_issue(issue)
    mail = mails.issue_mail(letter, Subscriber(pk=1, address="a@example.com"), "<1@example.com>")
    head = posting.bytes_of(mail).partition(b"\r\n\r\n")[0].decode()
    assert not re.search(r"^Bcc", head, re.MULTILINE)
    assert head.count("Subject:") == 1


def test_it_has_the_paper_s_name_in_one_line_whatever_it_is(issue):
    MastheadFact.objects.create(kind="name", value='Times\r\nBcc: a@b.c "x" <y@z>', position=1)
    mail = mails.issue_mail(mails.render_issue(issue), Subscriber(pk=1, address="a@example.com"), "<1@example.com>")
    head = posting.bytes_of(mail).partition(b"\r\n\r\n")[0].decode()
    assert not re.search(r"^Bcc", head, re.MULTILINE)
    assert len(mail["From"].addresses) == 1


def test_it_writes_files_where_no_server_is_configured(issue, settings, tmp_path):
    settings.EMAIL_HOST, settings.EMAIL_FILE_PATH = "", tmp_path / "mail"
    make_reader("reader@example.com", issue.newsletter)
    ready(issue)
    assert do_due_letters() == (0, 1, 1)
    (path,) = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    assert b"List-Unsubscribe" in path.read_bytes()
    assert Issue.objects.get().state == "sent"


def test_it_costs_few_queries(issue, django_assert_max_num_queries):
    issue = Issue.objects.select_related("newsletter").get(pk=issue.pk)
    with django_assert_max_num_queries(4):
        mails.render_issue(issue)
