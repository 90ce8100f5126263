"""What every template can use: the parts, formats for dates and money, addresses of assets."""

import zlib
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, has_request_context, request
from flask_wtf.csrf import generate_csrf

from blueprints.web.links import pieces
from data import formats

PARTS = Path(__file__).parents[2] / "templates" / "parts"
# Small parts drawn of nothing but words and numbers, the same ones again and again: what they drew is kept. By the
# types, too: markup and text with the same letters are not the same.
OF_WORDS_ALONE = ("icon", "mark", "grey_button", "letter_mark", "rfi_mark", "status_mark", "progress", "refreshes")
OF_WORDS_ALONE += ("version", "button", "button_link", "money_line")


def prepare_templates(app: Flask, navigation_for: Callable[[Any], Iterable[Any]]) -> None:
    """Filters, globals, and the macros of templates/parts, reachable by their names from every block.

    (A block drawn alone does not see what its file imported at the top.)
    """
    env = app.jinja_env
    folder = Path(app.static_folder or "")
    versions = {str(path.relative_to(folder)): version_of(path) for path in folder.rglob("*") if path.is_file()}

    at = app.static_url_path

    def asset(name: str) -> str:
        """Address of a static file that changes with its content, so that browsers may keep it for ever."""
        return f"{at}/{name}?v={versions.get(name, 0)}"

    def moment(value: datetime) -> str:
        who = g.get("who")
        return formats.moment(value, who.timezone if who else "UTC")

    def clock(value: datetime) -> str:
        """Hours and minutes on the reader's clock, for what happened just now."""
        who = g.get("who")
        return f"{value.astimezone(ZoneInfo(who.timezone if who else 'UTC')):%H:%M}"

    @lru_cache(maxsize=500, typed=True)
    def once(macro: str, /, *facts: Hashable, **more: Hashable) -> Any:
        """What a macro of templates/parts draws of these facts; kept, for what many requests show alike.

        Facts that are looked up by what they are (a frozen dataclass as a link, not a lambda) are found again.
        """
        return env.globals[macro](*facts, **more)

    env.filters.update(clock=clock, money=formats.money, day=day, moment=moment)
    env.filters.update(number=formats.number, country=formats.country, bytes=formats.size)
    env.globals.update(pieces=pieces, asset=asset, htmx_installed="installed/htmx.min.js" in versions, once=once)
    for part in sorted(PARTS.glob("*.html")):
        module = env.get_template(f"parts/{part.name}").module
        env.globals.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
    for name in OF_WORDS_ALONE:
        env.globals[name] = lru_cache(maxsize=1_000, typed=True)(env.globals[name])
    env.globals.update(token=token_by(env.globals["token"]), url_for=remembered_addresses(app))
    # From here on globals do not change, so each template has them in one dict: Jinja's chain of two, made for those
    # that do, is copied entry by entry for every page.
    env.make_globals = lambda given: {**env.globals, **(given or {})}  # type: ignore[method-assign]  # meant to be replaced

    @app.context_processor
    def on_every_page() -> dict[str, Any]:
        who = g.get("who")
        return {"who": who, "navigation": navigation_for(who) if who else []}


def token_by(macro: Callable[[str], Any]) -> Callable[[], Any]:
    """The hidden form token: a page with many forms, and the next page of the same minute, draw it once."""
    drawn = lru_cache(maxsize=2_000)(macro)

    def token() -> Any:
        return drawn(g.get("csrf_token") or generate_csrf())

    return token


def remembered_addresses(app: Flask) -> Callable[..., str]:
    """url_for(), which takes longer than most other things on a page. Where the portal is mounted is looked at."""

    @lru_cache(maxsize=4_000, typed=True)
    def address(_root: str, endpoint: str, /, **values: Hashable) -> str:
        return app.url_for(endpoint, **values)

    def url_for(endpoint: str, /, **values: Any) -> str:
        plain = has_request_context() and not endpoint.startswith(".") and "_external" not in values
        return address(request.script_root, endpoint, **values) if plain else app.url_for(endpoint, **values)

    return url_for


def day(value: date) -> str:
    return formats.day(value)


def version_of(asset: Path) -> str:
    return f"{zlib.crc32(asset.read_bytes()):08x}"
