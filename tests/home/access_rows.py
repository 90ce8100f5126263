"""Who gets what from the first page, set-up and the health check."""

from tests.access import EVERYBODY, Row

SIGNED_IN = dict.fromkeys(EVERYBODY, 200) | {"nobody": 303}

ROWS = {
    ("home.dashboard", "GET"): Row(SIGNED_IN),
    ("home.search", "GET"): Row(SIGNED_IN),
    ("home.healthz", "GET"): Row(dict.fromkeys(EVERYBODY, 200)),
    # After set-up there is no such page, for anybody.
    ("home.setup", "GET"): Row(dict.fromkeys(EVERYBODY, 404)),
    ("home.set_up", "POST"): Row(dict.fromkeys(EVERYBODY, 404)),
}
