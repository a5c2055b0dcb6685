"""What is refused before a request is looked at any closer."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pantry_queue.receipts.images import MAX_BYTES

from . import problems

#: An image of the largest size, and what a form puts around it.
MAX_BODY = MAX_BYTES + 64 * 1024


class Gate:
    """What is refused before anything is read: other web sites, since there is no log-in to stop them, and too much."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site") == "cross-site":
            sentence = "A page of another site may not send this; call the API from a server or from a page of its own."
            await problems.refuse(403, "cross_site", sentence)(scope, receive, send)
        elif _number(headers.get("content-length")) > MAX_BODY:
            await problems.too_large()(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)


def _limited(receive: Receive) -> Receive:
    """`receive` for a body whose length is not known beforehand."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise HTTPException(413)
        return message

    return counted


def _number(text: str | None) -> int:
    return int(text[:20]) if text and text.isascii() and text.isdigit() else 0
