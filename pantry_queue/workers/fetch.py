"""Taking a job: from the first queue that holds one, without an instant in which only this process knows of it.

RQ moves an id to an intermediate list if it listens to one queue; with several it pops, and a worker that dies then,
or a reply that is lost, takes the job along. Here each queue has its intermediate list, under RQ's own name.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pantry_queue.workers.lua import WorkerScripts

#: How long one wait for the first queue is while others are listened to: what a job of a lower one may wait longer.
SHORT_WAIT = 0.15
LONG_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that stands in its queue's intermediate list.

    Attributes:
        raw: its hash; None when its key is of another kind.
        kind: of its key.
    """

    queue: str
    id: bytes
    raw: dict[bytes, bytes] | None
    kind: str = "hash"


class Suspended(Exception):  # noqa: N818 - reads as what is so
    """All workers are suspended."""


class Taker:
    """Takes jobs of some queues for one worker.

    Args:
        scripts: on the worker's connection.
        queues: the first is emptied first.
    """

    def __init__(self, scripts: WorkerScripts, queues: Sequence[str]) -> None:
        self._scripts = scripts
        self._queues = tuple(queues)
        self._open = self._queues[0]

    def take(self, hand: tuple[str, bytes] = ("", b"")) -> Taken | None:
        """The next job, or None when nothing waits in a queue that is not paused.

        Args:
            hand: queue and id that a blocking move has brought; put back when that queue is paused.

        Raises:
            Suspended: nothing may be taken now.
        """
        reply: list[Any] = self._scripts("take", *hand, *self._queues)
        if reply[0] == b"suspended":
            raise Suspended
        queue = str(reply[1].decode())
        if reply[0] == b"none":
            self._open = queue
            return None
        if reply[0] == b"odd":
            return Taken(queue, reply[2], None, reply[3].decode())
        flat = iter(reply[3])
        return Taken(queue, reply[2], dict(zip(flat, flat, strict=True)))

    def wait(self) -> Taken | None:
        """Wait a moment for a job; the server wakes us for the first queue, the others are looked at afterwards.

        Raises:
            Suspended: nothing may be taken now.
        """
        from redis.exceptions import ResponseError

        seconds = SHORT_WAIT if len(self._queues) > 1 else LONG_WAIT
        queue, keys = self._open, self._scripts.keys
        found: Any = None
        try:
            if queue:
                found = self._scripts.connection.blmove(
                    keys.queue(queue),
                    keys.intermediate(queue),
                    seconds,  # type: ignore[arg-type]  # the server takes fractions
                )
            else:
                time.sleep(seconds)
        except ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            time.sleep(seconds)
        return self.take((queue, found)) if found is not None else self.take()
