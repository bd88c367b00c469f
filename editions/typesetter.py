"""Typst (https://typst.app), the program that sets the pages: it comes as one wheel that needs no system library.

It keeps hundreds of megabytes for its next document, so it works in a short-lived process of its own, which is this
file. Its fonts are those of this folder and of the Korean font package; fonts of the machine are not looked at, so that
an edition looks the same wherever it is built.
"""

import json
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_ko

HERE = Path(__file__).parent
FONTS = {
    "font_paths": [str(HERE / "fonts"), str(pylopdf_fonts_ko.serif_path().parent)],
    "ignore_system_fonts": True,
}
# Pages are tagged for programs that read aloud (ISO 14289-1); Typst refuses to write one that breaks its rules.
STANDARD = ["ua-1"]
SERIF = '("Newsreader Text", "Noto Serif KR", "Libertinus Serif", "DejaVu Sans Mono")'
# Seconds for one document: an edition of 100 pages takes a tenth of that.
TIMEOUT = 600


class TypesettingFailed(Exception):
    """Typst refused; the message is its own."""


@lru_cache(maxsize=20_000)
def can_print(character):
    """Whether the fonts have this character. About a millisecond when it is asked for the first time."""
    import typst  # 7 MB, which a web worker that builds no edition does without

    source = f'#set document(title: "-")\n#set text(font: {SERIF})\n#text("\\u{{{ord(character):x}}}")'
    try:
        typst.compile(source.encode(), format="pdf", pdf_standards=STANDARD, **FONTS)
    except typst.TypstError:
        return False
    return True


class Desk:
    """A folder in which one edition is set."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for source in (HERE / "sheets").glob("*.typ"):
            shutil.copy(source, self.folder)

    def measure(self, *, width, heads=(), captions=(), briefs=(), teasers=(), fills=()):
        """What measure.typ says of these things: a dict of lists in their order."""
        job = {"width": width, "heads": heads, "captions": captions, "briefs": briefs, "teasers": teasers}
        return json.loads(self._run("measure.typ", job | {"fills": fills}, {}))

    def compile(self, job):
        """The edition as PDF, in bytes."""
        return self._run("edition.typ", job, {"format": "pdf", "pdf_standards": STANDARD})

    def pictures(self, job, ppi):
        """Gives the pages of an edition as PNG, in bytes each: one at a time, as all of them would fill the memory."""
        for page in job["pages"]:
            yield self._run("edition.typ", job | {"pages": [page]}, {"format": "png", "ppi": ppi})

    def _run(self, name, job, options):
        (self.folder / "job.json").write_text(json.dumps(job, ensure_ascii=False))
        command = [sys.executable, "-P", __file__, str(self.folder), name, json.dumps(options)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(f"Typst did not end within {TIMEOUT} seconds.") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise TypesettingFailed(said or f"Typst was ended by the system ({done.returncode}).")
        return (self.folder / "result").read_bytes()


def _work(folder, name, options):
    """Sets one document; what comes out lies in the file `result`. Exits with Typst's words where it refuses."""
    import typst

    source, out = str(Path(folder) / name), Path(folder) / "result"
    try:
        if options:
            typst.compile(source, str(out), root=folder, **FONTS, **options)
        else:
            out.write_text(typst.query(source, "<result>", field="value", one=True, root=folder, **FONTS))
    except typst.TypstError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
