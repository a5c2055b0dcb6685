"""Every refusal and fault in one shape: a stable word, a sentence, and what is wrong with which field."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pantry_queue.errors import NotFound, PantryError, PayloadError, RedisUnavailable, Refused, StoreUnavailable
from pantry_queue.receipts.images import MAX_BYTES, ImageRefused
from pantry_queue.text import safe

from .uploads import UploadsUnavailable

#: Seconds after which trying again makes sense when a part is away.
RETRY_AFTER = 5

_log = logging.getLogger(__name__)
_HTTP_CODES = {
    400: ("bad_request", "The request cannot be read: "),
    404: ("no_such_endpoint", "There is nothing at this address; GET /docs shows what there is."),
    405: ("method_not_allowed", "This address does not take this method; GET /docs shows what there is."),
    413: ("too_large", f"The request is larger than {MAX_BYTES // 2**20} MB; send a smaller image."),
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where it is, `query.limit` or `body.purchase_date` for example.")
    problem: str


class Problem(BaseModel):
    """Why a request was not done."""

    code: str = Field(description="A stable word for the reason, for programs.")
    detail: str = Field(description="What happened and what to do, for people.")
    errors: list[FieldProblem] | None = Field(default=None, description="Only for bad fields.")


class AlreadyRead(PantryError):  # noqa: N818 - reads as what happened
    """A receipt was read successfully, so there is nothing to try again."""


class NoAnswer(PantryError):  # noqa: N818 - reads as what happened
    """A part was asked and did not answer in time; whether it did what it was asked is not known."""


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON in ASCII: what jobs hold need not be text that can be encoded."""
    return Response(json.dumps(body), status, dict(headers or {}), media_type="application/json")


def refuse(status: int, code: str, detail: str, more: Mapping[str, Any] | None = None) -> Response:
    """The answer to a request that was not done; 503 says when to come back.

    Args:
        more: further members of the body.
    """
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else {}
    return json_response({"code": code, "detail": detail, **(more or {})}, status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`statuses` as FastAPI takes them for a route's documentation. Every route may answer 422 and 503 too."""
    words = {
        400: "The body cannot be read.",
        404: "There is none with this id.",
        409: "It was read already.",
        413: "The image is too large.",
        415: "Not a format that is read.",
        422: "A field or the image cannot be used.",
        503: "A part is away; nothing was done.",
    }
    return {status: {"model": Problem, "description": words[status]} for status in sorted({*statuses, 422, 503})}


def install(app: FastAPI) -> None:
    """Make `app` answer whatever is raised in it with a `Problem`."""
    app.add_exception_handler(RequestValidationError, _bad_fields)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(PantryError, _ours)
    app.add_exception_handler(Exception, _unforeseen)


def too_large() -> Response:
    """The answer to a request that is larger than any image may be."""
    return refuse(413, *_HTTP_CODES[413])


async def _bad_fields(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"field": safe(".".join(str(part) for part in one["loc"]), 100), "problem": _told(str(one["msg"]))}
        for one in error.errors()
    ]
    told = "; ".join(f"{one['field']}: {one['problem']}" for one in errors[:5])
    return refuse(422, "bad_request", f"The request cannot be used: {told}.", {"errors": errors})


def _told(message: str) -> str:
    if "UploadFile" in message:
        return "it should be a file, in a form sent as multipart/form-data"
    return safe(message.removeprefix("Value error, "), 200)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _HTTP_CODES.get(error.status_code, ("http_error", ""))
    if not detail or detail.endswith(": "):
        detail += safe(str(error.detail), 200)
    answer = refuse(error.status_code, code, detail)
    answer.headers.update(error.headers or {})
    return answer


async def _ours(_: Request, error: Exception) -> Response:
    match error:
        case ImageRefused():
            return refuse(error.status, error.code, str(error))
        case NotFound():
            return refuse(404, "not_found", str(error))
        case AlreadyRead():
            return refuse(409, "already_read", str(error))
        case PayloadError() | Refused():
            return refuse(422, "bad_request", str(error))
        case RedisUnavailable():
            return refuse(503, "redis_unavailable", str(error))
        case StoreUnavailable():
            return refuse(503, "database_unavailable", str(error))
        case UploadsUnavailable():
            return refuse(503, "uploads_unavailable", str(error))
        case NoAnswer():
            return refuse(503, "no_answer", str(error))
    _log.error("A request failed", exc_info=error)
    return await _unforeseen(_, error)


async def _unforeseen(_: Request, error: Exception) -> Response:
    # Starlette raises it again after this answer, so that the server logs it.
    return refuse(500, "internal", f"The API failed on this request ({type(error).__name__}); see its log.")
