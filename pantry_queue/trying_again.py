"""Trying again, where redis-py tries again inside of trying again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis.backoff import AbstractBackoff, NoBackoff
from redis.retry import Retry

T = TypeVar("T")


class OutermostRetry(Retry):
    """Repeats a command as often as it says, and no more.

    redis-py repeats the making of a link inside of repeating the command, by the same object: of four tries become
    sixteen, and a server that accepts and never answers is waited for four times as long (`Redis.execute_command`,
    `Connection.connect`, 8.1). Here only the outermost of them repeats.

    Args:
        backoff: the pauses.
        retries: tries after the first.
        seconds: after which no other try begins; the last one may take as long as the time-outs let it.
    """

    def __init__(self, backoff: AbstractBackoff, retries: int, seconds: float) -> None:
        super().__init__(backoff, retries)
        self._seconds = seconds
        self._inside = False

    def call_with_retry(self, do: Callable[[], T], fail: Callable[..., Any], *rest: Any, **more: Any) -> T:
        """As redis-py's; each connection has a copy of its own, and is used by one thread at a time."""
        if self._inside:
            return Retry(NoBackoff(), 0).call_with_retry(do, fail, *rest, **more)
        end = time.monotonic() + self._seconds

        def failed(error: Exception, *count: int) -> None:
            fail(error, *count)
            if time.monotonic() >= end:
                raise error

        self._inside = True
        try:
            return super().call_with_retry(do, failed, *rest, **more)
        finally:
            self._inside = False
