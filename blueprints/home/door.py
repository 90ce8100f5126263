"""The one-time token of the set-up page: made when the portal starts with nobody in it, gone once somebody is."""

import hmac
import os
import secrets
from pathlib import Path

FILE = "setup_token"


def token_in(home: Path) -> str:
    """The token kept in the instance folder, made now if there is none. Only its owner can read the file."""
    path = home / FILE
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text().strip()


def opens(home: Path, typed: str) -> bool:
    """Whether this is the token. Takes as long for a nearly right one as for any other."""
    path = home / FILE
    kept = path.read_text().strip() if path.exists() else ""
    return bool(kept) and hmac.compare_digest(kept.encode(), typed.encode(errors="replace"))


def shut(home: Path) -> None:
    (home / FILE).unlink(missing_ok=True)
