"""Lighthouse over a running paper: `make run` in one terminal, `make audit` in another.

Prints for the front page, a section, a story and a gallery the scores (mobile, median of three runs) and what
the page weighs. Chromium or Chrome must be installed (CHROME_PATH names another one).
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

SCORES = ("performance", "accessibility", "best-practices", "seo")
RUNS = 3


def pages(site):
    """{kind: address} of the pages to look at, found by following links from the front page."""

    def first(address, pattern):
        with urlopen(site + address) as response:
            return re.search(pattern, response.read().decode().partition("<main")[2])[1]

    story = r'href="(/\d{4}/\d\d/\d\d/[^/"]+/)"'
    return {
        "front": "/",
        "section": "/business/",
        "story": first("/business/", story),
        "gallery": first("/photos/darkroom/", story),
    }


def lighthouse(program, address):
    """One run's report."""
    flags = "--headless=new --disable-background-networking --disable-component-update --no-first-run"
    if os.geteuid() == 0:
        flags += " --no-sandbox"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [program, address, "--output=json", f"--output-path={path}", "--quiet", f"--chrome-flags={flags}"]
        subprocess.run([*command, f"--only-categories={','.join(SCORES)}"], check=True, env=os.environ)
        return json.loads(path.read_text())


def weights(report):
    """{what: bytes or count} of one report: the HTML before compression, what came over the wire by kind."""
    items = report["audits"]["network-requests"]["details"]["items"]
    found = {"requests": len(items), "shift": report["audits"]["cumulative-layout-shift"]["numericValue"]}
    for kind in ("Document", "Stylesheet", "Script"):
        found[kind.lower()] = sum(item["resourceSize"] for item in items if item.get("resourceType") == kind)
    return found


def main(program, site):
    """Runs and prints everything."""
    for kind, address in pages(site).items():
        reports = [lighthouse(program, site + address) for _ in range(RUNS)]
        medians = [
            round(100 * statistics.median(report["categories"][name]["score"] or 0 for report in reports))
            for name in SCORES
        ]
        print(kind, address)
        print("  ", ", ".join(f"{name} {score}" for name, score in zip(SCORES, medians, strict=True)))
        print(
            "  ",
            ", ".join(
                f"{what} {value:,.4g}" if what == "shift" else f"{what} {value:,}"
                for what, value in weights(reports[-1]).items()
            ),
        )
        below = {
            audit["id"]: audit["title"]
            for name in SCORES[1:]
            for reference in reports[-1]["categories"][name]["auditRefs"]
            if (audit := reports[-1]["audits"][reference["id"]])["score"] not in (None, 1) and reference["weight"]
        }
        for name, title in below.items():
            print(f"   {name}: {title}")


if __name__ == "__main__":
    main(*sys.argv[1:])
