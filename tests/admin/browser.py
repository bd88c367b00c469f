"""A browser in which a member of the staff is signed in, and whose console has to stay silent."""

from contextlib import contextmanager

from django.core.management import call_command

from readers.roles import make_roles
from tests.factories import make_staff


@contextmanager
def desk_page(browser, live_server, settings, user=None, **options):
    """A page of somebody signed in (a superuser by default); fails if a page complains in the console."""
    said = []
    settings.SITE_URL = live_server.url
    call_command("loaddata", "menu", "lists", verbosity=0)
    user = user or make_staff()
    context = browser.new_context(base_url=live_server.url, **{"viewport": {"width": 1280, "height": 900}} | options)
    context.on("page", lambda page: listen(page, said))
    page = context.new_page()
    page.said = said
    sign_in(page, user.username)
    try:
        yield page
    finally:
        context.close()
    assert said == [], said


def sign_in(page, username):
    """Signs somebody in by the form."""
    page.goto("/admin/")
    page.fill("#id_username", username)
    page.fill("#id_password", "password")
    page.click("input[type=submit]")
    page.wait_for_selector("#user-tools")


def listen(page, said):
    """Collects what a page complains about."""
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on(
        "console", lambda message: message.type in ("error", "warning") and said.append(f"{page.url}: {message.text}")
    )


def write(page, text):
    """Types a text into the editor of a story, a paragraph a line."""
    page.locator(".ProseMirror").click()
    for number, line in enumerate(text.split("\n")):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.type(line)


def choose(page, field, words):
    """Finds a row by typing into an autocomplete of the form, and chooses the first that is found."""
    page.locator(f".field-{field} .select2-selection").first.click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option--highlighted", has_text=words).click()


def save_story(page):
    """Saves and waits for the form to be back."""
    page.locator("input[name=_continue]").click()
    page.wait_for_selector(".messagelist .success")


def roles():
    """The groups, which a test that empties all tables has lost."""
    from django.apps import apps

    make_roles(apps)
