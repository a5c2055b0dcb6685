"""One line of a list of jobs: what is asked about a job, and what the answers mean.

The function's name is the description up to its bracket where RQ made the description; where a user did, it is read
from the beginning of the job's data, and only after its size is known, since a payload may be megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, payload, wire
from pantry_queue.monitor.model import JobRow
from pantry_queue.monitor.wire import Command
from pantry_queue.text import SafeText, safe

FIELDS = (
    "status",
    "origin",
    "description",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "worker_name",
    "retries_left",
)
#: How many replies belong to one job; `READ_ERROR` more where its last error is asked for.
REPLIES = 2
ERROR_REPLIES = 2
#: Bytes of a job's data, and of an old-style traceback, that a list loads to fill one row.
_DATA_LIMIT = 256 * 1024
_LONGEST_PATH = 500
_NAMELESS = ("<locals>", "<lambda>")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its queue, its id as Redis holds it, and its score (None in lists)."""

    queue: str
    job_id: bytes
    score: float | None = None


def questions(keys: Keys, name: str, *, error: bool) -> list[Command]:
    """What to ask about one job; `error` asks for its last failure too."""
    asked: list[Command] = [("HMGET", keys.job(name), *FIELDS), ("HSTRLEN", keys.job(name), "data")]
    return asked + error_questions(keys, name) if error else asked


def error_questions(keys: Keys, name: str) -> list[Command]:
    """What to ask about a job's last failure: `ERROR_REPLIES` commands."""
    return [("XREVRANGE", keys.results(name), "+", "-", "COUNT", 1), ("HSTRLEN", keys.job(name), "exc_info")]


def missing(replies: Sequence[Any], error: SafeText | None) -> list[str]:
    """Fields that have to be read for the row to be whole, now that their size is known to be small."""
    found = wire.fields(replies[0], FIELDS)
    wanted = []
    if found and not called(found.get("description", b"")) and worth_loading(replies[1]):
        wanted.append("data")
    if len(replies) > REPLIES and error is None and worth_loading(replies[3]):
        wanted.append("exc_info")
    return wanted


def worth_loading(size: Any) -> bool:
    """Whether a field of this size (a reply to HSTRLEN) holds something, and no more than a list may load."""
    return 0 < wire.number(size) <= _DATA_LIMIT


def row(
    place: Place, state: str, replies: Sequence[Any], more: dict[str, bytes], error: SafeText | None = None
) -> JobRow:
    """One row.

    Args:
        place: where the entry stands.
        state: the state of the list it stands in.
        replies: to `questions`.
        more: values of the fields `missing` named.
        error: the last line of its last failure, where its results tell.
    """
    found = wire.fields(replies[0], FIELDS)
    if error is None and "exc_info" in more:
        error = fields.last_line(fields.inflate(more["exc_info"])[0])
    return JobRow(
        id=safe(place.job_id),
        raw_id=place.job_id,
        state=fields.line(found.get("status"), 40) or safe(state),
        queue=fields.line(found.get("origin"), 200) or safe(wire.raw_of(place.queue)),
        func=func(found.get("description", b""), more.get("data")),
        description=fields.line(found.get("description")),
        created_at=fields.when(found.get("created_at")),
        enqueued_at=fields.when(found.get("enqueued_at")),
        started_at=fields.when(found.get("started_at")),
        ended_at=fields.when(found.get("ended_at")),
        worker=fields.line(found.get("worker_name"), 200) or None,
        error=error,
        expired=isinstance(replies[0], list) and not found,
        retries_left=fields.whole(found.get("retries_left")),
        at=None if place.score is None else fields.moment(place.score),
        listed=SafeText(state),
        raw_queue=wire.raw_of(place.queue),
    )


def called(description: bytes) -> str:
    """The function in a description RQ made (`rq.utils.get_call_string`): a dotted path, then arguments in brackets.

    Empty for any other. A user's own that looks just so is taken for RQ's.
    """
    path, bracket, _ = description[:_LONGEST_PATH].partition(b"(")
    return _dotted(path) if bracket and description.endswith(b")") else ""


@lru_cache(maxsize=4096)
def _dotted(path: bytes) -> str:
    """The path as text; empty where it is none. There are few functions and many jobs."""
    if b"." not in path:
        return ""
    text = path.decode("utf-8", "replace")
    return text if all(part.isidentifier() or part in _NAMELESS for part in text.split(".")) else ""


def func(description: bytes, data: bytes | None) -> SafeText:
    """The function of a job, out of its data where that was read."""
    return payload.func_name(data) if data is not None else _shown(called(description))


@lru_cache(maxsize=4096)
def _shown(path: str) -> SafeText:
    return fields.shown(path, 200)


def error_of(reply: Any) -> SafeText | None:
    """The last line of the newest result, out of a reply to XREVRANGE."""
    last = next((entry for _, entry in wire.entries(reply)), {})
    return fields.last_line(fields.traceback_text(last.get(b"exc_string")))
