"""Files for tests of uploads, and sending them as a browser does."""

from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image

from tests.visits import Answer, Visitor


def a_pdf(pages: int = 1) -> bytes:
    made, file = pikepdf.new(), BytesIO()
    for _ in range(pages):
        made.add_blank_page()
    made.save(file)
    return file.getvalue()


def a_picture(picture_format: str = "PNG", size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "navy").save(file, picture_format, **how)
    return file.getvalue()


def upload(
    visitor: Visitor, customer_id: int, *files: tuple[bytes, str], htmx: bool = False, kind: str = "text/plain"
) -> Answer:
    """`files`: content and name; the browser calls each of them a text, which must count for nothing."""
    sent = {"files": [(BytesIO(content), name, kind) for content, name in files]}
    return visitor.post(f"/customers/{customer_id}/attachments/", sent, htmx=htmx)
