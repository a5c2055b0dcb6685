"""What every request has to pass: exact host, exact origin, a cookie; and the headers every answer has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from console.web.origins import Origin, find

if TYPE_CHECKING:
    from console.web.pass_office import PassOffice

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: By which a handler learns where its request came to.
ORIGIN = web.RequestKey("origin", Origin)

_ASK = "open the address that was printed last where pantry-console serve runs."


class Gate:
    """The checks, as middleware of aiohttp.

    Args:
        origins: where browsers may come from.
        office: knows who was let in.
        cookie: name of the cookie.
    """

    def __init__(self, origins: tuple[Origin, ...], office: PassOffice, cookie: str) -> None:
        self._origins = origins
        self._office = office
        self._cookie = cookie

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what may pass, refuse the rest with one sentence."""
        try:
            response = await self._checked(request, handler)
        except web.HTTPException as refused:
            response = refusal(refused.status, refused.text or refused.reason)
        if not response.prepared:
            response.headers.update(_headers(request.get(ORIGIN)))
        return response

    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = request.headers.getall("Host", [])
        origin = find(self._origins, hosts[0]) if len(hosts) == 1 else None
        if origin is None:
            return refusal(403, "This is not an address of this console; serve it there with --origin.")
        request[ORIGIN] = origin
        # A browser tells the origin of whoever asks, for a websocket always; other programs need not.
        claimed = request.headers.getall("Origin", [])
        if claimed != [str(origin)] and (claimed or request.path == "/ws"):
            return refusal(403, "Another site asked for this console; it answers only to its own page.")
        if request.method not in ("GET", "HEAD"):
            return refusal(405, "This console is only looked at.")
        token = request.query.get("token")
        if token is not None and (request.method, request.path) == ("GET", "/"):
            return self._let_in(token, origin)
        if not self._office.knows(request.cookies.get(self._cookie, "")):
            return refusal(403, f"Nobody has signed in with this browser: {_ASK}")
        return await handler(request)

    def _let_in(self, token: str, origin: Origin) -> web.Response:
        cookie = self._office.exchange(token)
        if cookie is None:
            return refusal(403, f"This address was used before, or is not complete: {_ASK}")
        # No redirect: a browser that came here by a link from elsewhere would follow it without the cookie.
        # An icon is named, or the browser asks for /favicon.ico, which is not there.
        page = '<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">'
        page += '<meta http-equiv="refresh" content="0;url=/">'
        response = web.Response(text=page, content_type="text/html")
        response.set_cookie(
            self._cookie, cookie, httponly=True, samesite="Strict", secure=origin.scheme == "https", path="/"
        )
        return response


def refusal(status: int, sentence: str) -> web.Response:
    """One sentence as an answer."""
    return web.Response(status=status, text=f"{sentence}\n", content_type="text/plain", charset="utf-8")


def _headers(origin: Origin | None) -> dict[str, str]:
    # Inline styles: the terminal writes its own. Everything else comes from here, and nothing may frame it.
    socket = origin.websocket if origin else ""
    return {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"font-src 'self'; img-src 'self' data:; connect-src 'self' {socket}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Server": "pantry-console",
    }
