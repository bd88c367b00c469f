"""The house's own rules: who imports whom, what components say and get, and that everything public is explained."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
APPS = (
    "newsroom",
    "mypaper",
    "paywall",
    "editions",
    "subscriptions",
    "newsletters",
    "rankings",
    "articles",
    "photos",
    "sections",
    "readers",
)
# Which apps the models of an app may import: only what is drawn below it.
BELOW = {
    "readers": set(),
    "sections": set(),
    "photos": set(),
    "articles": {"sections", "photos"},
    "rankings": {"articles", "sections", "photos"},
    "mypaper": {"articles", "sections", "readers"},
    "paywall": {"subscriptions", "articles", "sections", "readers"},
    "newsletters": {"mypaper", "rankings", "articles", "sections", "photos", "readers"},
    "subscriptions": {"newsletters", "articles", "sections", "readers"},
    "editions": {"subscriptions", "rankings", "articles", "sections", "photos"},
}
# The upper storey puts the apps together.
UPPER = ("views", "admin", "admin_base", "forms", "feeds", "sitemaps", "management")


def modules(*apps):
    """[(path, tree)] of every module of the apps, migrations left out."""
    return [
        (path.relative_to(ROOT), ast.parse(path.read_text()))
        for app in apps or APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imported(path, tree):
    """Full names of the modules that a module imports, wherever in it the import stands."""
    package = path.parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{name.name}" for name in node.names)


def imports(*apps):
    return [(path, name) for path, tree in modules(*apps) for name in set(imported(path, tree))]


def templates(folder="."):
    return sorted((ROOT / "templates" / folder).rglob("*.html"))


def short(path):
    return str(path.relative_to(ROOT / "templates"))


# ---- who imports whom


def test_it_never_imports_newsroom():
    found = [(str(path), name) for path, name in imports(*APPS[1:]) if name.partition(".")[0] == "newsroom"]
    assert found == []


def test_it_never_imports_tests():
    assert [(str(path), name) for path, name in imports() if name.partition(".")[0] == "tests"] == []


@pytest.mark.parametrize("app", BELOW)
def test_it_imports_only_what_is_below_it(app):
    others = set(APPS) - {app} - BELOW[app]
    found = [
        (str(path), name)
        for path, name in imports(app)
        if name.partition(".")[0] in others and path.parts[1].removesuffix(".py") not in UPPER
    ]
    assert found == []


def test_it_imports_no_views_of_other_apps():
    """Views, admins and feeds may use any app's models, never another app's views."""
    found = [
        (str(path), name)
        for path, name in imports(*APPS[1:])
        if (parts := name.split("."))[0] in APPS and parts[1:2] == ["views"] and parts[0] != path.parts[0]
    ]
    assert found == []


def test_it_imports_no_models_into_template_tags():
    found = [
        (str(path), name)
        for path, name in imports()
        if "templatetags" in path.parts
        and (name.startswith("django.db") or {"models", "querysets", "views"} & set(name.split(".")))
    ]
    assert found == []


def test_it_keeps_requests_out_of_models():
    found = [
        (str(path), name)
        for path, name in imports()
        if "models" in str(path)
        and name.startswith(("django.http", "django.shortcuts", "django.views", "django.template"))
    ]
    assert found == []


def test_it_says_once_what_is_public():
    """Only one module asks for stories whose moment has come; the others use `published`."""
    found = [str(path) for path, _ in modules() if "publish_at__lte" in (ROOT / path).read_text()]
    assert found == ["articles/querysets.py"]


# ---- templates


@pytest.mark.parametrize("path", templates("components"), ids=short)
def test_it_names_the_inputs_of_every_component(path):
    text = path.read_text()
    assert text.startswith("{% comment %}")
    comment = text[: text.index("{% endcomment %}")]
    assert "nput" in comment, "say which inputs it takes, or that it takes none"


INCLUDE = re.compile(r'{%\s*include\s+"(components/[^"]+)"(.*?)%}', re.DOTALL)


@pytest.mark.parametrize("path", templates(), ids=short)
def test_it_closes_every_include_of_a_component(path):
    """With `only`, a component cannot reach the menu, the user or the request by accident."""
    for name, rest in INCLUDE.findall(path.read_text()):
        assert (ROOT / "templates" / name).exists(), name
        assert rest.split()[-1:] == ["only"], f"{name}: {rest}"


# Mail programs know no stylesheets but those in the mail.
PAGES = [path for path in templates() if "newsletters/mail" not in short(path)]


@pytest.mark.parametrize("path", PAGES, ids=short)
def test_it_has_nothing_inline_in_templates(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"[\"']\s*javascript:", text)
    for attributes in re.findall(r"<script\b([^>]*)>", text):
        assert "src=" in attributes or "application/ld+json" in attributes or "json_script" in attributes


def test_it_uses_every_component():
    used = {name for path in templates() for name, _ in INCLUDE.findall(path.read_text())}
    used |= set(re.findall(r'"(components/[\w/]+\.html)"', "".join((ROOT / p).read_text() for p, _ in modules())))
    assert (
        sorted(f"components/{path.name}" for path in templates("components") if f"components/{path.name}" not in used)
        == []
    )


def test_it_marks_markup_as_safe_in_few_places():
    """`safe` stands only where the text was sanitised when it was stored."""
    found = {short(path) for path in templates() if "|safe" in path.read_text() and "admin" not in path.parts}
    assert found <= {"sections/page.html", "articles/video.html"}


# ---- migrations and words


@pytest.mark.django_db
def test_it_misses_no_migration():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_it_has_one_line_of_migrations_per_app():
    for app in APPS[1:]:
        names = sorted(path.name for path in (ROOT / app / "migrations").glob("0*.py"))
        assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
        assert not any(re.match(r"\d{4}_(auto|alter|add|remove)_", name) for name in names), "say why in the name"


# What Django names; its meaning is documented there.
NAMED_BY_DJANGO = {
    *("natural_key", "get_by_natural_key", "get_absolute_url", "clean", "save", "deconstruct", "get_queryset"),
    *("add_arguments", "handle", "get_context_data", "get_default_redirect_url", "render_to_response"),
    *("get_db_prep_save", "post_process", "main"),
}
# Classes that say all by their base: what they are for stands where they are used.
PLAIN_BASES = re.compile(r"Manager|AppConfig|TextChoices|Command|Admin|Inline|Form|Filter")
# Forms and admins consist of methods that Django calls and columns that describe themselves.
SCREENS = ("admin.py", "admin_base.py", "forms.py")


def without_docstring(path, tree):
    """Names of public classes, functions and methods that do not say what they are for."""

    def walk(body, inside=""):
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            name = f"{inside}{node.name}"
            if isinstance(node, ast.ClassDef):
                bases = " ".join(ast.unparse(base) for base in node.bases)
                if node.name in ("Meta", "Media"):
                    continue
                if not ast.get_docstring(node) and not PLAIN_BASES.search(bases):
                    yield name
                yield from walk(node.body, f"{name}.")
            elif node.name not in NAMED_BY_DJANGO and not ast.get_docstring(node):
                if (path.name in SCREENS or path.parent.name == "admin") and (inside or node.decorator_list):
                    continue
                yield name

    yield from walk(tree.body)


def test_it_explains_everything_public():
    found = {str(path): names for path, tree in modules() if (names := list(without_docstring(path, tree)))}
    assert found == {}


def test_it_explains_every_module():
    found = [
        str(path)
        for path, tree in modules()
        if len(tree.body) > 3
        and not ast.get_docstring(tree)
        and path.name not in ("apps.py", "__init__.py", "admin.py")
        and "commands" not in path.parts
    ]
    assert found == []


def test_it_explains_every_command():
    for path, tree in modules():
        if "commands" in path.parts and path.name != "__init__.py":
            assert "help = " in (ROOT / path).read_text() or ast.get_docstring(tree), path
