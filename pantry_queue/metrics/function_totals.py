"""Counters by function: what PantryWorkers count in hashes of a minute, added up so that it never falls.

The hashes expire after a day, and a sum over those that are left would fall, which Prometheus would take for a restart.
So an exporter that runs adds up what is new since it began, and begins at nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.metrics.sheet import Sheet
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.minute_counts import LAST_BUCKET, MOST_MINUTES, MinuteCounts, Place

if TYPE_CHECKING:
    from redis import Redis

#: Functions told apart; the others are one, by the name workers give to those they do not tell apart.
MOST_FUNCTIONS = 200
OTHER = b"\xe2\x80\xa6other"
#: Minutes behind the newest that are read again: a worker's clock may be late.
_AGAIN = 5
#: Round trips for what does not fit, at a scrape.
_MOST_MORE = 50
#: Bounds of the buckets told: 2^2 to 2^22 milliseconds, 4 ms to 70 minutes; the workers' own lie among them.
_BOUNDS = range(2, 23)


class FunctionTotals:
    """Sums since the first reading, or over what is kept.

    Args:
        what_is_kept: begin with all minutes that are still kept, instead of with nothing.
    """

    def __init__(self, *, what_is_kept: bool = False) -> None:
        self._totals: defaultdict[bytes, Counter[Place]] = defaultdict(Counter)
        self._seen: dict[int, dict[Place, int]] = {}
        self._next: int | None = None
        self._begun = what_is_kept

    def read(self, client: Redis, keys: Keys, now: datetime) -> None:
        """Add what is new, in one round trip as a rule.

        Args:
            client: a connection that returns bytes.
            now: the server's time.

        Raises:
            redis.exceptions.RedisError: the server is away. A user who may not read the counts has none.
        """
        minute = int(now.timestamp()) // 60
        first = minute - (MOST_MINUTES if self._begun else _AGAIN) if self._next is None else self._next
        minutes = range(max(first, minute - MOST_MINUTES), minute + 2)
        counts = MinuteCounts(_MOST_MORE)
        by_key = {keys.stats(one): one for one in minutes}
        try:
            found = counts.read(client, list(by_key))
        except Exception as error:
            if not wire.is_refusal(error):
                raise
            return
        for key, places in found.items():
            self._add(by_key[key], places)
        self._next = minute - _AGAIN
        self._seen = {one: places for one, places in self._seen.items() if one >= self._next}
        self._begun = True

    def _add(self, minute: int, places: dict[Place, int]) -> None:
        before = self._seen.get(minute, {})
        if self._begun:
            for place, count in places.items():
                known = before.get(place, 0)
                # Less than before: the hash was lost and begun anew.
                self._totals[self._told_as(place.func)][place._replace(func=b"")] += (
                    count - known if count >= known else count
                )
        self._seen[minute] = places

    def _told_as(self, func: bytes) -> bytes:
        return func if func in self._totals or len(self._totals) < MOST_FUNCTIONS else OTHER

    def fill(self, sheet: Sheet) -> None:
        """Tell the sums."""
        by_name: defaultdict[str, Counter[Place]] = defaultdict(Counter)
        for func, counts in self._totals.items():
            by_name[fields.line(func)] += counts
        for name, counts in by_name.items():
            sheet.add("pantry_function_runs_total", counts[Place(b"", "n")], name)
            sheet.add("pantry_function_failures_total", counts[Place(b"", "f")], name)
            sheet.histogram("pantry_function_run_seconds", _cumulative(counts, "r"), name)
            sheet.histogram("pantry_function_wait_seconds", _cumulative(counts, "w"), name)
        sheet.add("pantry_left_out", int(OTHER in self._totals), "functions")


def _cumulative(counts: Counter[Place], kind: str) -> list[tuple[str, float]]:
    below = [counts[Place(b"", kind, bucket)] for bucket in range(LAST_BUCKET + 1)]
    told: list[tuple[str, float]] = [(str((1 << bound) / 1000), sum(below[: bound + 1])) for bound in _BOUNDS]
    return [*told, ("+Inf", sum(below))]
