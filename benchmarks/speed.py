"""How fast the paper answers: cold and from its page cache, beside two limits that are measured in the same run.

    make bench            10,000 stories; BENCH="10000 200000" for several archives

The limits are a Django view that returns 40 kB under the same server, and nginx showing a file of the same size. wrk
asks with 8 connections (Debian: wrk, nginx-light). Prints a table and writes it with a plot to benchmarks/README.md.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from multiprocessing.pool import ThreadPool
from pathlib import Path

import psutil

from benchmarks.seed import connect, seed

SECONDS, ROUNDS = 4, 3
# Of each measurement: what the paper must reach, what it aims for, both as parts of a limit.
GOALS = {
    "article": ("constant, a second", 0.03, 0.10),
    "section": ("constant, a second", 0.025, 0.08),
    "topic": ("constant, a second", 0.025, 0.08),
    "front": ("constant, a second", 0.02, 0.06),
    "search": ("constant, a second", 0.012, 0.03),
    "page 50 of a list": ("section", 1 / 1.3, 1 / 1.05),
    "kept: article": ("constant, a second", 0.6, 1.2),
    "kept: front": ("constant, a second", 0.6, 1.2),
    "kept, through nginx": ("nginx file, a second", 0.6, 0.9),
}
# Of what is measured as it is, with its unit: the same two, as they are written in the table.
LIMITS = {
    "admin list, a second": ("", ""),
    "beacons, a second": ("2,000", ""),
    "start to first page, seconds": ("1.5", "0.8"),
    "publish one story, ms": ("40", "15"),
    "publish to visible everywhere, ms": ("1,000", ""),
    "old answers among 10,000 while a story changes": ("0", "0"),
    "changes meanwhile": ("", ""),
    "memory of two workers after 10,000 pages, MB": ("180", "120"),
    "memory with the process that starts them, MB": ("", ""),
    "refreshing every list, ms": ("1,000", ""),
    "read counts": ("", ""),
    "filling the archive and its search index, seconds": ("15 / 300", "6 / 120"),
    "constant, a second": ("", ""),
    "nginx file, a second": ("", ""),
}
# How many times as much a request may cost in the largest archive as in the smallest.
GROWTH = {
    "public pages, the worst": (("article", "section", "topic", "front", "page 50 of a list"), 1.3, 1.1),
    "search": (("search",), 4, 2),
    "admin list": (("admin list, a second",), 1.5, 1.2),
}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# Asks for the addresses of a file in turn; POSTs bodies where the line has one.
SCRIPT = """
local lines, at = {}, 0
for line in io.lines(os.getenv("BENCH_ADDRESSES")) do lines[#lines + 1] = line end
function request()
  at = at % #lines + 1
  local path, body = lines[at]:match("^(%S+)%s*(.*)$")
  local headers = {["User-Agent"] = "@BROWSER@", ["Cookie"] = os.getenv("BENCH_COOKIE")}
  if body ~= "" then
    headers["X-Forwarded-For"] = math.random(1, 223) .. "." .. math.random(0, 255) .. "." .. math.random(0, 255) .. ".7"
    return wrk.format("POST", path, headers, body)
  end
  return wrk.format("GET", path, headers)
end
""".replace("@BROWSER@", BROWSER)


def free_port():
    """A port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Server:
    """Two workers of the paper on a port, over a database of the embedded server."""

    def __init__(self, database, folder, cold=False):
        from django.db import connection

        given = connection.settings_dict
        host = given["HOST"].replace("/", "%2F") or "127.0.0.1"
        port = f":{given['PORT']}" if given["PORT"] else ""
        self.port, self.began = free_port(), time.perf_counter()
        own = {
            "DATABASE_URL": f"postgresql://{given['USER']}@{host}{port}/{database}",
            "NEWSROOM_ENV": "local",
            "PORT": str(self.port),
            "PAGE_CACHE": str(Path(folder) / f"cache-{self.port}"),
            "BEHIND_PROXY": "1",
            "RANKING_SECONDS": "0",
        }
        if cold:
            own["BENCH_COLD"] = "1"
        options = "--interface wsgi --host 127.0.0.1 --workers 2 --blocking-threads 4 --no-ws --log-level error"
        command = [sys.executable, "-m", "newsroom.workers", *options.split(), "--port", str(self.port)]
        self.process = subprocess.Popen([*command, "benchmarks.wsgi:application"], env=os.environ | own)
        while not self.answers():
            time.sleep(0.02)
        self.started_in = time.perf_counter() - self.began

    def answers(self):
        """Whether the front page is there."""
        with contextlib.suppress(OSError):
            return self.get("/")[0] == 200

    def get(self, path):
        """(status, text) of an address."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", path)
            response = line.getresponse()
            return response.status, response.read().decode()
        finally:
            line.close()

    @property
    def memory(self):
        """(megabytes of the two workers, megabytes with the process that starts them): what they share counts once."""
        first = psutil.Process(self.process.pid)
        workers = sum(worker.memory_full_info().pss for worker in first.children(recursive=True))
        return workers / 1e6, (workers + first.memory_full_info().pss) / 1e6

    def end(self):
        """Ends it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def wrk(port, lines, folder, cookie=""):
    """Requests a second that are answered, of these addresses in turn; the median of several rounds."""
    addresses, script = Path(folder) / "addresses", Path(folder) / "ask.lua"
    addresses.write_text("\n".join(lines) + "\n")
    script.write_text(SCRIPT)
    command = [
        "wrk",
        "--timeout",
        "20s",
        "-c",
        "8",
        "-t",
        "1",
        "-d",
        str(SECONDS),
        "-s",
        str(script),
        f"http://127.0.0.1:{port}/",
    ]
    found = []
    for _ in range(ROUNDS + 1):
        out = subprocess.run(
            command,
            env=os.environ | {"BENCH_ADDRESSES": str(addresses), "BENCH_COOKIE": cookie},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if "Non-2xx" in out or "Socket errors" in out:
            raise SystemExit(f"Not every request was answered:\n{out}")
        found.append(float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]))
    return statistics.median(found[1:])  # the first round warms up


@contextlib.contextmanager
def nginx(folder, upstream):
    """(port of files, port of a cache in front of the paper) of an nginx."""
    files, cache = free_port(), free_port()
    (Path(folder) / "files").mkdir(exist_ok=True)
    (Path(folder) / "files" / "page.html").write_bytes(b"x" * 40_000)
    Path(folder, "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        events {{ worker_connections 256; }}
        http {{
          access_log off; client_body_temp_path {folder}/b; fastcgi_temp_path {folder}/f;
          uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; proxy_temp_path {folder}/p;
          proxy_cache_path {folder}/edge keys_zone=edge:10m;
          server {{ listen 127.0.0.1:{files}; root {folder}/files; }}
          server {{ listen 127.0.0.1:{cache}; location / {{
            proxy_pass http://127.0.0.1:{upstream}; proxy_cache edge; proxy_cache_lock on;
            proxy_set_header Host 127.0.0.1; }} }}
        }}""")
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    process = subprocess.Popen([program, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/nginx.log"])
    time.sleep(1)
    try:
        yield files, cache
    finally:
        process.terminate()
        process.wait(10)


def pages(connection):
    """The addresses that are measured, by name."""
    from articles.models import Article
    from sections.models import Section

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    stories = [story.get_absolute_url() for story in Article.objects.published().latest_first()[:10_000:10]]
    section = Section.objects.get(path="national")
    of_section = Article.objects.published().in_section(section).latest_first()
    deep = of_section.values_list("pk", flat=True)[49 * 20]
    words = re.findall(r"[a-z]{6,}", Article.objects.get(slug="story-50").body)[:40]
    return {
        "article": stories,
        "section": ["/national/"],
        "topic": [f"/topics/topic-{n}/" for n in range(1, 40)],
        "front": ["/"],
        "search": [f"/search/?q={word}" for word in words],
        "page 50 of a list": [f"/national/?before={deep}"],
    }


def measure(count):
    """{name: requests a second or another figure} of an archive of so many stories."""
    database = f"newsroom_bench_{count}"
    took = seed(database, count)
    from rankings.models import ReadCount

    found = {"filling the archive and its search index, seconds": took} if took else {}
    connection = connect(database)
    asked = pages(connection)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        server = Server(database, folder, cold=True)
        try:
            found["constant, a second"] = wrk(server.port, ["/constant/"], folder)
            for name, lines in asked.items():
                # What is measured is no disk: whatever a page reads was read before.
                for line in lines:
                    server.get(line)
                found[name] = wrk(server.port, lines, folder)
            found["admin list, a second"] = wrk(server.port, ["/admin/articles/article/"], folder, cookie=staff())
        finally:
            server.end()
        server = Server(database, folder)
        try:
            found["start to first page, seconds"] = server.started_in
            found["kept: article"] = wrk(server.port, asked["article"][:1], folder)
            found["kept: front"] = wrk(server.port, ["/"], folder)
            reads = [f"/reads/ {n}" for n in range(1, min(count, 5_000))]
            found["beacons, a second"] = wrk(server.port, reads, folder)
            with nginx(folder, server.port) as (files, cache):
                found["nginx file, a second"] = wrk(files, ["/page.html"], folder)
                found["kept, through nginx"] = wrk(cache, asked["article"][:1], folder)
            found["old answers among 10,000 while a story changes"], found["changes meanwhile"] = old_answers(server)
            found["publish one story, ms"], found["publish to visible everywhere, ms"] = publish(server)
        finally:
            server.end()
        workers, whole = memory(database, folder)
        found["memory of two workers after 10,000 pages, MB"] = workers
        found["memory with the process that starts them, MB"] = whole
    found["refreshing every list, ms"] = refreshing()
    found["read counts"] = ReadCount.objects.count()
    connection.close()
    return found


def staff():
    """The cookie of somebody who may do everything at the desk."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    user, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user, "readers.signing_in.StaffBackend")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def refreshing():
    """Milliseconds to compute every list anew, as the paper does once a minute: the median of five."""
    from rankings.filling import refresh_all

    took = []
    for _ in range(5):
        began = time.perf_counter()
        refresh_all()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def memory(database, folder):
    """As `Server.memory`, of two workers that have shown 10,000 different pages to eight readers at once."""
    from articles.models import Article

    stories = Article.objects.published().latest_first().only("address_date", "slug")[:10_000]
    addresses = [story.get_absolute_url() for story in stories]
    server = Server(database, folder)
    try:
        with ThreadPool(8) as readers:
            readers.map(server.get, addresses)
        return server.memory
    finally:
        server.end()


def old_answers(server, reads=10_000):
    """(answers that were older than a change that was finished before they were asked for, number of changes).

    Eight readers ask for a story and its section while one person at the desk renames the story.
    """
    from articles.models import Article

    story = Article.objects.published().filter(section__path="business").latest_first()[0]
    addresses = [story.get_absolute_url(), "/business/"]
    # Stories that an earlier measurement has named have lower numbers.
    first = int(time.time())
    finished, over, old = [first], threading.Event(), []

    def rename():
        while not over.is_set():
            number = finished[0] + 1
            line = HTTPConnection("127.0.0.1", server.port, timeout=30)
            line.request("POST", f"/rename/{story.pk}/{number}/", headers={"Content-Length": "0"})
            if line.getresponse().status != 204:
                raise SystemExit("A story could not be renamed.")
            line.close()
            finished[0] = number

    def read(number):
        before = finished[0]
        numbers = map(int, re.findall(r"Edition (\d+)\.", server.get(addresses[number % len(addresses)])[1]))
        if min((shown for shown in numbers if shown > first), default=0) < before:
            old.append(number)

    desk = threading.Thread(target=rename)
    desk.start()
    while finished[0] == first:
        time.sleep(0.01)
    with ThreadPool(8) as readers:
        readers.map(read, range(reads))
    over.set()
    desk.join()
    return len(old), finished[0] - first


def publish(server):
    """(milliseconds to publish one story, milliseconds until every worker shows it), medians of twenty."""
    from articles.models import Article
    from articles.publishing import schedule
    from sections.models import Section

    section = Section.objects.get(path="business")
    took, seen = [], []
    for number in range(20):
        story = Article.objects.create(
            headline=f"Fresh {number} {time.time()}", deck="A deck.", body="<p>Text.</p>", section=section
        )
        began = time.perf_counter()
        schedule(story)
        took.append(time.perf_counter() - began)
        while not all(story.headline in server.get("/business/")[1] for _ in range(4)):
            pass
        seen.append(time.perf_counter() - began)
    return statistics.median(took) * 1000, statistics.median(seen) * 1000


def table(results):
    """The results as Markdown tables with floor and aim: ratios to the limits, figures as they are, growth."""
    counts = list(results)
    head = f"| | {' | '.join(f'{count:,} stories' for count in counts)} | floor | aim |"
    lines = [head, "|---|" + "---:|" * (len(counts) + 2)]
    for name, (limit, floor, aim) in GOALS.items():
        cells = [f"{results[count][name] / results[count][limit]:.3f}" for count in counts]
        lines.append(f"| {name}, of {limit.split(',')[0]} | {' | '.join(cells)} | {floor:.3f} | {aim:.3f} |")
    for name, (floor, aim) in LIMITS.items():
        cells = [
            f"{results[count][name]:,.1f}".removesuffix(".0") if name in results[count] else "–" for count in counts
        ]
        lines.append(f"| {name} | {' | '.join(cells)} | {floor} | {aim} |")
    small, large = results[counts[0]], results[counts[-1]]
    lines += ["", f"| what a request costs with {counts[-1]:,} stories, times {counts[0]:,} | | floor | aim |"]
    lines.append("|---|---:|---:|---:|")
    for name, (pages, floor, aim) in GROWTH.items():
        worst = max(small[page] / large[page] for page in pages)
        lines.append(f"| {name} | {worst:.2f} | {floor} | {aim} |")
    return "\n".join(lines)


def plot(results):
    """The ratios as an SVG of bars, each with a mark at its floor."""
    bars, width = [], 640
    rows = [(count, name) for name in GOALS for count in results]
    for row, (count, name) in enumerate(rows):
        limit, floor, aim = GOALS[name]
        value = results[count][name] / results[count][limit]
        full = max(aim * 1.5, value)
        y, scale = 10 + row * 26, (width - 300) / full
        bars.append(
            f'<text x="0" y="{y + 13}">{name} ({count:,})</text>'
            f'<rect x="250" y="{y}" width="{value * scale:.1f}" height="18" fill="#00695a"/>'
            f'<path d="M{250 + floor * scale:.1f} {y - 2}v22" stroke="#a3271a" stroke-width="2"/>'
            f'<text x="{256 + value * scale:.1f}" y="{y + 13}">{value:.3f}</text>'
        )
    height = 20 + len(rows) * 26
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 60} {height}" font-family="sans-serif" '
        f'font-size="12">{"".join(bars)}</svg>\n'
    )


HEAD = """# How fast the paper answers

`make bench` fills archives, measures with wrk (8 connections, two workers, {cores} cores) and writes this page. Every
figure is a ratio to a limit measured in the same run: *constant* is a Django view that returns 40 kB under the same
server and middleware, *nginx file* is nginx showing a file of that size. Pages above “kept” are made for every request;
what pages share (frame, ranked lists, cards) is kept by the process, as it always is. Each archive keeps its figures
(`figures.json`) until it is measured again. Of a search among 200,000 stories 0.004 is asked and 0.012 aimed for; the
limits of filling an archive are for 10,000 and for 200,000 stories.

"""


def main(counts):
    """Measures each archive, prints the table and writes it with the plot; other archives keep their figures."""
    missing = [name for name in ("wrk", "nginx") if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        raise SystemExit(f"Install what measures: apt-get install {' '.join(missing).replace('nginx', 'nginx-light')}.")
    here = Path(__file__).parent
    figures = here / "figures.json"
    results = {int(count): found for count, found in json.loads(figures.read_text()).items()}
    for count in counts:
        # An archive is filled once.
        results[count] = results.get(count, {}) | measure(count)
        figures.write_text(json.dumps(results, indent=1) + "\n")
        results = dict(sorted(results.items()))
        text = table(results)
        (here / "speed.svg").write_text(plot(results))
        (here / "README.md").write_text(
            f"{HEAD.format(cores=os.cpu_count())}{text}\n\n![The ratios as bars](speed.svg)\n"
        )
    print(text)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or [10_000])
