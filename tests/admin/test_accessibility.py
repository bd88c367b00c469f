"""The desk for everybody: axe-core finds nothing in either scheme and on a telephone, nothing scrolls sideways."""

from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from articles import publishing
from articles.linking import check_links
from tests.admin.browser import sign_in
from tests.factories import make_paper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# WCAG 2.2 A and AA.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}}
SCHEMES = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "telephone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


def change(obj):
    """The address of a row's form."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


@pytest.fixture
def pages(live_server, settings):
    """Addresses of the desk's pages, each with something on it."""
    settings.SITE_URL = live_server.url
    paper = make_paper()
    publishing.finish_edit(paper.draft)
    check_links()
    use = paper.story.photo_uses.first()

    def of_story(view, story=paper.story):
        return reverse(f"admin:articles_article_{view}", args=[story.pk])

    return [
        *("/admin/", reverse("admin:style_guide"), reverse("admin:keys"), reverse("staff_account")),
        *("/admin/articles/article/", "/admin/articles/article/?state=public", "/admin/articles/article/add/"),
        *(change(paper.draft), change(paper.story), of_story("versions"), of_story("withdraw"), of_story("correct")),
        *(reverse("admin:articles_article_calendar"), f"{reverse('admin:articles_article_calendar')}?view=list"),
        *("/admin/photos/photo/", change(paper.wide), reverse("admin:photos_photo_upload")),
        *(reverse("admin:photos_photo_expiring"), reverse("admin:photos_photo_crop", args=[use.photo_id, use.pk])),
        *("/admin/articles/tag/", "/admin/articles/reporter/", change(paper.seo), "/admin/articles/brokenlink/"),
        *("/admin/sections/section/", change(paper.sections["business"]), "/admin/sections/menuitem/"),
        *("/admin/sections/mastheadfact/", "/admin/sections/page/", "/admin/sections/crawler/"),
        *("/admin/sections/redirect/", reverse("admin:sections_redirect_paste"), "/admin/sections/binned/"),
        *("/admin/rankings/storylist/", "/admin/rankings/storylist/1/places/", "/admin/readers/user/"),
        *(change(paper.editor), "/admin/readers/auditentry/", "/admin/auth/group/"),
        *("/admin/subscriptions/order/", change(paper.order), "/admin/subscriptions/plan/add/"),
    ]


@contextmanager
def desk(browser, live_server, **options):
    """A page in which the paper's editor is signed in."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **options)
    page = context.new_page()
    sign_in(page, "desk")
    yield page
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_has_no_barrier(browser, live_server, pages, scheme):
    found = []
    with desk(browser, live_server, **SCHEMES[scheme]) as page:
        for address in pages:
            page.goto(address)
            for violation in Axe().run(page, options=OPTIONS).response["violations"]:
                found += [f"{address} {violation['id']}: {node['html'][:160]}" for node in violation["nodes"]]
    assert not found, "\n".join(found)


def test_it_never_scrolls_sideways_on_a_telephone_or_at_400_percent(browser, live_server, pages):
    found = []
    with desk(browser, live_server) as page:
        for address in pages:
            page.goto(address)
            for width in (320, 390, 820, 1440):
                page.set_viewport_size({"width": width, "height": 844})
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    found.append((address, width, wide))
    assert found == []
