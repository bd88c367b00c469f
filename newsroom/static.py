"""Static files in production: hashed, compressed, and the reader's styles and scripts joined into one file each."""

import re

from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

CSS_IMPORT = re.compile(r'^@import "([\w./-]+)";\n?', re.MULTILINE)
JS_IMPORT = re.compile(r'^import "\./([\w./-]+)";\n?', re.MULTILINE)
# Not around colons and signs: there a blank can have a meaning.
BLANKS = re.compile(r"\s*([{};])\s*")
COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)


def read(name):
    """The source of a static file, without its comments."""
    with open(finders.find(name), encoding="utf-8") as file:
        return COMMENT.sub("", file.read())


def joined_css():
    """css/main.css with the files it imports in their places, without the blanks that only people need."""
    css = CSS_IMPORT.sub(lambda match: read(f"css/{match[1]}"), read("css/main.css"))
    return BLANKS.sub(r"\1", css).replace(";}", "}")


def joined_js():
    """js/main.js with the modules it imports in their places, each in a scope of its own."""
    return JS_IMPORT.sub(lambda match: f"{{\n{read(f'js/{match[1]}')}}}\n", read("js/main.js"))


class JoinedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Whitenoise's manifest storage that joins css/main.css and js/main.js first. Sources stay separate files."""

    # The modules of the admin import each other, and the editor's library, by hashed names.
    support_js_module_import_aggregation = True

    def post_process(self, paths, dry_run=False, **options):
        if not dry_run:
            for name, text in (("css/main.css", joined_css()), ("js/main.js", joined_js())):
                if name in paths:
                    self.delete(name)
                    self._save(name, ContentFile(text.encode()))
                    # From here on the joined file is the source of this name.
                    paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)
