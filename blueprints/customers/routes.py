"""Documents filed under a customer."""

from io import BytesIO

from flask import Blueprint, Response, g, send_file

from blueprints.customers import attachments
from blueprints.web.access import needs

blueprint = Blueprint("customers", __name__, url_prefix="/customers")


@blueprint.get("/<int:customer_id>/attachments/<int:attachment_id>")
@needs("attachments.see")
def attachment(customer_id: int, attachment_id: int) -> Response:
    """The document, opened in the browser's own viewer."""
    found = attachments.find_attachment(g.who, customer_id, attachment_id)
    return send_file(
        BytesIO(bytes(found.content.content)),
        found.media_type,
        download_name=found.name,
        etag=found.content.sha256,
    )
