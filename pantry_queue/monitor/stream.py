"""All entries of one list or of many merged in order, chunk by chunk, in the memory of a few thousand entries.

A list that is read this way goes on changing. Each step asks for the last few entries it has once more: where they
have moved, the step moves along, so that entries which come or go in front of it hide nothing and repeat nothing.
Where none of them is in sight any more, they are asked for by name.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pantry_queue.monitor.merge import Source, enqueued
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import ask, number, permitted

if TYPE_CHECKING:
    from redis import Redis

#: Entries of one chunk, and entries held at once over all lists that are merged.
CHUNK = 1000
_HELD = 20_000
_LEAST_STEP = 16
#: Entries asked for once more by each step, and entries that are looked for by name.
_OVERLAP = 8
_LOOKED_FOR = 30


def _rank(held: tuple[float, Place]) -> float:
    return held[0]


class Stream:
    """Entries of several sources of one state, merged as `jobs.window` merges them.

    Args:
        client: a connection that returns bytes.
        sources: lists or registries, all in the same order.

    Attributes:
        total: entries there were when reading began.

    Raises:
        redis.exceptions.NoPermissionError: a list may not be read.
    """

    def __init__(self, client: Redis, sources: Sequence[Source]) -> None:
        self._client = client
        lengths = [number(permitted(reply)) for reply in ask(client, [source.length() for source in sources])]
        self.total = sum(lengths)
        self._strands = [_Strand(source) for source, length in zip(sources, lengths, strict=True) if length]

    def chunks(self, size: int = CHUNK) -> Iterator[list[Place]]:
        """Entries in order, at most `size` at a time; asks Redis only when more are wanted."""
        chunk: list[Place] = []
        for block in self._blocks(size):
            chunk += block
            while len(chunk) >= size:
                yield chunk[:size]
                del chunk[:size]
        if chunk:
            yield chunk

    def _blocks(self, size: int) -> Iterator[list[Place]]:
        """Entries in order, as many as are settled by what has been read."""
        while True:
            self._refill(size)
            unread = [
                (strand.held[-1][0], index)
                for index, strand in enumerate(self._strands)
                if strand.held and not strand.ended
            ]
            # What ranks behind the last entry of a strand may rank behind its next one too.
            last, of = min(unread, default=(math.inf, len(self._strands)))
            block: list[tuple[float, Place]] = []
            for index, strand in enumerate(self._strands):
                settled = bisect_right if index <= of else bisect_left
                cut = settled(strand.held, last, key=_rank)
                block += strand.held[:cut]
                del strand.held[:cut]
            if not block:
                return
            block.sort(key=_rank)
            yield [place for _, place in block]

    def _refill(self, size: int) -> None:
        """Read on until each strand holds an entry or is at its end."""
        while any(not strand.held and not strand.ended for strand in self._strands):
            live = [strand for strand in self._strands if not strand.ended]
            step = min(size, max(_LEAST_STEP, _HELD // len(live)))
            # Those that will need it soon are read along; of thousands, no more than one answer should hold.
            hungry = sorted(
                (strand for strand in live if 2 * len(strand.held) < step), key=lambda strand: len(strand.held)
            )
            hungry = hungry[: max(1, _HELD // step)]
            replies = ask(self._client, [strand.question(step) for strand in hungry])
            found = [strand.accept(reply, step) for strand, reply in zip(hungry, replies, strict=True)]
            self._look_for([strand for strand in hungry if strand.lost])
            merging = len(self._strands) > 1
            times = enqueued(self._client, [strand.source for strand in hungry], found) if merging else {}
            for strand, places in zip(hungry, found, strict=True):
                strand.hold(places, times)

    def _look_for(self, lost: Sequence[_Strand]) -> None:
        """Find out where strands stand whose entries have moved out of sight."""
        questions = [strand.whereabouts() for strand in lost]
        replies = iter(ask(self._client, [question for asked in questions for question in asked]))
        for strand, asked in zip(lost, questions, strict=True):
            strand.found([next(replies) for _ in asked])


class _Strand:
    """How far one source has been read, and what of it was not given away yet."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.held: list[tuple[float, Place]] = []
        self.ended = False
        self.lost = False
        self._next = 0
        self._recent: deque[bytes] = deque(maxlen=CHUNK)
        self._rank = -math.inf

    @property
    def _overlap(self) -> int:
        return min(_OVERLAP, len(self._recent), self._next)

    def question(self, step: int) -> tuple[Any, ...]:
        """The next `step` entries, and the last few read."""
        return self.source.range(self._next - self._overlap, step + self._overlap)

    def accept(self, reply: Any, step: int) -> list[Place]:
        """The entries in a reply to `question` that were not read before."""
        places = self.source.places(reply)
        start, wanted = self._next - self._overlap, step + self._overlap
        known = set(self._recent)
        last_known = max((index for index, place in enumerate(places) if place.job_id in known), default=-1)
        if known and last_known < 0 and not self.lost:
            self.lost = True
            return []
        self.lost = False
        self.ended = len(places) < wanted
        self._next = start + len(places)
        fresh = places[last_known + 1 :]
        self._recent.extend(place.job_id for place in fresh)
        return fresh

    def whereabouts(self) -> list[tuple[Any, ...]]:
        """The questions where the entries read last stand now."""
        return self.source.whereabouts(list(self._recent)[-_LOOKED_FOR:])

    def found(self, replies: Sequence[Any]) -> None:
        """Go on behind the latest entry that still stands somewhere; a little before where we were, if none does."""
        positions = self.source.positions(replies)
        behind = next((position + 1 for position in reversed(positions) if position is not None), None)
        self._next = behind if behind is not None else max(0, self._next - len(self._recent))

    def hold(self, places: Sequence[Place], times: dict[tuple[str, bytes], float]) -> None:
        """Keep entries with their rank, which never falls, as `merging.merged` ranks them."""
        sign = -1 if self.source.newest_first else 1
        for place in places:
            at = place.score if place.score is not None else times.get((place.queue, place.job_id))
            if at is not None:
                self._rank = max(self._rank, sign * at)
            self.held.append((self._rank, place))
