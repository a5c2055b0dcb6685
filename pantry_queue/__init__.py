"""The queue core of Pantry Pilot: what services import.

Importing the package costs nothing: each public name is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pantry_queue.client import QueueClient as QueueClient
    from pantry_queue.config import Settings as Settings
    from pantry_queue.workers.joblog import progress as progress

__version__ = "0.1.0"

_PUBLIC = {
    "QueueClient": "pantry_queue.client",
    "Settings": "pantry_queue.config",
    "progress": "pantry_queue.workers.joblog",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
