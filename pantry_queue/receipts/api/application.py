"""The API as an ASGI application."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.receipts.reconcile import keep_reconciled
from pantry_queue.receipts.store import ReceiptStore

from . import ocr, problems, readiness, receipts
from .gate import Gate
from .parts import Parts


def create_app(settings: Settings, store: ReceiptStore | None = None, client: QueueClient | None = None) -> FastAPI:
    """The API as an application; it opens nothing before its first request.

    Args:
        settings: where queue, store and uploads are.
        store, client: to use instead of those the settings name.

    Raises:
        ConfigError: a setting cannot be used.
    """
    parts = Parts(settings, store, client)
    # Its pages are served by itself: a browser is sent nowhere else for them.
    app = FastAPIOffline(
        redoc_url=None,
        lifespan=_reconciling(settings),
        title="Pantry Pilot receipts",
        summary="Hand receipts in, have them read, ask what became of them.",
        version="1",
        form_limits={"max_files": 1, "max_fields": 20, "max_part_size": 4096},
    )
    app.include_router(ocr.routes(parts))
    app.include_router(receipts.routes(parts))
    app.include_router(readiness.routes(parts))
    problems.install(app)
    app.add_middleware(Gate)
    return app


def _reconciling(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """While the API is served, receipts without a job are put into the queue again."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        threading.Thread(target=keep_reconciled, args=(settings, stop), name="reconcile", daemon=True).start()
        yield
        stop.set()

    return lifespan
