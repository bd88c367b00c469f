"""An editor at the desk."""

import pytest

from tests.factories import make_staff


@pytest.fixture
def editor(db):
    """A member of the staff who may do everything."""
    return make_staff()


@pytest.fixture
def desk(client, editor):
    """A browser in which the editor is signed in."""
    client.force_login(editor)
    return client
