"""`flask --app app keys rotate`: a new key signs in to consoles from now on."""

import click
from flask import Flask

from blueprints.console import keys
from blueprints.web.refusals import Refused
from data.database import database


def add_commands(app: Flask) -> None:
    @app.cli.group("keys")
    def keys_group() -> None:
        """The keys that sign people in to consoles."""

    @keys_group.command("rotate")
    def rotate_command() -> None:
        """Sign with a new key from now on; what the old one signed stays verifiable until it expires."""
        with database.connection_context():
            try:
                kid = keys.rotate()
            except Refused as refusal:
                raise click.ClickException(refusal.sentence) from None
        click.echo(f"The key is {kid} now.")
