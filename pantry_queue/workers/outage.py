"""What it means that Redis is away, and waiting for it.

Gone, frozen, loading, out of memory, or a replica that will be promoted: all of it passes, and a worker that ends
because of it leaves its jobs to nobody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
    TryAgainError,
)

logger = logging.getLogger("pantry_queue.workers.outage")
T = TypeVar("T")

#: What redis-py raises while a server is away.
AWAY: tuple[type[Exception], ...] = (
    ConnectionError,
    TimeoutError,
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    MasterDownError,
    ClusterDownError,
    TryAgainError,
    OSError,
)
_PASSING = ("OOM ", "BUSY ", "LOADING ", "MISCONF ", "READONLY ", "MASTERDOWN ", "UNBLOCKED ", "NOREPLICAS ")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


def passes(error: BaseException) -> bool:
    """Whether waiting can help. A script tells the same trouble in the text of another class.

    A refused password does not pass, though redis-py's class for it says so.
    """
    if isinstance(error, AuthenticationError) and not isinstance(error, BusyLoadingError):
        return False
    if isinstance(error, ResponseError):
        return isinstance(error, AWAY) or any(word in str(error) for word in _PASSING)
    return isinstance(error, AWAY)


class Patience:
    """The pauses between tries, longer and longer up to two seconds, told once in the log."""

    def __init__(self) -> None:
        self._pause = _FIRST_PAUSE
        self._since: float | None = None

    def wait(self, error: BaseException) -> None:
        """Sleep before the next try."""
        if self._since is None:
            self._since = time.monotonic()
            logger.warning("Redis is away (%s: %s); waiting for it.", type(error).__name__, error)
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def over(self) -> bool:
        """A try succeeded. Returns whether any had failed before."""
        if self._since is None:
            return False
        logger.warning("Redis is back after %.0f s.", time.monotonic() - self._since)
        self._since, self._pause = None, _FIRST_PAUSE
        return True


def patiently(do: Callable[[], T]) -> T:
    """Do it again and again until Redis is there; other errors pass through."""
    patience = Patience()
    while True:
        try:
            done = do()
        except Exception as error:
            if not passes(error):
                raise
            patience.wait(error)
        else:
            patience.over()
            return done
