"""The desk in English and Korean; the paper in one language for all."""

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.posting import page
from tests.factories import draft, make_article, make_staff

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "locale" / "ko" / "LC_MESSAGES"
APPS = ("articles", "sections", "photos", "rankings", "readers", "newsroom")
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
TAG = re.compile(r"{%\s*translate\s+\"((?:[^\"\\]|\\.)*)\"|_\(\"((?:[^\"\\]|\\.)*)\"\)")
SCRIPT = re.compile(r"""\b_\("((?:[^"\\]|\\.)*)"\)""")


def catalog(domain):
    """The compiled translations of a domain, by their English texts."""
    with (LOCALE / f"{domain}.mo").open("rb") as file:
        found = gettext.GNUTranslations(file)._catalog
    return {(key[0] if isinstance(key, tuple) else key): text for key, text in found.items()}


def entries(domain):
    """{English text: Korean text} of a source file of translations."""
    found = {}
    for entry in (LOCALE / f"{domain}.po").read_text().split("\n\n"):
        entry = "\n".join(line for line in entry.split("\n") if not line.startswith("#~"))
        assert "#, fuzzy" not in entry, entry
        parts = dict(re.findall(r'^(msgid|msgstr(?:\[0\])?) ((?:".*"\n?)+)', entry, re.MULTILINE))
        if parts:
            texts = ["".join(ast.literal_eval(line) for line in text.strip().split("\n")) for text in parts.values()]
            found[texts[0]] = texts[1]
    return found


def in_python():
    """The texts that Python code translates."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                name = getattr(getattr(node, "func", None), "id", "")
                if not (isinstance(node, ast.Call) and name in CALLS and node.args):
                    continue
                if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                    yield node.args[0].value


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_every_text_has_a_translation_and_the_compiled_file_is_of_today(domain):
    source, compiled = entries(domain), catalog(domain)
    assert [text for text, korean in source.items() if text and not korean] == []
    assert {text: compiled.get(text) for text in source if text} == {t: k for t, k in source.items() if t}


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_placeholders_survive_translation(domain):
    pattern = re.compile(r"%\(\w+\)s|\{\}|<[a-z]+")
    wrong = [
        text
        for text, korean in entries(domain).items()
        if text and sorted(pattern.findall(text)) != sorted(pattern.findall(korean))
    ]
    assert wrong == []


def test_no_text_of_the_code_is_missing():
    known = entries("django")
    texts = set(in_python())
    for path in (ROOT / "templates" / "admin").rglob("*.html"):
        texts |= {one or two for one, two in TAG.findall(path.read_text())}
    assert len(texts) > 800
    assert sorted(texts - known.keys()) == []
    known = entries("djangojs")
    texts = set()
    for path in (ROOT / "static" / "js" / "admin").rglob("*.js"):
        texts |= set(SCRIPT.findall(path.read_text()))
    assert len(texts) > 80
    assert sorted(texts - known.keys()) == []


@pytest.mark.django_db
def test_the_desk_speaks_the_language_of_the_browser_or_the_one_chosen():
    desk = Client(headers={"accept-language": "ko"})
    desk.force_login(make_staff())
    story = draft()
    form = reverse("admin:articles_article_change", args=[story.pk])
    shown = page(desk.get(form))
    assert shown.html["lang"] == "ko"
    assert "데스크에 넘기기" in shown.find(class_="submit-row").get_text()
    assert "제목" in shown.find("label", {"for": "id_headline"}).get_text()
    assert "서울 시각" in shown.find(class_="field-publish_at").get_text()
    response = desk.post(reverse("desk_language"), {"language": "en", "next": form})
    assert response["Location"] == form
    assert "Save and hand in" in page(desk.get(form)).find(class_="submit-row").get_text()


@pytest.mark.django_db
def test_the_paper_is_the_same_for_every_browser():
    story = make_article()
    korean = Client(headers={"accept-language": "ko"})
    korean.cookies["django_language"] = "ko"
    for address in ("/", story.get_absolute_url(), "/search/?q=story", "/nowhere/"):
        mine, other = Client().get(address), korean.get(address)
        assert mine.content == other.content
        assert "Accept-Language" not in other.get("Vary", "")


@pytest.mark.django_db
def test_a_choice_leads_nowhere_else():
    desk = Client()
    desk.force_login(make_staff())
    response = desk.post(reverse("desk_language"), {"language": "ko", "next": "https://evil.example.com/"})
    assert response["Location"] == "/"
