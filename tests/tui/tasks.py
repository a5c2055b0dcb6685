"""What the jobs of the tests do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def add(a: int, b: int) -> int:
    """A job that succeeds."""
    return a + b


def fail(recipient: str) -> None:
    """A job that fails."""
    raise ConnectionError(f"mail server refused {recipient}")


#: What `call_back` calls, for a worker that runs in the test's own process.
CALLED_BACK: list[Callable[[], None]] = []


def call_back() -> None:
    for one in CALLED_BACK:
        one()


def deliver(mended: str) -> str:
    """A job that fails until a file is there."""
    if not Path(mended).exists():
        raise ConnectionError("mail server refused")
    return "delivered"


def rest(seconds: float) -> None:
    """A job that takes its time."""
    time.sleep(seconds)
