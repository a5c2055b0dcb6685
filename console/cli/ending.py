"""Commands that go on until they are told to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


@contextmanager
def ended() -> Iterator[Event]:
    """Set by SIGTERM and Ctrl-C, which then end the waiting, and with it the command, in good order."""
    end = Event()
    before = {number: signal.signal(number, lambda *_: end.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
