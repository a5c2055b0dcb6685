"""What a job wrote while it ran, where a PantryWorker kept it (`pantry:log:<id>`), and how far it said it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.wire import ask, name_of
from pantry_queue.text import SafeText

if TYPE_CHECKING:
    from redis import Redis

#: Before the first line of every log.
BEGINNING = "-"
_LONGEST_LINE = 2000
_PROGRESS = ("done", "total", "message")


class Progress(NamedTuple):
    """How far a job has told to be: `done` of `total` (None when that is not known), and a word on it."""

    done: float
    total: float | None
    message: SafeText


class LogPart(NamedTuple):
    """Lines of a log, oldest first, and where to go on; `running` is False once nothing more will come."""

    lines: tuple[SafeText, ...]
    last: str
    running: bool


def read(client: Redis, keys: Keys, job_id: str | bytes, *, after: str = BEGINNING, count: int = 500) -> LogPart:
    """Lines of a job's log, in one round trip.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        job_id: its id.
        after: `LogPart.last` of the part before.
        count: lines at most.

    Raises:
        redis.exceptions.RedisError: the server is away, or the log may not be read.
    """
    name = name_of(job_id)
    start = after if after == BEGINNING else f"({after}"
    reply, status = ask(
        client, [("XRANGE", keys.log(name), start, "+", "COUNT", count), ("HGET", keys.job(name), "status")]
    )
    found = wire.entries(wire.permitted(reply))
    lines = tuple(fields.line(entry.get(b"line"), _LONGEST_LINE) for _, entry in found)
    last = found[-1][0].decode("ascii", "replace") if found else after
    return LogPart(lines, last, len(found) == count or status in (b"started", b"queued", b"scheduled", b"deferred"))


def newest(reply: object) -> tuple[SafeText, ...]:
    """The lines in a reply to XREVRANGE, oldest first."""
    return tuple(fields.line(entry.get(b"line"), _LONGEST_LINE) for _, entry in reversed(wire.entries(reply)))


def progress(client: Redis, keys: Keys, job_id: str | bytes) -> Progress | None:
    """How far a job has told to be (`pantry_queue.progress`); None when it has told nothing.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    (reply,) = ask(client, [("HMGET", keys.progress(name_of(job_id)), *_PROGRESS)])
    found = wire.fields(reply, _PROGRESS)
    done = fields.real(found.get("done"))
    if done is None:
        return None
    return Progress(done, fields.real(found.get("total")), fields.line(found.get("message"), 200))
