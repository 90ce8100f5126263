"""What must be true of the whole house, whoever builds on it."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment
from peewee import Model

from blueprints.web.access import known_permissions
from data import (
    accounts,
    alerts,
    attachments,
    cancellations,
    console,
    customers,
    domains,
    emails,
    history,
    mailboxes,
    monitors,
    notes,
    orders,
    partners,
    plans,
    rfi,
    transfers,
)
from data.database import Record, database
from data.roles import ALL_PERMISSIONS

ROOT = Path(__file__).parents[1]
PYTHON = [ROOT / "app.py", *sorted(path for folder in ("blueprints", "data") for path in (ROOT / folder).rglob("*.py"))]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "emails" not in path.parts]
STATIC = ROOT / "static"
RECORD_MODULES = (
    accounts,
    alerts,
    attachments,
    cancellations,
    console,
    customers,
    domains,
    emails,
    history,
    mailboxes,
    monitors,
    notes,
    orders,
    partners,
    plans,
    rfi,
    transfers,
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 450


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_an_exception_to_a_check_says_why(path: Path) -> None:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for exception in re.findall(r"#\s*(?:noqa|type: ignore).*", line):
            assert re.search(r"(?:noqa: [A-Z0-9, ]+|ignore\[[\w, -]+\])\s*[-#]\s*\S+ \S+", exception), (
                f"line {number}: {exception} does not say why"
            )


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if path.name != "settings.py":
        named_in = {
            ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)
        }
        assert "os.environ" not in named_in


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_only_one_place_looks_at_the_clock(path: Path) -> None:
    if named(path) == "data/moments.py" or "gateways" in path.parts:
        return  # a gateway times its own conversation; what the portal decides by, it asks data.moments
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            assert called not in ("datetime.now", "datetime.utcnow", "date.today", "time.time"), f"line {node.lineno}"


@pytest.mark.parametrize(
    "path", [ROOT / "blueprints" / "__init__.py", *ROOT.glob("blueprints/*/__init__.py")], ids=named
)
def test_packages_of_features_stay_empty(path: Path) -> None:
    assert path.read_text() == "", "or importing a rule would load every route"


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_templates_hold_nothing_inline(path: Path) -> None:
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    for forbidden in (
        "|safe",
        "| safe",
        "<style",
        "style=",
        "hx-on",
        "hx-boost",
        "javascript:",
        "hx-delete",
        "onclick=",
    ):
        assert forbidden not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<(tr|td|tbody|th)\b[^>]*hx-swap-oob", text), "tables lose their rows out of band"


def parts_asked_for() -> set[tuple[str, str]]:
    """(template, block) of every page(...) and saved(...) in the routes."""
    asked = set()
    for path in ROOT.glob("blueprints/*/*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            texts = [
                ast.literal_eval(arg) for arg in call.args if isinstance(arg, (ast.Constant, ast.List)) and literal(arg)
            ]
            templates = [text for text in texts if isinstance(text, str) and text.endswith(".html")]
            for parts in (text for text in texts if isinstance(text, list)):
                asked |= {(template, part) for template in templates for part in parts}
    return asked


def literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("template", "part"), sorted(parts_asked_for()))
def test_a_part_is_a_block_whose_root_bears_its_name(template: str, part: str) -> None:
    text = (ROOT / "templates" / template).read_text()
    text = re.sub(r'{% include "([^"]+)" %}', lambda found: (ROOT / "templates" / found[1]).read_text(), text)
    for extended in re.findall(r'{% extends "([^"]+)"', text):
        text += (ROOT / "templates" / extended).read_text()
    block = re.search(rf"{{%-? block {part} -?%}}\s*(.*?>)", text, re.DOTALL)
    assert block, f"{template} has no block {part}"
    assert f'id="{part}"' in text[block.start() : block.start() + 900], f"the root of block {part} has another id"


def test_every_permission_a_route_needs_is_held_by_some_role(portal: Flask) -> None:
    assert known_permissions(portal) <= ALL_PERMISSIONS


def test_every_kind_of_history_is_written_somewhere_and_told_with_its_facts() -> None:
    code = "\n".join(path.read_text() for path in PYTHON if path.name != "history.py")
    unused = [kind for kind in history.KINDS if f'"{kind}"' not in code]
    assert unused == []
    for kind in history.KINDS:
        facts = {name: f"<{name}>" for name in history.facts_of(kind)}
        told = history.sentence(history.History(kind=kind, facts=facts))
        assert all(fact in told for fact in facts.values())


def test_records_are_as_the_migrations_left_the_schema(app: Flask) -> None:
    models = {
        model
        for module in RECORD_MODULES
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Model) and model is not Record
    }
    for model in models:
        there = {column.name for column in database.get_columns(model._meta.table_name)}
        asked = {field.column_name for field in model._meta.sorted_fields}
        assert there == asked, model.__name__


def test_the_style_is_light() -> None:
    assert (STATIC / "portal.css").stat().st_size < 20 * 1024
    assert (STATIC / "portal.js").stat().st_size < 6 * 1024


def test_every_macro_has_a_name_of_its_own(portal: Flask) -> None:
    env: Environment = portal.jinja_env
    seen: dict[str, str] = {}
    for path in sorted((ROOT / "templates" / "parts").glob("*.html")):
        for name in re.findall(r"{%-? macro (\w+)", path.read_text()):
            assert seen.setdefault(name, path.name) == path.name, f"{name} is in {seen[name]} and {path.name}"
            assert name.startswith("_") or name in env.globals
