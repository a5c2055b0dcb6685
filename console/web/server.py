"""The server: who may come in, how many at a time, and one console process for each."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from console.web.gate import ORIGIN, Gate, refusal
from console.web.origins import Origin
from console.web.pass_office import PassOffice
from console.web.session import Session

_PAGE = "index.html"


@dataclass(frozen=True, slots=True)
class Offer:
    """What is served to whom.

    Attributes:
        command: what each browser gets, without secrets; environment: of that process.
        origins: where browsers may come from; the first is the one that is printed.
        cookie: name of the cookie.
        sessions: consoles at a time.
        idle: seconds without a key after which a console ends.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    origins: tuple[Origin, ...]
    cookie: str
    sessions: int
    idle: float


class WebConsole:
    """The application, and the consoles that are open.

    Args:
        offer: what is served.
        tell: is given each new address with a token that works once.
    """

    def __init__(self, offer: Offer, tell: Callable[[str], None]) -> None:
        self._offer = offer
        self._open: set[Session] = set()
        self.office = PassOffice(lambda token: tell(f"{offer.origins[0]}/?token={token}"))

    def application(self) -> web.Application:
        """Routes behind the gate."""
        gate = Gate(self._offer.origins, self.office, self._offer.cookie)
        made = web.Application(middlewares=[gate.check])
        made.add_routes(
            [
                web.get("/", self._page),
                web.get("/ws", self._console),
                web.static("/static", str(files("textual_serve") / "static")),
                web.static("/console", str(files("console.web") / "static")),
            ]
        )
        made.on_shutdown.append(self._close_all)
        return made

    def _full(self) -> web.Response | None:
        if len(self._open) < self._offer.sessions:
            return None
        return refusal(503, f"{len(self._open)} consoles are open already: close one, or serve with more --sessions.")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        full = self._full()
        if full is not None:
            return full
        page = (files("console.web") / "static" / _PAGE).read_text("utf-8")
        text = page.replace("{websocket}", f"{request[ORIGIN].websocket}/ws")
        return web.Response(text=text, content_type="text/html")

    async def _console(self, request: web.Request) -> web.StreamResponse:
        full = self._full()
        if full is not None:
            return full
        session = Session(self._offer.command, self._offer.environment, self._offer.idle)
        self._open.add(session)
        try:
            return await session.run(request)
        finally:
            self._open.discard(session)

    async def _close_all(self, _: web.Application) -> None:
        await asyncio.gather(*(session.close("The server was ended.") for session in self._open))


async def serve(listening: socket.socket, offer: Offer, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM, SIGHUP or Ctrl-C; all consoles have ended then.

    Args:
        listening: a socket that is bound; it is closed at the end.
    """
    # A browser that leaves in the middle of an answer is no news.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end.set)
    console = WebConsole(offer, tell)
    runner = web.AppRunner(console.application(), access_log=None, handle_signals=False, shutdown_timeout=10.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        console.office.issue()
        await end.wait()
    finally:
        await runner.cleanup()
