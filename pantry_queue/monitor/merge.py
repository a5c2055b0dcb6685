"""The lists and registries a window is cut from, one queue or many merged in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import Command, ask, blob, blobs, name_of, number, permitted

if TYPE_CHECKING:
    from redis import Redis

_LISTS = ("queued", "intermediate")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the jobs of one state of one queue stand, in one order."""

    keys: Keys
    state: str
    queue: str
    newest_first: bool

    @property
    def is_list(self) -> bool:
        return self.state in _LISTS

    @property
    def key(self) -> str:
        if self.state == "queued":
            return self.keys.queue(self.queue)
        if self.state == "intermediate":
            return self.keys.intermediate(self.queue)
        return self.keys.registry(self.state, self.queue)

    def length(self) -> Command:
        """The question how many stand here."""
        return ("LLEN" if self.is_list else "ZCARD", self.key)

    def range(self, start: int, count: int) -> Command:
        """The question which stand at `start` and after; `places` reads the answer."""
        last = start + count - 1
        if not self.is_list:
            return ("ZREVRANGE" if self.newest_first else "ZRANGE", self.key, start, last, "WITHSCORES")
        if self.newest_first:
            return ("LRANGE", self.key, -last - 1, -start - 1)
        return ("LRANGE", self.key, start, last)

    def places(self, reply: Any) -> list[Place]:
        """Entries in the order of this source; none where the key is of another type."""
        if self.is_list:
            ids = blobs(reply)
            return [Place(self.queue, job_id) for job_id in (reversed(ids) if self.newest_first else ids)]
        pairs = wire.scored(reply)
        if self.state == "started":
            return [Place(self.queue, fields.job_of(member), score) for member, score in pairs]
        return [Place(self.queue, member, score) for member, score in pairs]

    def whereabouts(self, ids: Sequence[bytes]) -> list[Command]:
        """The questions at which positions these ids stand now; `positions` reads the answers."""
        if self.state == "started":  # its members hold more than the id
            return []
        if not self.is_list:
            return [("ZREVRANK" if self.newest_first else "ZRANK", self.key, job_id) for job_id in ids]
        return [self.length(), *(("LPOS", self.key, job_id) for job_id in ids)]

    def positions(self, replies: Sequence[Any]) -> list[int | None]:
        """Positions in this order, None for what stands here no more."""
        if not self.is_list:
            return [reply if isinstance(reply, int) else None for reply in replies]
        length, *found = replies
        indexes = [reply if isinstance(reply, int) else None for reply in found]
        if not self.newest_first:
            return indexes
        return [None if index is None else number(length) - 1 - index for index in indexes]


@dataclass(slots=True)
class _Strand:
    """What has been read of one source behind its first `offset` entries, and the sort key of each, never falling."""

    source: Source
    length: int
    offset: int
    places: list[Place] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)

    def wants(self, need: int) -> bool:
        return len(self.places) < min(need, self.length)


def queue_names(client: Redis, keys: Keys) -> list[str]:
    """Every queue that is registered or that a registered worker listens to, by name. One or two round trips.

    Raises:
        redis.exceptions.NoPermissionError: RQ's set of queues may not be read.
    """
    registered, members = ask(client, [("SMEMBERS", keys.queues), ("SMEMBERS", keys.workers)])
    prefix, names = keys.queue(""), map(name_of, blobs(permitted(registered)))
    found = {keys.queue_name(name) for name in names if name.startswith(prefix)}
    for reply in ask(client, [("HGET", member, "queues") for member in blobs(members)]):
        found |= {name_of(part) for part in (blob(reply) or b"").split(b",") if part}
    return sorted(found)


def merged(client: Redis, sources: Sequence[Source], start: int, count: int) -> tuple[list[Place], int]:
    """A window over many sources as if they were one.

    Registries are merged by score, lists by the time their jobs were enqueued. No more than `start + count` entries
    of a source are read, and as a rule far fewer: each is read in growing steps until the window is settled.

    Returns:
        The entries, and how many there are in all.

    Raises:
        redis.exceptions.NoPermissionError: a list may not be read.
    """
    question = replace(sources[0], queue=NAME).length() if sources else ("TIME",)
    replies = ask_each(client, [question], [source.queue for source in sources])
    lengths = [number(permitted(reply)) for (reply,) in replies]
    total = sum(lengths)
    skipped = [0] * len(sources)
    if start and count and start < total and not sources[0].is_list:
        from pantry_queue.monitor.seek import offsets  # it needs to know a Source

        skipped = offsets(client, sources, lengths, start)
    strands = [
        _Strand(source, length - offset, offset)
        for source, length, offset in zip(sources, lengths, skipped, strict=True)
        if length > offset
    ]
    start -= sum(skipped)
    need = start + count
    step = min(need, 2 * need // max(1, len(strands)) + 4)
    waiting = [strand for strand in strands if strand.wants(need)]
    while waiting:
        _extend(client, waiting, step)
        ranks = sorted(rank for strand in strands for rank in strand.ranks)
        last = ranks[need - 1] if len(ranks) >= need else math.inf
        waiting = [
            strand for strand in strands if strand.wants(need) and (not strand.ranks or strand.ranks[-1] <= last)
        ]
        step = min(need, step * 4)
    placed = sorted(
        (rank, index, position) for index, strand in enumerate(strands) for position, rank in enumerate(strand.ranks)
    )
    return [strands[index].places[position] for _, index, position in placed[start:need]], total


def _extend(client: Redis, strands: Sequence[_Strand], step: int) -> None:
    """Read the next `step` entries of each."""
    replies = ask(client, [strand.source.range(strand.offset + len(strand.places), step) for strand in strands])
    found = [strand.source.places(reply) for strand, reply in zip(strands, replies, strict=True)]
    times = enqueued(client, [strand.source for strand in strands], found)
    for strand, places in zip(strands, found, strict=True):
        if not places:  # it has shrunk since it was counted
            strand.length = len(strand.places)
        sign = -1 if strand.source.newest_first else 1
        for place in places:
            at = place.score if place.score is not None else times.get((place.queue, place.job_id))
            before = strand.ranks[-1] if strand.ranks else -math.inf
            strand.ranks.append(before if at is None else max(before, sign * at))
        strand.places += places


def enqueued(
    client: Redis, sources: Sequence[Source], found: Sequence[Sequence[Place]]
) -> dict[tuple[str, bytes], float]:
    """When the jobs of lists were enqueued, by queue and id; registries carry their order themselves."""
    listed = [place for source, places in zip(sources, found, strict=True) if source.is_list for place in places]
    if not listed:
        return {}
    question = ("HGET", sources[0].keys.job(NAME), "enqueued_at")
    replies = ask_each(client, [question], [place.job_id for place in listed])
    times = {}
    for place, (reply,) in zip(listed, replies, strict=True):
        at = fields.when(blob(reply))
        if at is not None:
            times[place.queue, place.job_id] = at.timestamp()
    return times
