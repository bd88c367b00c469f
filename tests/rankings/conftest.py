import pytest

from rankings import counting


@pytest.fixture(autouse=True)
def nothing_waiting():
    """No reads of another test wait to be written, and no thread writes any."""
    yield
    with counting._lock:
        if counting._timer:
            counting._timer.cancel()
        counting._timer = None
        counting._waiting.clear()
