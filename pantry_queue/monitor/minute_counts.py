"""Counts by function that PantryWorkers keep, one hash a minute (`pantry_queue.workers.stats`), read as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pantry_queue.monitor import wire
from pantry_queue.monitor.wire import Command, ask, permitted

if TYPE_CHECKING:
    from redis import Redis

#: Minutes that workers keep.
MOST_MINUTES = 25 * 60
#: The highest bucket of a time: everything above 2^27 milliseconds.
LAST_BUCKET = 28
#: Fields of one reply.
_FIELDS = 1000
#: A count with more digits is damage.
_COUNT = re.compile(rb"[0-9]{1,15}")
_FIELD = re.compile(rb"(.*)\|(?:([nf])|([rw])([0-9]{1,2}))", re.DOTALL)


class Place(NamedTuple):
    """What a count counts.

    Attributes:
        func: as workers wrote it; foreign bytes.
        kind: `n` runs that ended, `f` those that raised, `r` run times and `w` waiting times of one bucket.
        bucket: of `r` and `w`: times below 2^bucket milliseconds and not below half of that.
    """

    func: bytes
    kind: str
    bucket: int = 0


class MinuteCounts:
    """Reads hashes of minutes, in a bounded number of round trips.

    Args:
        most_more: round trips for what does not fit into one reply, over all calls.

    Attributes:
        complete: False when there was more than that.
    """

    def __init__(self, most_more: int) -> None:
        self.complete = True
        self._more = most_more

    def read(self, client: Redis, minutes: list[str]) -> dict[str, dict[Place, int]]:
        """What these hashes hold, by key; those that hold nothing are left out, and so is damage.

        Args:
            client: a connection that returns bytes.
            minutes: keys (`Keys.stats`).

        Raises:
            redis.exceptions.RedisError: the server is away, or the counts may not be read.
        """
        asked: list[tuple[str, bytes]] = [(key, b"0") for key in minutes]
        found: dict[str, dict[Place, int]] = {}
        while asked:
            commands: list[Command] = [("HSCAN", key, cursor, "COUNT", _FIELDS) for key, cursor in asked]
            following: list[tuple[str, bytes]] = []
            for (key, _), reply in zip(asked, ask(client, commands), strict=True):
                cursor, pairs = _scanned(permitted(reply))
                if pairs:
                    # HSCAN may tell a field twice while a hash grows; the later count is the truer one.
                    found.setdefault(key, {}).update(_counts(pairs))
                if cursor != b"0":
                    following.append((key, cursor))
            self._more -= len(following)
            self.complete = self.complete and self._more >= 0
            asked = following if self._more >= 0 else []
        return found


def _counts(pairs: list[tuple[bytes, bytes]]) -> dict[Place, int]:
    found = {}
    for name, value in pairs:
        match = _FIELD.fullmatch(name)
        if match is not None and _COUNT.fullmatch(value):
            func, end, kind, bucket = match.groups()
            place = Place(func, end.decode()) if end else Place(func, kind.decode(), min(LAST_BUCKET, int(bucket)))
            found[place] = int(value)
    return found


def _scanned(reply: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Cursor and pairs of a reply to HSCAN; a key of another kind holds nothing."""
    if not isinstance(reply, (list, tuple)) or len(reply) != 2:
        return b"0", []
    cursor, flat = reply
    values = wire.blobs(flat)
    return wire.raw_of(str(cursor) if isinstance(cursor, int) else cursor), list(
        zip(values[::2], values[1::2], strict=False)
    )
