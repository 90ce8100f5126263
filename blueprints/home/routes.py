from flask import Blueprint, Flask

from blueprints.web.settings import Settings

blueprint = Blueprint("home", __name__)


def add_commands(app: Flask) -> None:
    ...


def greeting(settings: Settings) -> str:
    return f"Quayside is at {settings.address}"
