"""Counts by function: how many runs, how many failed, how long they ran and had waited.

One hash a minute, kept for a day. Its fields are `<function>|<count>`:

    n           runs that ended
    f           of those, runs that raised
    r<bucket>   run time; bucket b holds times below 2^b milliseconds, and not below half of that
    w<bucket>   time between enqueueing and start, likewise
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pantry_queue.keys import Keys

KEPT_SECONDS = 25 * 3600
#: Functions a worker tells apart; names come from Redis, and must not fill it.
MOST_FUNCTIONS = 200
OTHER = "…other"
_LONGEST_NAME = 120
_LAST_BUCKET = 28

_known: set[str] = set()


def bucket(seconds: float) -> int:
    """The bucket of a duration: 0 is below 1 ms, 10 below 1.024 s, 28 holds everything above 37 hours."""
    return min(_LAST_BUCKET, int(max(0.0, seconds) * 1000).bit_length())


def name_of(func: str) -> str:
    """A function as it is counted; beyond the first so many all are one."""
    name = func[:_LONGEST_NAME].replace("|", "_")
    if name not in _known:
        if len(_known) >= MOST_FUNCTIONS:
            return OTHER
        _known.add(name)
    return name


def count(
    pipe: Any, keys: Keys, func: str, *, failed: bool, enqueued: datetime | None, started: datetime, ended: datetime
) -> None:
    """Add a run to the pipeline that records its end.

    Args:
        pipe: of redis-py, in its transaction.
        func: dotted path.
    """
    key = keys.stats(int(ended.timestamp()) // 60)
    name = name_of(func)
    pipe.hincrby(key, f"{name}|n", 1)
    if failed:
        pipe.hincrby(key, f"{name}|f", 1)
    pipe.hincrby(key, f"{name}|r{bucket((ended - started).total_seconds())}", 1)
    if enqueued is not None:
        pipe.hincrby(key, f"{name}|w{bucket((started - enqueued).total_seconds())}", 1)
    pipe.expire(key, KEPT_SECONDS)
