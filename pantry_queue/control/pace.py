"""How many jobs one call takes: as many as keep the server busy for 10 to 20 ms, so that others hardly wait."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis

TARGET_SECONDS = 0.012
FIRST, LEAST, MOST = 200, 10, 2000
#: From one call to the next it grows so much at most: the time of a single call may be short by chance.
GROWTH = 1.25


class Pace:
    """Sizes of calls out of the time the last ones took, and a limit of jobs per second.

    Args:
        connection: asked once how long an answer takes to travel, which is not the server's work.
        rate: jobs per second at most; None is without limit.
    """

    def __init__(self, connection: Redis, rate: float | None = None) -> None:
        start = time.perf_counter()
        connection.ping()
        self._travel = time.perf_counter() - start
        self._rate = rate
        self._size = float(FIRST)
        self._began = time.monotonic()
        self._taken = 0

    @property
    def size(self) -> int:
        """Jobs for the next call."""
        most = self._size if self._rate is None else min(self._size, max(1.0, self._rate / 4))
        return max(1, int(most))

    def took(self, jobs: int, seconds: float) -> None:
        """A call of so many jobs was answered after so long."""
        self._taken += jobs
        self._travel = min(self._travel, seconds)
        if jobs:
            fitting = jobs * TARGET_SECONDS / max(seconds - self._travel, 0.0005)
            self._size = min(MOST, max(LEAST, min(fitting, self._size * GROWTH)))

    def wait(self, stop: Event | None) -> None:
        """Until the limit of jobs per second allows the next call, or it is stopped."""
        if self._rate is None:
            return
        seconds = self._began + self._taken / self._rate - time.monotonic()
        if seconds > 0:
            (stop or Event()).wait(seconds)
