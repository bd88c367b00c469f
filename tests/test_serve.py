"""`make run`: odd places are refused in a sentence, and no process outlives the one that a person started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from newsroom import localpg, serve
from tests.waiting import wait_until

# Stands in for the web server: a process with a child that ignores SIGTERM.
STUBBORN = (
    "import signal, subprocess, sys, time; "
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print('up', flush=True); time.sleep(60)"
)
# Stands in for `main`: a guard and a command, until a signal comes.
SUPERVISOR = f"""
import os, sys
from newsroom import serve
serve.KILL_AFTER = -2
guard = serve.Guard(None)
try:
    serve.supervise([sys.executable, "-c", {STUBBORN!r}], guard)
finally:
    guard.dismiss()
"""


def alive(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", "web", "PORT is 'web': write a number from 1 to 65535"),
        ("127.0.0.1", "0", "PORT is '0'"),
        ("127.0.0.1", "65536", "PORT is '65536'"),
        ("203.0.113.9", "8000", "HOST is '203.0.113.9', which is no address of this machine"),
        ("two words", "8000", "HOST is 'two words'"),
    ],
)
def test_odd_places_are_refused(monkeypatch, host, port, said):
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match=said):
        serve.place()


def test_busy_port_is_refused(monkeypatch):
    with socket.socket() as other:
        # As granian does, which would let two of them share a port.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("HOST", "localhost")
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        with pytest.raises(SystemExit, match=r"on localhost is busy: .* take another"):
            serve.place()
    assert serve.place() == ("127.0.0.1", int(os.environ["PORT"]))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_no_process_outlives_the_supervisor(how):
    """However it ends; a child that does not listen to SIGTERM is forced."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], cwd=localpg.PROJECT, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout.readline() == "up\n"
        family = [child.pid for child in psutil.Process(supervisor.pid).children(recursive=True)]
        # The guard, the command and its child.
        assert len(family) == 3
        supervisor.send_signal(how)
        assert wait_until(lambda: not any(alive(pid) for pid in [supervisor.pid, *family]))


def test_command_that_ends_takes_its_children_along():
    command = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    ended = subprocess.run(
        [sys.executable, "-c", SUPERVISOR.replace(repr(STUBBORN), repr(command))],
        cwd=localpg.PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 0
    assert not alive(int(ended.stdout))


def test_one_at_a_time_prepares(tmp_path):
    code = (
        "import sys, time; from newsroom import serve; serve.Turn(); "
        "[(open(sys.argv[1], 'a').write(word), time.sleep(0.2)) for word in ('begin ', 'end ')]"
    )
    ran = [subprocess.Popen([sys.executable, "-c", code, tmp_path / "log"], cwd=localpg.PROJECT) for _ in range(3)]
    assert [process.wait(timeout=30) for process in ran] == [0, 0, 0]
    assert (tmp_path / "log").read_text().split() == ["begin", "end"] * 3


def test_program_is_loaded_before_it_is_forked_without_a_thread_or_a_connection():
    # Neither would be of use to the workers: a thread is not there after the fork, a connection is there twice.
    program = """
import sys, threading
from newsroom import workers
workers.load()
from django.db import connections
print("views" if "articles.views" in sys.modules else "no views", threading.active_count(), end=" ")
print(any(one.connection for one in connections.all(initialized_only=True)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=localpg.PROJECT, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout == "views 1 False\n", ran.stderr
