"""The words of letters, drawn from templates/emails. Plain Jinja: rules and jobs write them too."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from data import formats

TEMPLATES = Path(__file__).parents[2] / "templates"
PARAGRAPH = "margin:0 0 16px"


def drawn(name: str, /, **facts: Any) -> tuple[str, str]:
    """The letter `templates/emails/<name>` as (text, HTML), from its .txt and its .html.

    Filters: `|money(currency)`, `|day`, `|moment(timezone)`, `|number`. Raises jinja2.UndefinedError for a
    fact that is not given, jinja2.TemplateNotFound for a letter that nobody wrote.
    """
    text = environment().get_template(f"emails/{name}.txt").render(facts)
    html = environment().get_template(f"emails/{name}.html").render(facts)
    return tidied(text), html.strip() + "\n"


@cache
def environment() -> Environment:
    """Escapes in HTML only; the macros of emails/parts.html are globals, as those of parts/ are on pages."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(money=formats.money, day=formats.day, moment=formats.moment, number=formats.number)
    parts = vars(env.get_template("emails/parts.html").module)
    env.globals.update({macro: value for macro, value in parts.items() if not macro.startswith("_")})
    env.globals["paragraph"] = PARAGRAPH
    return env


def tidied(text: str) -> str:
    """No spaces at line ends, at most one empty line together, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
