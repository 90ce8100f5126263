"""Pictures for tests, made on the spot."""

import io
from typing import Any

from PIL import Image


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **saved: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 128).save(file, kind, **saved)
    return file.getvalue()
