"""A partner's logo: checked as what it is, not as what it is called, and drawn anew before it is kept."""

import io
from dataclasses import dataclass
from typing import Any

from blueprints.accounts.standing import Standing
from blueprints.partners.rules import find_partner
from blueprints.web.refusals import ChangedMeanwhile, NotThere, Refused
from data import history
from data.database import transaction
from data.partners import Partner

MOST_BYTES = 512 * 1024
MOST_KEPT = 2 * 1024 * 1024  # bytes; a picture may grow when it is drawn anew
MOST_PIXELS = 2_000  # each way
BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
TOO_LARGE = f"The picture has too many pixels: at most {MOST_PIXELS:,} × {MOST_PIXELS:,}. Make it smaller."
NOT_A_PICTURE = "This picture cannot be read. Save it again as PNG or JPEG and choose that file."


@dataclass(frozen=True)
class Logo:
    """A picture ready to be kept: PNG or JPEG without anything but its pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


class WrongLogo(Refused):
    """The file is no picture the portal takes; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "logo")


def check_logo(content: bytes) -> Logo:
    """The picture in these bytes, drawn anew: no metadata, no second picture, nothing behind its end.

    Raises WrongLogo.
    """
    if not content:
        raise WrongLogo("Choose a PNG or JPEG file.")
    if len(content) > MOST_BYTES:
        raise WrongLogo("The file is over 512 KB. Make the picture smaller.")
    kind = next((kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning)), "")
    if not kind:
        raise WrongLogo("This is neither PNG nor JPEG. Save the logo as one of them.")
    try:
        logo = drawn_anew(content, kind)
    except WrongLogo:
        raise
    except Exception:  # noqa: BLE001 - the decoders raise many kinds, and each means that the picture is broken
        raise WrongLogo(NOT_A_PICTURE) from None
    if len(logo.content) > MOST_KEPT:
        raise WrongLogo("The picture has too much detail. Make it smaller.")
    return logo


def drawn_anew(content: bytes, kind: str) -> Logo:
    """Decode and encode. Raises WrongLogo for its size, and whatever the decoder raises."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - heavy, and only needed when somebody uploads a logo

    try:
        opened = Image.open(io.BytesIO(content), formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise WrongLogo(TOO_LARGE) from None
    with opened:
        # The header tells the size before a single pixel is unpacked.
        if max(opened.size) > MOST_PIXELS:
            raise WrongLogo(TOO_LARGE)
        opened.load()
        upright: Any = ImageOps.exif_transpose(opened)
        picture = upright.convert(colours_kept(upright.mode, kind, "transparency" in upright.info))
    picture.info = {}
    file = io.BytesIO()
    picture.save(file, kind, **({"optimize": True} if kind == "PNG" else {"quality": 90}))
    return Logo(file.getvalue(), f"image/{kind.lower()}", *picture.size)


def colours_kept(mode: str, kind: str, transparent: bool) -> str:
    """The plainest Pillow mode that shows the same picture."""
    if kind == "PNG" and (transparent or mode in ("RGBA", "LA", "PA", "La", "RGBa")):
        return "RGBA"
    return "L" if mode in ("1", "L", "I", "I;16") else "RGB"


def set_logo(who: Standing, partner_id: int, content: bytes, version: int) -> Partner:
    """Keep the picture as the partner's logo. Raises NotThere, MayNot, WrongLogo, ChangedMeanwhile."""
    find_partner(who, partner_id, "partner.edit")
    logo = check_logo(content)
    with transaction():
        partner = find_partner(who, partner_id, "partner.edit", for_update=True)
        keep_logo(who, partner, logo, version)
    return partner


def remove_logo(who: Standing, partner_id: int, version: int) -> Partner:
    """Leave the partner without a logo. Raises NotThere (also without a logo), MayNot, ChangedMeanwhile."""
    with transaction():
        partner = find_partner(who, partner_id, "partner.edit", for_update=True)
        if not partner.logo_type:
            raise NotThere("There is no logo any more.")
        keep_logo(who, partner, None, version)
    return partner


def keep_logo(who: Standing, partner: Partner, logo: Logo | None, version: int) -> None:
    if partner.version != version:
        raise ChangedMeanwhile
    partner.logo, partner.logo_type = (logo.content, logo.media_type) if logo else (None, "")
    told = f"logo set, {logo.width} × {logo.height} pixels" if logo else "logo removed"
    partner.version += 1
    partner.save()
    history.record("partner.settings_changed", who, partner=partner.id, changes=told)


def logo_of(who: Standing, partner_id: int) -> tuple[bytes, str]:
    """The picture and its media type. Raises NotThere, MayNot."""
    partner = find_partner(who, partner_id, "partner.see")
    if partner.logo is None:
        raise NotThere
    return bytes(partner.logo), partner.logo_type
