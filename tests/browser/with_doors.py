"""The portal as people run it, but its checks find each kind of server at the port that a test gave it.

DOORS: JSON, the name of a door (gateways/bounds.py) → its port: {"names": 5353, "smtp": 2525}. HASTE: alerts are told
within seconds (haste.py).
"""

import json
import os
from dataclasses import replace

from flask import Flask

import app
from blueprints.gateways.bounds import PORTS, Door, install, installed
from blueprints.web.settings import read_settings
from tests.browser.haste import hurry


def served() -> Flask:
    portal = app.served()
    given = {Door(name): port for name, port in json.loads(os.environ["DOORS"]).items()}
    install(replace(installed(), ports={**PORTS, **given}))
    if "HASTE" in os.environ:
        hurry()
    return portal


if __name__ == "__main__":
    settings = read_settings()
    app.create_app(settings)
    app.serve(settings, "tests.browser.with_doors:served")
