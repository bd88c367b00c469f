"""The embedded PostgreSQL: one start for everybody, kill -9 survived, unfit data and servers refused."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from newsroom import localpg
from newsroom.localpg import DatabaseUnavailable, LocalPG

ROOT = os.geteuid() == 0


@pytest.fixture(scope="module", autouse=True)
def embedded():
    """These tests use servers of their own, whatever server the suite runs on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.setenv("NEWSROOM_ENV", "test")
        yield


@contextlib.contextmanager
def folder_for_server():
    """A folder that the server's account can enter; pytest's own are closed to it if root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="localpg-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        LocalPG(folder / "postgres").stop()
        shutil.rmtree(folder)


@pytest.fixture
def folder():
    with folder_for_server() as made:
        yield made


@pytest.fixture(scope="module")
def shared():
    """A server that runs; a test that stops or kills it starts it again."""
    with folder_for_server() as made:
        server = LocalPG(made / "postgres")
        server.start()
        yield server


def connect(server, dbname=None):
    connection = psycopg2.connect(
        host=str(server.sockdir), port=localpg.PORT, user=server.user, dbname=dbname or server.dbname
    )
    connection.autocommit = True
    return contextlib.closing(connection)


def ask(server, query):
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def processes(server):
    """The living processes of a server."""
    found = []
    for process in psutil.process_iter(["status", "name"]):
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(server.data) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def command(folder, *words):
    """`python -m newsroom.localpg` with `folder` as var, not waited for; `finish` waits."""
    return subprocess.Popen(
        [sys.executable, "-m", "newsroom.localpg", *words],
        cwd=localpg.PROJECT,
        env=os.environ | {"NEWSROOM_VAR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    """(exit status, what was printed) of a `command`."""
    printed = process.communicate(timeout=60)[0]
    return process.returncode, printed


def test_start_is_for_everybody_and_stop_leaves_nothing(folder):
    starts = [command(folder, "start") for _ in range(8)]
    answers = {finish(start) for start in starts}
    server = LocalPG(folder / "postgres")
    assert answers == {(0, f"PostgreSQL runs as process {server.running()} in {server.data}.\n")}
    assert ask(server, "select current_setting('server_encoding')") == "UTF8"
    assert not ask(server, "select current_setting('listen_addresses')")
    assert server.data.stat().st_mode & 0o777 == 0o700
    assert server.sockdir.stat().st_mode & 0o777 == 0o700
    assert server.start() is False
    assert server.stop() is True
    assert server.running() is None
    assert not processes(server)
    assert server.stop() is True


def test_korean_words_and_accents_are_letters(shared):
    assert ask(shared, "select lower('É')") == "é"
    ask(shared, "create extension if not exists pg_trgm")
    assert ask(shared, "select cardinality(show_trgm('서울'))") > 0


@pytest.mark.parametrize("victim", ["server", "everything"])
def test_killed_server_recovers_what_was_committed(shared, victim):
    shared.start()
    ask(shared, "drop table if exists kept")
    ask(shared, "create table kept as select generate_series(1, 1000) as n")
    victims = processes(shared) if victim == "everything" else [psutil.Process(shared.running())]
    for process in victims:
        process.kill()
    assert shared.start() is True
    assert ask(shared, "select count(*) from kept") == 1000


def test_pid_file_may_name_another_process(shared):
    """After a restart of the machine the old number can belong to anything."""
    shared.stop()
    (shared.data / "postmaster.pid").write_text(f"{os.getpid()}\n{shared.data}\n")
    assert shared.running() is None
    assert shared.start() is True


def test_server_in_use_is_not_stopped_under_its_users(shared, monkeypatch):
    monkeypatch.setattr(localpg, "TIME_TO_LEAVE", 0.2)
    shared.start()
    with connect(shared):
        assert shared.stop(unless_in_use=True) is False
        with pytest.raises(DatabaseUnavailable, match="Other programs use the database"):
            shared.destroy()
    assert shared.stop(unless_in_use=True) is True
    shared.start()


def test_databases_without_letters_or_utf8_are_refused(shared):
    shared.start()
    with connect(shared) as connection, connection.cursor() as cursor:
        assert localpg.complaint(cursor) == ""
        for name, encoding in (("ascii", "SQL_ASCII"), ("plain", "UTF8")):
            cursor.execute(
                f"create database {name} template template0 encoding '{encoding}' locale 'C' locale_provider libc"
            )
    with connect(shared, "ascii") as connection, connection.cursor() as cursor:
        assert "encoding is SQL_ASCII" in localpg.complaint(cursor)
    with connect(shared, "plain") as connection, connection.cursor() as cursor:
        assert "no letters beyond ASCII" in localpg.complaint(cursor)


def test_half_made_data_are_not_taken_for_whole(folder):
    (folder / "postgres").mkdir()
    leftover = folder / "postgres.new-1"
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")
    server = LocalPG(folder / "postgres")
    assert server.start() is True
    assert not leftover.exists()


def test_other_files_in_the_data_folder_are_kept(folder):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter").write_text("mine")
    with pytest.raises(DatabaseUnavailable, match="holds other things"):
        LocalPG(folder / "postgres").start()
    assert (folder / "postgres" / "letter").read_text() == "mine"
    assert [path.name for path in folder.glob("postgres.new*")] == []


def test_data_of_another_major_version_are_refused(folder):
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseUnavailable, match=r"was made by PostgreSQL 12 and this is \d+"):
        LocalPG(folder / "postgres").start()


def test_data_of_another_account_are_refused(folder, monkeypatch):
    (folder / "postgres").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 54321)
        with pytest.raises(DatabaseUnavailable, match="belongs to another account"):
            LocalPG(folder / "postgres").start()


def test_path_may_be_long_and_strange(folder):
    strange = folder / """it's "a, $HOME""" / ("x" * 90)
    server = LocalPG(strange / "postgres")
    try:
        assert len(str(server.sockdir)) < 85
        assert server.start() is True
        assert ask(server, "select 1") == 1
    finally:
        server.destroy()
    assert not server.data.exists()
    assert not server.sockdir.exists()


@pytest.mark.skipif(not ROOT, reason="only root may enter a closed home of another account")
def test_closed_home_of_root_stays_closed(folder, monkeypatch):
    home = folder / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr(localpg, "AWAY", folder / "away")
    found = localpg.find_bindir()
    if found.parent.name == "pginstall":
        package = found.parent.parent
        for source in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(source, home / source.name)
        found = home / package.name / "pginstall" / "bin"
    monkeypatch.setattr(localpg, "find_bindir", lambda: found)
    server = LocalPG(home / "project" / "var" / "postgres")
    assert server.data.is_relative_to(folder / "away")
    try:
        assert server.start() is True
        assert home.stat().st_mode & 0o777 == 0o700
        assert LocalPG(home / "project" / "var" / "postgres").running() == server.running()
    finally:
        server.destroy()


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_root_runs_the_server_as_the_owner_of_the_data(folder):
    server = LocalPG(folder / "postgres")
    server.start()
    server.stop()
    owner = next(user for user in (65534, 1) if user != server.data.stat().st_uid)
    for path in (server.data, *server.data.rglob("*")):
        os.lchown(path, owner, owner)
    again = LocalPG(folder / "postgres")
    assert again.start() is True
    assert psutil.Process(again.running()).uids().effective == owner


def test_database_url_and_production_leave_the_embedded_server_alone(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/other")
    assert localpg.start_if_local() is None
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("NEWSROOM_ENV", "production")
    assert localpg.start_if_local() is None


def test_no_server_to_be_found_is_said_in_a_sentence(folder, monkeypatch):
    monkeypatch.setenv("NEWSROOM_VAR", str(folder))
    monkeypatch.setenv("PG_BINDIR", str(folder / "nothing"))
    with pytest.raises(SystemExit, match="No PostgreSQL server was found"):
        localpg.start_if_local()


def test_run_puts_a_server_around_a_command(folder):
    server = LocalPG(folder / "postgres")
    ran = command(folder, "run", sys.executable, "-m", "newsroom.localpg", "status")
    status, printed = finish(ran)
    assert "PostgreSQL runs as process" in printed
    assert status == 0
    assert server.running() is None
    assert finish(command(folder, "run", sys.executable, "-c", "raise SystemExit(3)"))[0] == 3


def test_run_passes_a_signal_on_and_stops_the_server(folder):
    server = LocalPG(folder / "postgres")
    ran = command(folder, "run", "sleep", "60")
    end = time.monotonic() + 30
    while not any("sleep" in child.name() for child in psutil.Process(ran.pid).children()):
        assert time.monotonic() < end
        time.sleep(0.05)
    ran.send_signal(signal.SIGTERM)
    assert finish(ran)[0] == 128 + signal.SIGTERM
    assert server.running() is None
