"""The lists and registries that windows, streams and searches read, and the names of all queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    def counting(self, rank: float, *, ties: bool) -> Command:
        """The question how many entries of a registry stand before a rank, and at it if `ties`.

        Ranks grow towards later entries; those of a descending order are scores with their sign turned.
        """
        score = -rank if self.newest_first else rank
        end = repr(score) if ties else f"({score!r}"
        return ("ZCOUNT", self.key, end, "+inf") if self.newest_first else ("ZCOUNT", self.key, "-inf", end)

    def places(self, reply: Any) -> list[Place]:
        """Entries in the order of this source; none where the key is of another type."""
        if self.is_list:
            ids = blobs(reply)
            return [Place(self.queue, job_id) for job_id in (reversed(ids) if self.newest_first else ids)]
        return [self.place(member, score) for member, score in wire.scored(reply)]

    def place(self, member: bytes, score: float) -> Place:
        """Where an entry of a registry stands."""
        return Place(self.queue, fields.job_of(member) if self.state == "started" else member, score)

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
