"""Work for one process alone: two processes, a kill in the middle, and what a pooler needs."""

import signal
import subprocess
import sys
import time

import pytest
from django.db import connection, transaction

from newsroom import localpg
from sections.models import MastheadFact
from sections.runner import alone
from tests.programs import environment
from tests.waiting import wait_until

HOLD = """
import sys, time
import django
django.setup()
from sections.runner import alone
with alone(sys.argv[1]) as is_free:
    print("yes" if is_free else "no", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def other():
    """Starts a program that wants to be alone at `name`, for so many seconds; its answer is its first line."""
    running = []

    def start(name, seconds):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, name, str(seconds)],
            cwd=localpg.PROJECT,
            env=environment(DJANGO_SETTINGS_MODULE="newsroom.settings"),
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in running:
        process.kill()
        process.communicate()


def is_free(name):
    with alone(name) as free:
        return free


@pytest.mark.django_db(transaction=True)
def test_one_process_is_at_it_and_others_are_told(other):
    with alone("work") as free:
        assert free
        assert not is_free("work")
        assert is_free("other work")
        assert other("work", 0)[1] == "no"
    assert other("work", 0)[1] == "yes"


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_it_to_the_next(other):
    process, said = other("work", 60)
    assert said == "yes"
    assert not is_free("work")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert wait_until(lambda: is_free("work"), seconds=10)


@pytest.mark.django_db(transaction=True)
def test_the_work_commits_as_it_likes_and_may_fail():
    def work():
        with alone("work"):
            with transaction.atomic():
                MastheadFact.objects.create(kind="name", value="The Times", position=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert MastheadFact.objects.exists()
    assert is_free("work")


@pytest.mark.django_db(transaction=True)
def test_it_is_held_by_one_open_transaction():
    """A pooler lends a connection for one transaction: what a session holds beyond that would be somebody else's."""
    with alone("work"), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT activity.state, activity.pid <> pg_backend_pid(), activity.backend_xmin IS NULL
            FROM pg_locks JOIN pg_stat_activity activity USING (pid)
            WHERE locktype = 'advisory' AND activity.datname = current_database()
            """
        )
        # Not the work's own connection, and nothing that would keep old rows alive.
        assert cursor.fetchall() == [("idle in transaction", True, True)]


@pytest.mark.django_db(transaction=True)
def test_the_server_does_not_end_it_for_doing_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '100ms'")
        try:
            with alone("work"):
                time.sleep(0.5)
                assert not is_free("work")
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET idle_in_transaction_session_timeout")
