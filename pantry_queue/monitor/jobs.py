"""A window of jobs out of a list that may hold millions.

A window of one queue costs two round trips whatever the length of the list: the ids, then their rows. A third is
made only for rows whose function or error has to be read from a field whose size must be looked at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import rows
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.merge import Source, queue_names
from pantry_queue.monitor.merging import merged
from pantry_queue.monitor.model import STATES, JobRow, JobWindow
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import ask, blob, name_of, number, permitted

if TYPE_CHECKING:
    from redis import Redis


def window(
    client: Redis,
    keys: Keys,
    state: str,
    *,
    queue: str | bytes | Sequence[str | bytes] | None = None,
    start: int = 0,
    count: int = 50,
    newest_first: bool = True,
) -> JobWindow:
    """Rows of one state.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        state: one of `model.STATES`.
        queue: a name, several, or None for every queue that is registered or listened to; several are merged by time,
            and knowing their names (`QueueStat.raw_name`) saves looking for them.
        start: position of the first row.
        count: rows at most.
        newest_first: whether the tail of a list, or the highest score of a registry, comes first. Scores are the
            expiry of finished and failed, the due time of scheduled, the time of cancelling, the creation of deferred.

    Returns:
        Rows in that order. An id whose hash is gone has a row too (`expired`). Far down several lists (queued,
        intermediate) merged, jobs that were put in front stand where their list has them, whatever their time.

    Raises:
        ValueError: there is no such state.
        redis.exceptions.RedisError: the server is away, or the list may not be read.
    """
    if state not in STATES:
        raise ValueError(f"{state!r} is no state of a list of jobs; it should be one of {', '.join(STATES)}.")
    start, count = max(0, start), max(0, count)
    names = [queue] if isinstance(queue, (str, bytes)) else queue_names(client, keys) if queue is None else queue
    sources = [Source(keys, state, name_of(name), newest_first) for name in names]
    if len(sources) == 1:
        places, total = _of_one(client, sources[0], start, count)
    else:
        places, total = merged(client, sources, start, count)
    return JobWindow(read(client, keys, state, places), total, start)


def _of_one(client: Redis, source: Source, start: int, count: int) -> tuple[list[Place], int]:
    length, *ids = ask(client, [source.length(), *([source.range(start, count)] if count else [])])
    return source.places(ids[0]) if ids else [], number(permitted(length))


def read(client: Redis, keys: Keys, state: str, places: Sequence[Place], *, errors: bool = True) -> tuple[JobRow, ...]:
    """The rows of entries that stand in lists of one state: one round trip, a second for those not told by it.

    Args:
        errors: with the last error of failed ones, which costs more than all the rest.
    """
    error = errors and state == "failed"
    names = [place.job_id for place in places]
    parts = ask_each(client, rows.questions(keys, NAME, error=error), names)
    last = [rows.error_of(part[rows.REPLIES]) if error else None for part in parts]
    wanted = [(index, name) for index, part in enumerate(parts) for name in rows.missing(part, last[index])]
    values = ask(client, [("HGET", keys.job(name_of(names[index])), name) for index, name in wanted])
    more: dict[int, dict[str, bytes]] = {}
    for (index, name), value in zip(wanted, values, strict=True):
        if (found := blob(value)) is not None:
            more.setdefault(index, {})[name] = found
    return tuple(
        rows.row(place, state, part, more.get(index, {}), last[index])
        for index, (place, part) in enumerate(zip(places, parts, strict=True))
    )
