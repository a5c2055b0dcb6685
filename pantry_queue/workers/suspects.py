"""Jobs whose hash names a place that does not hold them: found by a search that goes on from pass to pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from pantry_queue.workers import damage
from pantry_queue.workers.lua import WorkerScripts
from pantry_queue.workers.scheduling import light_hashes

#: Seen twice this far apart, a state is no passing one.
AGE_SECONDS = 6.0
#: Keys looked at in one pass, about: the whole of a small deployment.
_MOST_KEYS = 10_000
_SCAN = 1000
#: A list is looked through up to this length; a longer one is believed until it is shorter.
_READABLE = 50_000
#: The state in a hash -> where it stands then (`pantry_queue.keys.REGISTRIES`).
_REGISTERED = ("scheduled", "deferred", "failed")
_FORGET_SECONDS = 900


class Suspects:
    """What may be lost, and since when; kept in Redis, so that the next holder goes on.

    Args:
        scripts: on the worker's connection.
    """

    def __init__(self, scripts: WorkerScripts) -> None:
        self._keys = scripts.keys
        self._connection: Any = scripts.connection
        self._now = 0.0
        self._before: dict[bytes, float] = {}
        self._seen: set[bytes] = set()

    def begin(self) -> None:
        """A pass begins: what was seen in earlier ones is read."""
        seconds, micros = self._connection.time()
        self._now = seconds + micros / 1e6
        if self._connection.type(self._keys.suspects) not in (b"hash", b"none"):
            self._connection.unlink(self._keys.suspects)
        raw: dict[bytes, bytes] = self._connection.hgetall(self._keys.suspects)
        self._before = {name: float(value) for name, value in raw.items()}
        old = [name for name, at in self._before.items() if self._now - at > _FORGET_SECONDS]
        if old:
            self._connection.hdel(self._keys.suspects, *old)

    def age(self, what: bytes) -> float:
        """Seconds since this was seen first; 0 when that is now."""
        since = self._before.get(what)
        if since is None:
            with self._connection.pipeline(transaction=False) as pipe:
                pipe.hsetnx(self._keys.suspects, what, self._now)
                pipe.expire(self._keys.suspects, _FORGET_SECONDS)
                pipe.execute()
            return 0.0
        return self._now - since

    def clear(self, what: bytes) -> None:
        """It was no suspect, or is none any more."""
        if what in self._before:
            self._connection.hdel(self._keys.suspects, what)

    def nowhere(self, queues: list[str], end: float) -> Iterator[tuple[str, str, bytes]]:
        """Jobs that nothing has held for a while, as (queue, state, id), from where the last pass ended.

        Args:
            queues: that are known.
            end: moment of `time.monotonic` at which the pass is over.
        """
        places = _Places(self._connection, self._keys)
        cursor = int(self._connection.get(self._keys.scan_cursor) or 0)
        looked, first = 0, True
        while (first or cursor) and looked < _MOST_KEYS and time.monotonic() < end:
            first = False
            cursor, names = self._connection.scan(cursor, match=self._keys.job("*"), count=_SCAN, _type="HASH")
            looked += _SCAN
            prefix = len(self._keys.job("").encode())
            yield from self._judged([name[prefix:] for name in names], places)
        self._connection.set(self._keys.scan_cursor, cursor, ex=_FORGET_SECONDS)

    def _judged(self, ids: list[bytes], places: _Places) -> Iterator[tuple[str, str, bytes]]:
        found = []
        for raw_id, raw in light_hashes(self._connection, self._keys, ids):
            if not isinstance(raw, dict) or damage.trouble(raw_id, raw, call=False) is not None:
                continue
            found.append(
                (raw_id, raw[b"status"].decode() if b"status" in raw else "", raw.get(b"origin", b"").decode())
            )
        for raw_id, state, queue in places.missing(found):
            what = b"hash:" + state.encode() + b":" + raw_id
            if self.age(what) > AGE_SECONDS:
                self.clear(what)
                yield queue, state, raw_id


class _Places:
    """What queues and running jobs hold during one pass; read once."""

    def __init__(self, connection: Any, keys: Any) -> None:
        self._connection = connection
        self._keys = keys
        self._lists: dict[str, set[bytes] | None] = {}

    def missing(self, jobs: list[tuple[bytes, str, str]]) -> list[tuple[bytes, str, str]]:
        """Those whose state names a place that does not hold them. A list too long to be read holds all."""
        missing = []
        registered = [job for job in jobs if job[1] in _REGISTERED]
        with self._connection.pipeline(transaction=False) as pipe:
            for raw_id, state, queue in registered:
                pipe.zscore(self._keys.registry(state, queue), raw_id)
                pipe.zscore(self._keys.registry("ready", queue), raw_id)
            scores = pipe.execute(raise_on_error=False) if registered else []
        for job, score, ready in zip(registered, scores[::2], scores[1::2], strict=True):
            if score is None and ready is None:
                missing.append(job)
        for job in jobs:
            if job[1] in ("queued", "started"):
                held = self._held(job[2])
                if held is not None and job[0] not in held:
                    missing.append(job)
        return missing

    def _held(self, queue: str) -> set[bytes] | None:
        if queue not in self._lists:
            self._lists[queue] = self._read(queue)
        return self._lists[queue]

    def _read(self, queue: str) -> set[bytes] | None:
        keys = self._keys
        with self._connection.pipeline(transaction=False) as pipe:
            pipe.llen(keys.queue(queue))
            pipe.zcard(keys.registry("started", queue))
            lengths = pipe.execute(raise_on_error=False)
        if not all(isinstance(length, int) and length <= _READABLE for length in lengths):
            return None
        held: set[bytes] = set()
        # The way of a job is queue, intermediate, wip; read in this order, none that moves meanwhile is missed.
        for start in range(0, _READABLE, 5000):
            page = self._connection.lrange(keys.queue(queue), start, start + 4999)
            held.update(page)
            if len(page) < 5000:
                break
        held.update(self._connection.lrange(keys.intermediate(queue), 0, -1))
        members = self._connection.zrange(keys.registry("started", queue), 0, -1)
        held.update(member.rpartition(b":")[0] or member for member in members)
        return held
