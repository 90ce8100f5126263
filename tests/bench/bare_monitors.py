"""The yardsticks of monitors: a bare Flask route that does one sqlite3 insert, and one with a chart of 90 days."""

import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

from flask import Flask, render_template, request

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Monitor</title></head><body><h1>Monitor</h1>
<svg viewBox="0 0 720 200"><path class="band" d="{{ band }}"/><path class="mean" d="{{ mean }}"/>
{% for at, text in times %}<text x="{{ at }}" y="194">{{ text }}</text>{% endfor %}</svg>
<table><thead><tr><th>When</th><th>Value</th><th>From – to</th><th>Age</th><th>Readings</th></tr></thead><tbody>
{% for at, n, least, mean, most, oldest, bad in rows %}<tr><td>{{ at[:10] }}</td><td>{{ "%.1f"|format(mean) }}</td>
<td>{{ least }} – {{ most }}</td><td>{{ oldest }}</td><td>{{ bad }} of {{ n }}</td></tr>{% endfor %}
</tbody></table><ol>{% for at, before, after in changes %}<li>{{ at }}: {{ before }} → {{ after }}</li>{% endfor %}</ol>
</body></html>"""
READS = (
    "SELECT p.id, g.role FROM person p LEFT JOIN \"grant\" g ON g.person_id = p.id WHERE p.email LIKE 'ada%' AND ? > 0",
    "SELECT customer.* FROM customer JOIN monitor ON monitor.customer_id = customer.id WHERE monitor.id = ?",
    "SELECT * FROM monitor WHERE id = ?",
    "SELECT at, before, after FROM monitor_change WHERE monitor_id = ? ORDER BY at",
)
ROLLED = (
    "SELECT substr(begins_at, 1, 10), sum(readings), min(least), sum(total) / sum(valued), max(most), max(oldest),"
    " sum(problems) FROM monitor_rollup WHERE monitor_id = ? AND begins_at >= ? GROUP BY 1"
)
RAW = (
    "SELECT substr(at, 1, 10), count(*), min(value), avg(value), max(value), max(oldest), sum(level = 'p')"
    " FROM reading WHERE monitor_id = ? AND at >= ? GROUP BY 1"
)


def create_app() -> Flask:
    """Reads and writes the SQLite file named by BARE_DATABASE, with the settings that the portal has for it."""
    app = Flask(__name__)
    drawing = app.jinja_env.from_string(PAGE)
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "connection"):
            kept.connection = sqlite3.connect(os.environ["BARE_DATABASE"], timeout=15)
            kept.connection.execute("PRAGMA journal_mode = wal")
            kept.connection.execute("PRAGMA synchronous = normal")
            kept.connection.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, at TEXT, value REAL)")
        return kept.connection

    @app.post("/push")
    def push() -> str:
        with connection() as opened:
            values = (datetime.now(UTC).isoformat(), float(request.form["value"]))
            opened.execute("INSERT INTO bare (at, value) VALUES (?, ?)", values)
        return "ok"

    @app.get("/<int:monitor_id>")
    def chart(monitor_id: int) -> str:
        *_, changes = (connection().execute(read, (monitor_id,)).fetchall() for read in READS)
        since = (monitor_id, (datetime.now(UTC) - timedelta(days=90)).isoformat(" "))
        rows = [*connection().execute(ROLLED, since).fetchall(), *connection().execute(RAW, since).fetchall()]
        top = max((row[4] for row in rows), default=1) or 1
        places = [(round(44 + 668 * n / len(rows), 1), *row[2:5]) for n, row in enumerate(rows)]
        line = "L".join(f"{x} {166 - 158 * mean / top:.1f}" for x, _, mean, _ in places)
        upper = "L".join(f"{x} {166 - 158 * most / top:.1f}" for x, *_, most in places)
        lower = "L".join(f"{x} {166 - 158 * least / top:.1f}" for x, least, *_ in reversed(places))
        times = [(44 + 167 * part, rows[len(rows) * part // 5][0]) for part in range(5)]
        facts = {"band": f"M{upper}L{lower}Z", "mean": f"M{line}", "times": times}
        return render_template(drawing, rows=rows[::-1], changes=changes, **facts)

    return app
