"""What may be asked of the agent: limits and types are checked before anything is done."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Any, TypeGuard

from starlette.requests import Request

from pantry_queue.receipts.images.door import MAX_PATH_LENGTH

from .answers import ReceiptId
from .problem import Problem

MAX_BODY_BYTES = 64 * 2**10
MAX_ID_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ExtractRequest:
    """A checked request to read one image. The ids are given back as they came."""

    receipt_id: str | int
    image_path: str
    user_id: str | int | None


def check_token(request: Request, token: str | None) -> None:
    """Refuse a request without the bearer token, where one is set.

    :raises Problem: 401 ``unauthorized``
    """
    if token is None:
        return
    given = request.headers.get("authorization", "")
    # Headers arrive as Latin-1, whatever bytes they hold.
    if not hmac.compare_digest(given.encode("latin-1"), f"Bearer {token}".encode()):
        sentence = "The request lacks the agent's bearer token; set the same AGENT_TOKEN for caller and agent."
        raise Problem(401, "unauthorized", sentence, {"WWW-Authenticate": "Bearer"})


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object of the body.

    :raises Problem: 400 ``bad_json``; 413 ``body_too_large``; 415 ``bad_content_type``
    """
    # A web page in a browser cannot send this type to another site without being asked first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "bad_content_type", "The body must be JSON; send Content-Type: application/json.")
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise Problem(413, "body_too_large", f"The body is larger than {MAX_BODY_BYTES // 1024} KiB.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_json", "The body is not JSON that can be read.") from None
    if not isinstance(body, dict):
        raise Problem(400, "bad_json", "The body must be a JSON object.")
    return body


def receipt_id_of(body: dict[str, Any]) -> ReceiptId:
    """The receipt's id if it can be given back, else ``None``."""
    value = body.get("receipt_id")
    return value if _is_id(value) else None


def extract_request(body: dict[str, Any]) -> ExtractRequest:
    """The checked fields of ``body``.

    :raises Problem: 422 ``bad_request``, naming the field
    """
    receipt_id, image_path, user_id = body.get("receipt_id"), body.get("image_path"), body.get("user_id")
    if not _is_id(receipt_id):
        raise _bad(f"receipt_id must be a number, or text of 1 to {MAX_ID_LENGTH} characters")
    if not isinstance(image_path, str) or not 0 < len(image_path) <= MAX_PATH_LENGTH:
        raise _bad(f"image_path must be text of 1 to {MAX_PATH_LENGTH} characters")
    if user_id is not None and not _is_id(user_id):
        raise _bad(f"user_id must be a number, or text of 1 to {MAX_ID_LENGTH} characters")
    return ExtractRequest(receipt_id, image_path, user_id)


def _is_id(value: object) -> TypeGuard[str | int]:
    if isinstance(value, str):
        return 0 < len(value) <= MAX_ID_LENGTH
    return isinstance(value, int) and not isinstance(value, bool)


def _bad(what: str) -> Problem:
    return Problem(422, "bad_request", f"The request cannot be used: {what}.")
