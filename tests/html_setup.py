"""The HTML checker of the tests: the Nu checker (https://validator.github.io/validator/) from npm, run by Java.

`python tests/html_setup.py` installs it into var/tools, for `make test`; as a pytest plugin it skips the tests
marked `html` where it is missing, or fails the run when NEWSROOM_REQUIRE_BROWSER=1 is set.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MANIFESTS = ROOT / "tests" / "tools"
FOLDER = ROOT / "var" / "tools"
JAR = FOLDER / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
PACKAGES = {"java": "default-jre-headless", "npm": "npm"}
MISSING = "no HTML checker: install Java and npm, then run `python tests/html_setup.py`"


def is_there():
    """Whether the checker can be run."""
    return JAR.exists() and shutil.which("java") is not None


def npm():
    """Installs the locked npm packages into var/tools and runs no script of theirs; tells whether it worked."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(MANIFESTS / name, FOLDER / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip()[-1000:], file=sys.stderr)
    return done.returncode == 0


def install():
    """Installs what is missing, Debian's Java and npm too where this is root; returns whether all is there."""
    if is_there():
        return True
    wanted = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(wanted)} for the HTML checker ...", flush=True)
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
        command = ["apt-get", "install", "-y", "--no-install-recommends", *wanted]
        if subprocess.run(command, **quiet).returncode:
            subprocess.run(["apt-get", "update"], **quiet)
            subprocess.run(command, **quiet)
    if not all(map(shutil.which, PACKAGES)):
        return False
    print("Installing the HTML checker ...", flush=True)
    return npm() and is_there()


def check(folder):
    """What the checker says of the .html files of a folder, warnings included: [(file, line, message)]."""
    command = ["java", "-Xmx512m", "-jar", str(JAR), "--format", "json", "--exit-zero-always", "--stdout", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [
        (Path(said.get("url", "")).name, said.get("lastLine"), said["message"])
        for said in json.loads(done.stdout)["messages"]
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Skips, or fails, a test of the HTML where there is no checker."""
    if item.get_closest_marker("html") and not is_there():
        if os.environ.get("NEWSROOM_REQUIRE_BROWSER") == "1":
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)


if __name__ == "__main__" and not install():
    print(f"The HTML is not checked: {MISSING}.")
    sys.exit(os.environ.get("NEWSROOM_REQUIRE_BROWSER") == "1")
