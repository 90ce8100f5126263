"""Background work of the mailroom."""

from flask import Flask


def start_with(app: Flask) -> None:
    """Lend the worker the portal, whose settings the mail gateway reads."""
