"""The HTTP API of receipts: hand images in, put them into the queue, ask what became of them.

``uvicorn pantry_queue.receipts.api:app`` serves it with the settings of the environment; the application is made
when it is first asked for, and opens nothing before its first request. :func:`create_app` makes it with other
settings, ``python -m pantry_queue.receipts.api`` runs it as a process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .application import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    app: FastAPI

__all__ = ["app", "create_app"]


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pantry_queue.config import Settings

    return globals().setdefault(name, create_app(Settings.from_env()))
