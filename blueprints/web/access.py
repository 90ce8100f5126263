"""Who may use a route: said at the route, checked before every request, and the portal does not start without.

A mark, not a wrapper: it works above or below `@blueprint.get`, where a wrapper written above protects nothing.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from flask import Flask, current_app, g, request

from blueprints.web.refusals import MayNot

View = TypeVar("View", bound=Callable)

SIGNED_IN = "signed in"


class SignedOut(Exception):
    """Nobody is signed in, and the route needs somebody."""


class Asking(Protocol):
    """The person asking, as far as access is concerned."""

    def may(self, permission: str) -> bool:
        """Whether any of their grants permits it; finders decide for the single record."""


def needs(permission: str) -> Callable[[View], View]:
    """Mark: only for people whose grants (any of them) permit this. The record's finder looks closer."""

    def mark(view: View) -> View:
        view.needs = permission  # type: ignore[attr-defined]  # the mark that guard() looks for
        return view

    return mark


def for_signed_in(view: View) -> View:
    """Mark: for everybody who is signed in, whatever their role."""
    return needs(SIGNED_IN)(view)


def open_to_all(reason: str) -> Callable[[View], View]:
    """Mark: needs nobody; the reason is for whoever reads the code and the access table."""

    def mark(view: View) -> View:
        view.open_because = reason  # type: ignore[attr-defined]  # the mark that guard() looks for
        return view

    return mark


def guard(app: Flask, person_asking: Callable[[], Asking | None]) -> None:
    """Call last. RuntimeError, and no start, while a route has not said who may use it."""
    silent = sorted(
        name
        for name, view in app.view_functions.items()
        if not hasattr(view, "needs") and not hasattr(view, "open_because")
    )
    if silent:
        raise RuntimeError(f"these routes do not say who may use them: {', '.join(silent)}")

    @app.before_request
    def check() -> None:
        view = app.view_functions.get(request.endpoint or "")
        needed = getattr(view, "needs", None)
        if needed is None:
            return
        g.who = who = person_asking()
        if who is None:
            raise SignedOut
        if needed != SIGNED_IN and not who.may(needed):
            raise MayNot


def known_permissions(app: Flask | None = None) -> set[str]:
    """Every permission some route needs."""
    views = (app or current_app).view_functions.values()
    return {view.needs for view in views if hasattr(view, "needs")} - {SIGNED_IN}
