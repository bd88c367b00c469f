"""The browser of the tests: finds a Chromium, installs one where it can, and says loudly where there is none.

`python tests/browser_setup.py` is the installing half, for `make test`; as a pytest plugin it gives the
fixture `browser`, skips the tests marked `browser` where no Chromium is there, or fails the run when
NEWSROOM_REQUIRE_BROWSER=1 is set.
"""

import functools
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
# Playwright's driver needs libatomic1; without a Korean font Korean names are boxes on the screenshots.
PACKAGES = ("chromium", "libatomic1", "fonts-nanum")
MISSING = (
    "NO BROWSER: {count} browser tests were not run. Install Chromium or Google Chrome (and libatomic1 on "
    "Linux), or name a browser in NEWSROOM_CHROMIUM, and run the tests again."
)


@functools.cache
def find_chromium():
    """The path of a browser that Playwright can drive, one in NEWSROOM_CHROMIUM before others, or None."""
    if not starts(sys.executable, "-m", "playwright"):
        return None
    found = [os.environ.get("NEWSROOM_CHROMIUM"), *map(shutil.which, NAMES)]
    found += [path for place in PLACES for path in sorted(glob.glob(os.path.expanduser(place)), reverse=True)]
    return next((path for path in found if path and starts(path)), None)


def starts(*command):
    """Whether a program tells its version; a distribution's stand-in for a missing package does not."""
    try:
        return not subprocess.run([*command, "--version"], capture_output=True, timeout=60).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


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
    done = subprocess.run(command, **quiet)
    if done.returncode:
        # Old lists of packages name versions that are gone.
        subprocess.run(["apt-get", "update"], **quiet)
        done = subprocess.run(command, **quiet)
    if done.returncode:
        print(done.stderr.strip()[-1000:], file=sys.stderr)
    find_chromium.cache_clear()
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
        if required():
            pytest.fail("no browser", pytrace=False)
        pytest.skip("no browser")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """Says at the very end, below the list of skipped tests, how many had no browser."""
    yield
    reports = [report for kind in ("skipped", "failed", "error") for report in terminalreporter.stats.get(kind, [])]
    if count := sum("no browser" in str(report.longrepr) for report in reports):
        terminalreporter.write_sep("!", MISSING.format(count=count), red=True, bold=True)


if __name__ == "__main__" and not install():
    then = "NEWSROOM_REQUIRE_BROWSER=1 forbids to go on." if required() else "Browser tests will be skipped."
    print(f"There is no browser here and none can be installed. {then}")
    sys.exit(required())
