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


ALWAYS = {
    "content-security-policy": ("Content-Security-Policy", POLICY),
    "x-content-type-options": ("X-Content-Type-Options", "nosniff"),
    # The form token check over TLS reads the Referer, so it has to stay within the site.
    "referrer-policy": ("Referrer-Policy", "same-origin"),
    "cross-origin-opener-policy": ("Cross-Origin-Opener-Policy", "same-origin"),
}


def strict_headers(app: Flask) -> None:
    @app.after_request
    def add(answer: Response) -> Response:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # asked for once: a proxy is slow
        headers, given = answer.headers, {name.lower() for name, _ in answer.headers}
        added = [header for name, header in ALWAYS.items() if name not in given]
        if asked.endpoint == "static":
            if asked.args.get("v"):
                headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        elif "cache-control" not in given:
            added.append(("Cache-Control", "no-store"))
        elif not headers["Cache-Control"].startswith(("public", "private")):
            headers["Cache-Control"] = "no-store"
        if asked.is_secure and "strict-transport-security" not in given:
            added.append(("Strict-Transport-Security", f"max-age={YEAR}"))
        if act := g.get("act"):
            added.append(("X-Request-Id", act))
        headers.extend(added)
        return answer
