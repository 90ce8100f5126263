"""Strict headers on every answer, so that nothing inline ever gets written."""

from flask import Flask, Response, g, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
YEAR = 31_536_000


def posting_to(origin: str) -> str:
    """The same policy for one answer, whose form may be posted to another origin too."""
    return POLICY.replace("form-action 'self'", f"form-action 'self' {origin}")


ALWAYS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # The form token check over TLS reads the Referer, so it has to stay within the site.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)


def strict_headers(app: Flask) -> None:
    @app.after_request
    def add(answer: Response) -> Response:
        headers, given = answer.headers, {name.lower() for name, _ in answer.headers}
        headers.extend([header for header in ALWAYS if header[0].lower() not in given])
        if request.endpoint == "static":
            if request.args.get("v"):
                headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        elif "cache-control" not in given:
            headers.add("Cache-Control", "no-store")
        elif not headers["Cache-Control"].startswith(("public", "private")):
            headers["Cache-Control"] = "no-store"
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
        if act := g.get("act"):
            headers["X-Request-Id"] = act
        return answer
