"""RQ's rate limits without scripts: what one transaction does to their slots, read under WATCH and reckoned here.

RQ's own workers count slots inside the server; the transaction fails when one of them moved a slot meanwhile, and is
tried again on what is there then. The rules are those of `enter_limit`, `leave_limit` and `promote` in `scripts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor.wire import Command, ask, blob, name_of, number, scored

if TYPE_CHECKING:
    from redis import Redis

#: Forbids the transaction under way if one of these keys changes until it is sent.
Watch = Callable[[Sequence[str]], None]
_PAGE = 100


class Slots:
    """All limits one transaction touches. Commands are answered in the order they must be sent in.

    Args:
        client, keys: where they are read.
        watch: called before anything is read of a key.
        now: the server's time in seconds.
        iso: the `enqueued_at` of what gets a slot.
    """

    def __init__(self, client: Redis, keys: Keys, watch: Watch, now: int, iso: str) -> None:
        self._client, self._keys, self._watch, self._now, self._iso = client, keys, watch, now, iso
        self._limits: dict[str, _Limit] = {}
        #: Jobs that joined in this transaction: their queue, and whether they go to its front.
        self._joined: dict[str, tuple[str, bool]] = {}

    def enter(self, limit: str, concurrency: str, job_id: str, queue: str, *, front: bool) -> list[Command]:
        """A job waits for a slot, and gets one if one is free."""
        at, job = self._at(limit), self._keys.job(job_id)
        self._joined[job_id] = (queue, front)
        at.concurrency = _count(concurrency)
        at.join(float(self._now), job_id)
        return [
            ("SADD", f"{self._keys.prefix}:rl-keys", limit),
            ("HSET", at.key, "concurrency", concurrency),
            ("HSET", job, "status", "rate_limited", "enqueue_at_front", int(front)),
            ("ZADD", at.waiting, self._now, job_id),
            *self._promote(at),
        ]

    def leave(self, limit: str, job_id: str) -> list[Command]:
        """A job that ended, or is gone, neither waits nor holds a slot; it has no runs any more."""
        at = self._at(limit)
        at.forget(job_id)
        commands: list[Command] = [("ZREM", at.waiting, job_id)]
        (held,) = ask(self._client, [("ZSCORE", at.allowed, job_id)])
        if held is None:
            return commands
        at.taken -= 1
        return [*commands, ("ZREM", at.allowed, job_id), *self._promote(at)]

    def unless_running(self, limit: str, job_id: str) -> list[Command]:
        """As `leave`, but a job whose runs are not over keeps its slot until they are."""
        runs = self._keys.executions(job_id)
        self._watch([runs])
        (alive,) = ask(self._client, [("ZCOUNT", runs, f"({self._now}", "+inf")])
        if not number(alive):
            return self.leave(limit, job_id)
        at = self._at(limit)
        at.forget(job_id)
        return [("ZREM", at.waiting, job_id)]

    def waits(self, limit: str, job_id: str) -> bool:
        """Whether a job waits for a slot."""
        (score,) = ask(self._client, [("ZSCORE", self._at(limit).waiting, job_id)])
        return score is not None

    def _at(self, limit: str) -> _Limit:
        if limit not in self._limits:
            self._limits[limit] = _Limit(self._client, self._keys, self._watch, limit)
        return self._limits[limit]

    def _promote(self, at: _Limit) -> Iterator[Command]:
        while at.taken < at.concurrency and (job_id := at.first()) is not None:
            yield ("ZREM", at.waiting, job_id)
            found = self._joined.get(job_id) or self._waiting(job_id)
            if found is not None:
                queue, front = found
                at.taken += 1
                yield ("ZADD", at.allowed, self._now, job_id)
                yield ("LPUSH" if front else "RPUSH", self._keys.queue(queue), job_id)
                yield ("HSET", self._keys.job(job_id), "status", "queued", "enqueued_at", self._iso)

    def _waiting(self, job_id: str) -> tuple[str, bool] | None:
        """Queue and end of a job that waits, None when it does not any more."""
        key = self._keys.job(job_id)
        self._watch([key])
        (reply,) = ask(self._client, [("HMGET", key, "origin", "status", "enqueue_at_front")])
        origin, status, front = reply if isinstance(reply, list) else (None, None, None)
        return (name_of(origin), front == b"1") if origin is not None and status == b"rate_limited" else None


class _Limit:
    """One limit as it is in the middle of a transaction."""

    def __init__(self, client: Redis, keys: Keys, watch: Watch, name: str) -> None:
        self.key = f"{keys.prefix}:rl:{name}"
        self.allowed, self.waiting = f"{self.key}:allowed", f"{self.key}:rate_limited"
        self._client = client
        watch([self.key, self.allowed, self.waiting])
        taken, concurrency = ask(client, [("ZCARD", self.allowed), ("HGET", self.key, "concurrency")])
        self.taken = number(taken)
        self.concurrency = _count(name_of(blob(concurrency) or b"0"))
        self._gone: set[str] = set()
        self._joined: list[tuple[float, str]] = []
        self._line = self._read()
        self._next = next(self._line, None)

    def _read(self) -> Iterator[tuple[float, str]]:
        start = 0
        while True:
            (reply,) = ask(self._client, [("ZRANGE", self.waiting, start, start + _PAGE - 1, "WITHSCORES")])
            page = scored(reply)
            yield from ((score, name_of(member)) for member, score in page)
            if len(page) < _PAGE:
                return
            start += _PAGE

    def join(self, score: float, job_id: str) -> None:
        """It waits from now on, whether it did before or not."""
        self.forget(job_id)
        self._joined.append((score, job_id))
        self._joined.sort()

    def forget(self, job_id: str) -> None:
        """It waits no longer."""
        self._gone.add(job_id)
        self._joined = [entry for entry in self._joined if entry[1] != job_id]

    def first(self) -> str | None:
        """Who waited longest; waits no longer afterwards."""
        while self._next is not None and self._next[1] in self._gone:
            self._next = next(self._line, None)
        ahead = [entry for entry in (self._next, *self._joined[:1]) if entry is not None]
        if not ahead:
            return None
        _, job_id = min(ahead)
        self.forget(job_id)
        return job_id


def _count(text: str) -> int:
    """As Lua's `tonumber(...) or 0`, for what RQ writes."""
    try:
        return int(float(text))
    except ValueError:
        return 0
