"""Jobs that wait for canceled ones and for nothing else any more, let go without scripts (see `scripts/cancel.lua`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pantry_queue.control.pipelined_limits import Slots, Watch
from pantry_queue.keys import Keys
from pantry_queue.monitor import wire
from pantry_queue.monitor.wire import Command, ask, blob, blobs, name_of, number

if TYPE_CHECKING:
    from redis import Redis

_FIELDS = (
    "status",
    "origin",
    "allow_dependency_failures",
    "enqueue_at_front",
    "rate_limit_key",
    "rate_limit_concurrency",
)


class Freeing:
    """Lets dependents go, in one transaction.

    Args:
        client, keys: where they are read.
        watch: called before anything is read of a key.
        slots: for those that have a rate limit.
        iso: their `enqueued_at`.
        canceled: jobs that are canceled by the same call: those are not let go.
    """

    def __init__(
        self, client: Redis, keys: Keys, watch: Watch, slots: Slots, iso: str, canceled: Collection[str]
    ) -> None:
        self._client, self._keys, self._watch, self._slots, self._iso = client, keys, watch, slots, iso
        self._canceled = canceled

    def of(self, parent: str) -> list[Command]:
        """Those that waited for a job that is canceled now."""
        keys, known = self._keys, self._keys.dependents(parent)
        self._watch([known])
        (members,) = ask(self._client, [("SMEMBERS", known)])
        names = [name for name in map(name_of, blobs(members)) if name not in self._canceled]
        self._watch([keys.job(name) for name in names])
        commands: list[Command] = []
        for name in names:
            reply, size = ask(self._client, [("HMGET", keys.job(name), *_FIELDS), ("HSTRLEN", keys.job(name), "data")])
            job = {field: name_of(value) for field, value in wire.fields(reply, _FIELDS).items()}
            waits = number(size) and job.get("status") == "deferred"
            if waits and self._met(name, job.get("allow_dependency_failures") == "1", parent):
                commands += [("ZREM", keys.registry("deferred", job["origin"]), name), ("SREM", known, name)]
                commands += self._enqueued(name, job)
        return commands

    def _met(self, name: str, allow_failures: bool, without: str) -> bool:
        """As `Job.dependencies_are_met` with one parent left out: what is gone does not count."""
        (members,) = ask(self._client, [("SMEMBERS", self._keys.dependencies(name))])
        jobs = [self._keys.job(parent) for parent in map(name_of, blobs(members)) if parent != without]
        self._watch(jobs)
        fine = {None, b"finished", b"failed"} if allow_failures else {None, b"finished"}
        return all(blob(state) in fine for state in ask(self._client, [("HGET", job, "status") for job in jobs]))

    def _enqueued(self, name: str, job: dict[str, str]) -> list[Command]:
        front = job.get("enqueue_at_front") == "1"
        limit, concurrency = job.get("rate_limit_key"), job.get("rate_limit_concurrency")
        if limit and concurrency:
            return self._slots.enter(limit, concurrency, name, job["origin"], front=front)
        return [
            ("HSET", self._keys.job(name), "status", "queued", "enqueued_at", self._iso),
            ("LPUSH" if front else "RPUSH", self._keys.queue(job["origin"]), name),
        ]
