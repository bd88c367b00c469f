"""The browser of the tests: finds a Chromium, installs one where it can, and says loudly where there is none.

`python tests/browser_setup.py` is the installing half, for `make test`; as a pytest plugin it gives the
fixture `browser`, skips the tests marked `browser` where no Chromium is there, or fails the run when
NEWSROOM_REQUIRE_BROWSER=1 is set.
"""

import glob
import os
import shutil
import subprocess
import sys

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "~/.cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "~/Library/Caches/ms-playwright/chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
# A Korean font, or Korean names are boxes on the screenshots.
PACKAGES = ("chromium", "fonts-nanum")
MISSING = (
    "NO BROWSER: {count} browser tests were not run. Install Chromium or Google Chrome, or name one in "
    "NEWSROOM_CHROMIUM, and run the tests again."
)


def find_chromium():
    """The path of a Chromium or Chrome that starts, NEWSROOM_CHROMIUM before others, or None."""
    if chosen := os.environ.get("NEWSROOM_CHROMIUM"):
        return chosen
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [path for place in PLACES for path in sorted(glob.glob(os.path.expanduser(place)), reverse=True)]
    for path in found:
        # A distribution's stand-in for a package that is not installed has the name but does not start.
        shown = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
        if shown.returncode == 0:
            os.environ["NEWSROOM_CHROMIUM"] = path
            return path
    return None


def launch(playwright):
    """A headless Chromium started by Playwright's `playwright`."""
    flags = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    return playwright.chromium.launch(executable_path=find_chromium(), args=flags)


def install():
    """Installs Debian's Chromium where this is root and there is apt-get; returns a path or None."""
    path = find_chromium()
    if path or os.geteuid() or not shutil.which("apt-get"):
        return path
    print("Installing Chromium for the browser tests ...", flush=True)
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "text": True}
    command = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    done = subprocess.run(command, check=False, **quiet)
    if done.returncode:
        # Old lists of packages name versions that are gone.
        subprocess.run(["apt-get", "update"], check=False, **quiet)
        done = subprocess.run(command, check=False, **quiet)
    if done.returncode:
        print(done.stderr.strip()[-1000:], file=sys.stderr)
    return find_chromium()


def required():
    """Whether a missing browser is a failure."""
    return os.environ.get("NEWSROOM_REQUIRE_BROWSER") == "1"


@pytest.fixture(scope="session")
def browser():
    """One Chromium for the whole run."""
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop is not an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skips, or fails, a browser test where there is no browser."""
    if item.get_closest_marker("browser") and not find_chromium():
        (pytest.fail if required() else pytest.skip)("no browser", pytrace=False)


def pytest_terminal_summary(terminalreporter):
    """Says at the very end how many tests had no browser."""
    reports = [
        report for kind in ("skipped", "failed", "error") for report in terminalreporter.stats.get(kind, [])
    ]
    if count := sum("no browser" in str(report.longrepr) for report in reports):
        terminalreporter.write_sep("!", MISSING.format(count=count), red=True, bold=True)


if __name__ == "__main__":
    path = install()
    if not path:
        print("There is no browser here and none can be installed: browser tests will be skipped.")
        sys.exit(required())
