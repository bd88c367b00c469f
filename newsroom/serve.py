"""The whole paper in the foreground: `make run`, or `python -m newsroom.serve`.

It starts the embedded PostgreSQL if it is needed and not there, brings database and static files up to date,
loads the demo paper into an empty database and serves on HOST and PORT until a signal or the end of the web
server; then nothing that it started is left. What may be killed without warning, and what happens:

- the web server or one of its workers: this program ends the rest and stops the database;
- this program, or the `make` that started it: a guard beside it does the same;
- this program and the guard together: the web server ends, the database stays and the next start takes it;
- everything: the next start recovers the database.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import inspect
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from newsroom import localpg

WORKERS = 2
THREADS = 4
KILL_AFTER = 10
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

received = []


class Stopped(Exception):
    """A signal asked this program to end."""


def place():
    """HOST and PORT from the environment; SystemExit with a sentence where nothing can be served there."""
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SystemExit(f"PORT is {port!r}: write a number from 1 to 65535.")
    try:
        # IPv4 first: "localhost" means 127.0.0.1 to most people.
        family, kind, _, _, address = min(socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM))
        with socket.socket(family, kind) as probe:
            # As the web server does, or connections that have just ended would count as busy.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        raise SystemExit(f"Port {port} is reserved for root: take one above 1023, like PORT=8001.") from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or "assign" in str(error):
            raise SystemExit(f"HOST is {host!r}, which is no address of this machine.") from None
        raise SystemExit(
            f"Port {port} on {host} is busy: stop the program that uses it, or take another, like PORT=8001."
        ) from None
    return address[0], int(port)


def die_with_parent():
    """Has the kernel end this process (Linux) when its parent ends in whatever way."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def members(group):
    """The living processes of a process group."""
    found = []
    for process in psutil.process_iter(["status"]):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def end_group(group):
    """Ends every process of a group: asked first, forced when the web server's own patience is over."""
    for how, seconds in ((signal.SIGTERM, KILL_AFTER + 3), (signal.SIGKILL, 3)):
        end = time.monotonic() + seconds
        if members(group):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, how)
        while members(group) and time.monotonic() < end:
            time.sleep(0.05)


def stop_database(server):
    """Stops the database unless another program uses it, which is said."""
    try:
        if not server.stop(unless_in_use=True):
            say("The database keeps running: other programs use it. `make stop-db` stops it.")
    except localpg.DatabaseUnavailable as problem:
        say(str(problem))


def say(text):
    """Prints, also where the terminal has gone."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


class Turn:
    """One at a time prepares the paper of this checkout and takes a port: granian would share a taken one."""

    def __init__(self):
        self.handle = os.open(localpg.PROJECT, os.O_RDONLY)
        while True:
            try:
                return fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if received:
                    raise Stopped from None
                time.sleep(0.1)

    def over(self):
        """Lets the next one begin."""
        fcntl.flock(self.handle, fcntl.LOCK_UN)


class Guard:
    """A second process that clears up when this one is killed without warning."""

    def __init__(self, server):
        reading, self.writing = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(reading)
            return
        try:
            os.close(self.writing)
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self._watch(reading, server)
        finally:
            os._exit(0)

    def tell(self, *words):
        """Says what to clear up: `group ID`, `database`, or `nothing` at an orderly end."""
        with contextlib.suppress(OSError):
            os.write(self.writing, (" ".join(map(str, words)) + "\n").encode())

    def dismiss(self):
        """Ends the guard."""
        self.tell("nothing")
        os.close(self.writing)
        os.waitpid(self.pid, 0)

    @staticmethod
    def _watch(reading, server):
        with os.fdopen(reading) as lines:
            told = [line.split() for line in lines]
        if ["nothing"] in told:
            return
        groups = [int(words[1]) for words in told if words[0] == "group"]
        if groups:
            end_group(groups[-1])
        if ["database"] in told:
            stop_database(server)


def supervise(command, guard, meanwhile=lambda: None):
    """Runs a command in a process group of its own; returns its status. No process of the group is left.

    `meanwhile` is called several times a second. Stopped where a signal came first.
    """
    # Its own session: Ctrl-C in the terminal reaches this program alone, which ends the command in order.
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent)
    guard.tell("group", child.pid)
    try:
        while child.poll() is None:
            if received:
                raise Stopped
            meanwhile()
            time.sleep(0.1)
        return child.returncode
    finally:
        end_group(child.pid)
        child.wait()


def main():
    """Serves until it is told to end; returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup make run` has SIGHUP ignored already.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, frame: received.append(number))
    if os.environ.get("MAKELEVEL"):
        die_with_parent()
    os.chdir(localpg.PROJECT)
    os.environ |= {"NEWSROOM_ENV": "local", "PYTHONUNBUFFERED": "1"}
    server = localpg.local()
    guard = Guard(server)
    started = False
    try:
        turn = Turn()
        host, port = place()
        os.environ |= {"HOST": host, "PORT": str(port)}
        if not ipaddress.ip_address(host).is_loopback:
            os.environ["NEWSROOM_PUBLIC"] = "1"
        say("Preparing the paper ...")
        if server and (started := server.start()):
            guard.tell("database")
        if supervise([sys.executable, "-m", "newsroom.serve", "prepare"], guard):
            return 1
        # Preparing takes minutes the first time.
        place()
        return serve(host, port, guard, turn)
    except Stopped:
        return 0
    except localpg.DatabaseUnavailable as problem:
        say(str(problem))
        return 1
    finally:
        if started:
            stop_database(server)
        guard.dismiss()


def serve(host, port, guard, turn):
    """Runs the web server, says when it answers and ends the turn then; returns 1 if it ends by itself."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": port,
        "--workers": WORKERS,
        "--blocking-threads": THREADS,
        "--workers-kill-timeout": KILL_AFTER,
        "--log-level": "warning",
    }
    words = [str(word) for pair in options.items() for word in pair]
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    waiting = [f"The paper is at {address}, its desk at {address}admin/ (Ctrl-C ends it)."]

    def announce():
        if waiting:
            with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
                say(waiting.pop())
                turn.over()

    status = supervise(
        [sys.executable, "-m", "newsroom.workers", *words, "--no-ws", "newsroom.wsgi:application"], guard, announce
    )
    say(f"The web server ended by itself (status {status}).")
    return 1


def prepare():
    """Brings database, static files and demo up to date, in one process: each start of Django costs."""
    import django
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    django.setup()
    execute_from_command_line(["manage.py", "migrate", "--noinput", "--verbosity", "0"])
    collect_static()
    execute_from_command_line(["manage.py", "load_demo"])


def collect_static():
    """Runs collectstatic where a source or the way of storing changed since it last succeeded."""
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.files.storage import storages
    from django.core.management import execute_from_command_line

    kind = type(storages["staticfiles"])
    sources = [
        inspect.getfile(kind),
        *(store.path(name) for finder in finders.get_finders() for name, store in finder.list([])),
    ]
    seen = sorted((path, os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in sources)
    mark = hashlib.sha256(repr((str(kind), seen)).encode()).hexdigest()
    kept = Path(settings.STATIC_ROOT).with_suffix(".mark")
    if not (Path(settings.STATIC_ROOT).is_dir() and kept.exists() and kept.read_text() == mark):
        execute_from_command_line(["manage.py", "collectstatic", "--noinput", "--verbosity", "0"])
        kept.write_text(mark)


if __name__ == "__main__":
    sys.exit(prepare() if sys.argv[1:] == ["prepare"] else main())
