"""Whether the process lives, and whether what it needs answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.responses import Response

from pantry_queue.connection import connect, translated
from pantry_queue.errors import PantryError

from .bodies import PartBody, ReadyBody
from .parts import Parts
from .problems import RETRY_AFTER, json_response

#: A load balancer asks every few seconds, so the answer must not take longer.
_SECONDS = 3.0


def routes(parts: Parts) -> APIRouter:
    """`GET /health` and `GET /ready`."""
    router = APIRouter(tags=["service"])
    checks = {"database": _Check(parts.store.check), "redis": _Check(partial(_ping, parts))}

    @router.get("/health")
    async def health() -> dict[str, str]:
        """The process answers; nothing else is asked."""
        return {"status": "ok"}

    @router.get(
        "/ready",
        response_model=ReadyBody,
        responses={503: {"model": ReadyBody, "description": "A part is away; it says which."}},
    )
    async def ready() -> Response:
        """Whether database and Redis answer."""
        found: dict[str, PartBody] = {}

        async def ask(name: str, check: _Check) -> None:
            found[name] = await check.ask()

        async with anyio.create_task_group() as group:
            for name, check in checks.items():
                group.start_soon(ask, name, check)
        is_ready = all(part.ok for part in found.values())
        body = ReadyBody(ready=is_ready, database=found["database"], redis=found["redis"])
        headers = {} if is_ready else {"Retry-After": str(RETRY_AFTER)}
        return json_response(body.model_dump(), 200 if is_ready else 503, headers)

    return router


def _ping(parts: Parts) -> None:
    connection = connect(parts.settings, "reader")
    with translated(parts.settings), connection:
        connection.ping()


class _Check:
    """Asks one part, one question at a time: a part that hangs holds one thread, however often it is asked."""

    def __init__(self, question: Callable[[], None]) -> None:
        self._question = question
        self._asking = threading.Lock()

    async def ask(self) -> PartBody:
        with anyio.move_on_after(_SECONDS):
            return await anyio.to_thread.run_sync(self._answer, abandon_on_cancel=True)
        return _HANGS

    def _answer(self) -> PartBody:
        if not self._asking.acquire(timeout=_SECONDS):
            return _HANGS
        try:
            self._question()
        except PantryError as error:
            return PartBody(ok=False, detail=str(error))
        finally:
            self._asking.release()
        return PartBody(ok=True, detail=None)


_HANGS = PartBody(ok=False, detail=f"It has not answered for {_SECONDS:.0f} s: check its load, and the network to it.")
