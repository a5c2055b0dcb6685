"""Samples for charts, kept by a console that may write while it runs; one process of a deployment does it at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pantry_queue.connection import connect, translated
from pantry_queue.errors import PantryError, RedisUnavailable
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.config import Settings
    from pantry_queue.monitor.model import Snapshot
    from pantry_queue.monitor.rates import Flow

#: Seconds between two attempts; a console that was open for less leaves nothing behind.
_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class Flows:
    """The flow of each queue at one moment, which another thread may read."""

    by_queue: Mapping[str, Flow]

    def flow(self, queue: str) -> Flow | None:
        """That of one queue; None when it is not known."""
        return self.by_queue.get(queue)


class Sampler:
    """Writes samples in a thread of its own, over a connection of its own, both made on first use.

    Args:
        settings: where Redis is.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._due = clock() + _EVERY
        self._thread: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        self._client: Redis | None = None
        self._refused = False

    @property
    def due(self) -> bool:
        """Whether it is time for another sample."""
        waits = self._writing is not None and not self._writing.done()
        return not (self._refused or waits) and self._clock() >= self._due

    def keep(self, snapshot: Snapshot, flows: Flows) -> None:
        """Keep a snapshot as a sample, unless another process does."""
        self._due = self._clock() + _EVERY
        self._thread = self._thread or ThreadPoolExecutor(max_workers=1, thread_name_prefix="sampler")
        self._writing = self._thread.submit(self._keep, snapshot, flows)

    def _keep(self, snapshot: Snapshot, flows: Flows) -> None:
        from pantry_queue import history

        try:
            with translated(self._settings):
                self._client = self._client or connect(self._settings, "reader")
                history.record(self._client, Keys.from_env(), snapshot, flows)
        except RedisUnavailable as error:
            # That Redis is away is told by who reads; a user that may only look is not asked again.
            self._refused = error.lasting or error.cause in ("readonly", "error")
            self._let_go()
        except PantryError:  # a key holds something else: no business of somebody who came to look
            self._refused = True

    def _let_go(self) -> None:
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.close()
            self._client = None

    def close(self) -> None:
        """Let go of thread and connection when what is under way has ended."""
        if self._thread is not None:
            self._thread.submit(self._let_go)
            self._thread.shutdown(wait=False)
