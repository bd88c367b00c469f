"""Text from other programs, and Korean typing, in the editor of a real browser."""

import re

import pytest
from django.urls import reverse

from sections.html import sanitize
from tests.admin.browser import desk_page
from tests.attacks import ATTACKS

pytestmark = pytest.mark.browser

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta name=Generator content="Microsoft Word 15"><link rel=File-List href="file:///C:/clip_filelist.xml">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {mso-style-parent:""; font-family:"Calibri",sans-serif;} @page
WordSection1 {size:612.0pt 792.0pt;}
--></style></head><body lang=EN-US style='tab-interval:36.0pt'><!--StartFragment-->
<h1 style='margin-top:12pt'><b><span style='font-size:16.0pt;color:#2F5496'>Yard hires<o:p></o:p></span></b></h1>
<p class=MsoNormal style='text-align:justify'><b style='mso-bidi-font-weight:normal'>Busan</b><span
style='mso-spacerun:yes'>  </span>is <i>busy</i>, <span style='font-weight:bold'>very</span> busy.<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;
</span></span></span><![endif]>Welders<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span
style='font-family:Symbol'><span style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;
</span></span></span><![endif]>Cooks<o:p></o:p></p>
<p class=MsoNormal>Between.</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span style='mso-list:Ignore'>1.<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp;&nbsp; </span></span><![endif]>First</p>
<table class=MsoTableGrid border=1 style='border-collapse:collapse'><tr style='height:10pt'><td width=100
style='width:75.0pt;padding:0cm'><p class=MsoNormal>Day<o:p></o:p></p></td><td><p
class=MsoNormal>mm</p></td></tr></table>
<p class=MsoNormal><a href="https://example.com/yard"><span style='color:blue'>The yard</span></a> says so.</p>
<!--EndFragment--></body></html>"""
FROM_WORD = (
    "<h2>Yard hires</h2><p><strong>Busan</strong> is <em>busy</em>, <strong>very</strong> busy.</p>"
    "<ul><li>Welders</li><li>Cooks</li></ul><p>Between.</p><ol><li>First</li></ol>"
    "<table><tbody><tr><td>Day</td><td>mm</td></tr></tbody></table>"
    '<p><a href="https://example.com/yard">The yard</a> says so.</p>'
)
GOOGLE = """<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1a2b3c">
<h2 dir="ltr" style="line-height:1.38;margin-top:18pt"><span style="font-size:16pt;font-family:Arial,sans-serif;
color:#000000;font-weight:400">Yard hires</span></h2><p dir="ltr" style="line-height:1.38"><span
style="font-size:11pt;font-weight:700;font-style:normal">Busan</span><span style="font-size:11pt;font-weight:400"> is
</span><span style="font-size:11pt;font-weight:400;font-style:italic">busy</span><span
style="font-weight:400">, H</span><span style="font-size:0.6em;vertical-align:sub">2</span><span
style="font-weight:400">O.</span></p><br /><ul style="margin-top:0;padding-inline-start:48px"><li dir="ltr"
style="list-style-type:disc" aria-level="1"><p dir="ltr" role="presentation"><span
style="font-size:11pt">Welders</span></p></li><li dir="ltr" aria-level="1"><p dir="ltr" role="presentation"><span
style="font-size:11pt">Cooks</span></p></li></ul><p dir="ltr"><a href="https://example.com/yard"
style="text-decoration:none"><span style="font-size:11pt;color:#1155cc;text-decoration:underline">The
yard</span></a><span> says so.</span></p><p><span><img src="https://lh7-rt.googleusercontent.com/docsz/AD_4nX"
width="602" height="400" /></span></p></b>"""
FROM_GOOGLE = (
    "<h2>Yard hires</h2><p><strong>Busan</strong> is <em>busy</em>, H<sub>2</sub>O.</p>"
    '<ul><li>Welders</li><li>Cooks</li></ul><p><a href="https://example.com/yard">The yard</a> says so.</p>'
)
HANGUL = """<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><HEAD>
<META NAME="Generator" CONTENT="Hancom HWP 9.0">
<STYLE><!-- p.HStyle0 {style-name:"바탕글"; margin-left:0.0pt; font-family:함초롬바탕;} --></STYLE></HEAD><BODY>
<!--StartFragment--><P CLASS=HStyle0 STYLE='line-height:160%;'><SPAN STYLE='font-family:"함초롬바탕";font-size:14.0pt;
font-weight:bold'>부산 조선소</SPAN><SPAN STYLE='font-family:"함초롬바탕"'>가 사람을 뽑는다.</SPAN></P>
<P CLASS=HStyle0><SPAN STYLE='font-family:"한컴바탕"'>&nbsp;</SPAN></P>
<P CLASS=HStyle0><SPAN STYLE='font-size:10.0pt'>용접공 400명이다.</SPAN></P><!--EndFragment--></BODY></HTML>"""
FROM_HANGUL = "<p><strong>부산 조선소</strong>가 사람을 뽑는다.</p><p>용접공 400명이다.</p>"
SHEET = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<style><!--table {mso-displayed-decimal-separator:"\\.";}
td {padding-top:1px;}--></style></head><body><table border=0 cellpadding=0 width=128 style='border-collapse:collapse'>
<!--StartFragment--><colgroup><col width=64 style='width:48pt'></colgroup><tr height=19><td height=19 class=xl65
width=64>Day</td><td>mm</td></tr><tr><td align=right>1</td><td colspan=1>20.5</td></tr><!--EndFragment--></table>
</body></html>"""
FROM_SHEET = "<table><tbody><tr><td>Day</td><td>mm</td></tr><tr><td>1</td><td>20.5</td></tr></tbody></table>"
PAGE = """<div class="story" onclick="alert(1)"><nav>Menu</nav><h1 class="x">Yard hires</h1><p style="color:red"
data-track="9">Busan <span class="hl">is</span> busy.<br>Very.</p><script>alert(1)</script><iframe
src="https://evil.example/"></iframe><div>In a box.</div><img src="x" onerror="alert(1)"><p><a
href="javascript:alert(1)">Click</a></p></div>"""
FROM_PAGE = "<p>Menu</p><h2>Yard hires</h2><p>Busan is busy.<br>Very.</p><p>In a box.</p><p>Click</p>"
PLAIN = "One paragraph.\n\nAnother one."


@pytest.fixture
def page(transactional_db, browser, live_server, settings):
    """The empty form of a new story, in the editor's browser; nothing may be said in its console."""
    with desk_page(browser, live_server, settings) as page:
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(reverse("admin:articles_article_add"))
        page.locator(".ProseMirror").click()
        yield page


def paste(page, html, text=""):
    """Pastes as the browser itself would."""
    page.evaluate(
        """([html, text]) => {
            const data = new DataTransfer();
            if (html) data.setData("text/html", html);
            data.setData("text/plain", text);
            document.querySelector(".ProseMirror").dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        [html, text],
    )


def body(page):
    """What would be stored, with blanks and line ends as one blank."""
    return re.sub(r"\s*\n\s*", "", re.sub(r"[ \xa0]+", " ", page.locator("#id_body").input_value()))


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        pytest.param(WORD, FROM_WORD, id="Word"),
        pytest.param(GOOGLE, FROM_GOOGLE, id="Google Docs"),
        pytest.param(HANGUL, FROM_HANGUL, id="Hangul"),
        pytest.param(SHEET, FROM_SHEET, id="a sheet"),
        pytest.param(PAGE, FROM_PAGE, id="a web page"),
    ],
)
def test_what_is_pasted_comes_out_clean(page, html, wanted):
    page.asked.clear()
    paste(page, html)
    assert body(page) == wanted
    assert re.sub(r"\s*\n\s*", "", sanitize(wanted)) == wanted, "the server keeps it all"
    assert not [url for url in page.asked if "localhost" not in url], "nothing was fetched"
    page.keyboard.press("Control+z")
    assert body(page) == "", "one step takes it back"


def test_plain_text_becomes_paragraphs(page):
    paste(page, "", PLAIN)
    assert body(page) == "<p>One paragraph.</p><p>Another one.</p>"


def test_no_attack_runs_or_leaves_anything_when_pasted(page):
    page.evaluate("window.alert = window.confirm = window.prompt = (words) => { window.attacked = words ?? true; }; 0")
    for attack in ATTACKS:
        paste(page, attack, attack)
    page.wait_for_timeout(300)
    assert page.evaluate("window.attacked") is None
    assert not re.search(
        r"<script|<svg|<iframe|\son\w+=|javascript:|style=", re.sub(r"&lt;.*?&gt;", "", body(page)), re.I
    )
    page.said.clear()  # the policy reports what it stopped


def test_korean_is_typed_syllable_by_syllable(page):
    keys = page.context.new_cdp_session(page)

    def compose(*steps):
        for step in steps:
            keys.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
        keys.send("Input.insertText", {"text": steps[-1]})

    compose("ㅎ", "하", "한")
    compose("ㄱ", "그", "글")
    page.keyboard.press("Space")
    compose("ㅇ", "이", "입")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+b")
    compose("ㄷ", "다", "닭")
    assert body(page) == "<p>한글 입</p><p><strong>닭</strong></p>"
    # In the midst of a syllable the words are counted and kept, and the syllable stays whole.
    keys.send("Input.imeSetComposition", {"text": "가", "selectionStart": 1, "selectionEnd": 1})
    page.wait_for_timeout(200)
    compose("각")
    assert body(page).endswith("<strong>닭각</strong></p>")
