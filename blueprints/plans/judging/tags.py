"""Records that are lists of tags, “v=DKIM1; k=rsa; p=…” (RFC 6376, section 3.2)."""


def tags_of(record: str) -> dict[str, str] | None:
    """Tag → value, tags in small letters; None when this is no such list, or says a tag twice."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        if not part.strip():
            continue
        tag, equals, value = part.partition("=")
        name = tag.strip().lower()
        if not equals or not name.isascii() or not name.replace("_", "").isalnum() or name in found:
            return None
        found[name] = value.strip()
    return found or None
