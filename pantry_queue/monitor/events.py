"""Starts and ends of jobs, as PantryWorkers tell them (`pantry:events`); RQ's own workers tell nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.wire import Command, ask
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from redis import Redis


@dataclass(frozen=True, slots=True)
class Event:
    """One start or end.

    Attributes:
        entry: id in the stream, to go on from; of one that nobody told (`differences`) `seen-` and a number.
        at: the server's time.
        kind: `started`, `finished`, `failed`, `stopped` or `retried`; foreign text all the same.
        seconds: how long the run took; None at its start.
        error: last line of the traceback; empty when nothing was raised.
        raw_id: the job's id as Redis holds it, to ask and act with; never shown.
    """

    entry: str
    at: datetime
    kind: SafeText
    job_id: SafeText
    queue: SafeText
    func: SafeText
    worker: SafeText
    seconds: float | None
    error: SafeText
    raw_id: bytes

    @property
    def told(self) -> bool:
        """Whether its worker told it; else it was seen in the lists of jobs."""
        return not self.entry.startswith("seen-")


def newest(client: Redis, keys: Keys, count: int) -> tuple[Event, ...]:
    """The last events, oldest first.

    Raises:
        redis.exceptions.RedisError: the server is away, or they may not be read.
    """
    return tuple(reversed(_events(client, ("XREVRANGE", keys.events, "+", "-", "COUNT", count))))


def after(client: Redis, keys: Keys, last_id: str, count: int) -> tuple[Event, ...]:
    """Events behind one, oldest first.

    Args:
        last_id: `Event.entry` of it; `0-0` is before all.

    Raises:
        redis.exceptions.RedisError: the server is away, or they may not be read.
    """
    return _events(client, ("XRANGE", keys.events, f"({last_id}", "+", "COUNT", count))


def _events(client: Redis, command: Command) -> tuple[Event, ...]:
    (reply,) = ask(client, [command])
    return tuple(_event(raw, values) for raw, values in wire.entries(wire.permitted(reply)))


def _event(raw: bytes, values: dict[bytes, bytes]) -> Event:
    def text(name: bytes) -> SafeText:
        return fields.line(values.get(name))

    entry = raw.decode("ascii", "replace")
    return Event(
        entry=entry,
        at=datetime.fromtimestamp(_milliseconds(entry) / 1000, UTC),
        kind=text(b"kind"),
        job_id=text(b"id"),
        queue=text(b"queue"),
        func=text(b"func"),
        worker=text(b"worker"),
        seconds=_seconds(values.get(b"seconds")),
        error=text(b"error"),
        raw_id=values.get(b"id", b""),
    )


def _milliseconds(entry: str) -> int:
    head = entry.partition("-")[0]
    return min(int(head), 4 * 10**12) if head.isdigit() else 0


def _seconds(value: Any) -> float | None:
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None
