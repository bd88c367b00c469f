"""What every test may use: an empty paper's media folder, a ban on queries while templates render."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.template.backends.django import Template
from hypothesis import settings as hypothesis

# The same examples in every run, and nothing kept between runs.
hypothesis.register_profile("tests", database=None, deadline=None, derandomize=True)
hypothesis.load_profile("tests")

pytest_plugins = ["tests.browser_setup", "tests.html_setup"]


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path):
    """Uploads and pictures of a test lie in its own folder."""
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture(autouse=True)
def no_query_while_rendering(monkeypatch):
    """A template that reaches the database fails the test, on every page that any test opens."""
    render = Template.render

    def guarded(self, context=None, request=None):
        # The admin's own templates query, as Django wrote them.
        if request is not None:
            return render(self, context, request)
        with connection.execute_wrapper(_refuse):
            return render(self, context, request)

    monkeypatch.setattr(Template, "render", guarded)


def _refuse(execute, sql, params, many, context):
    pytest.fail(f"A template asked the database: {sql[:300]}")


@pytest.fixture
def queries(django_assert_max_num_queries):
    """`with queries(8):` fails where more queries are made."""

    @contextmanager
    def at_most(count):
        with django_assert_max_num_queries(count):
            yield

    return at_most
