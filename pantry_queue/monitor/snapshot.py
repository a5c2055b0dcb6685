"""The whole deployment at one moment, in one round trip; a further one only for names not met before.

Only read commands are sent, none that grows with the backlog, and no RQ call is made: RQ's own readers clean up
and run users' callbacks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import breaker, fields, queues, server, workers
from pantry_queue.monitor.each import NAME, Batch, ask_all, ask_each
from pantry_queue.monitor.model_deployment import QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.wire import Command, blob, blobs, name_of, number, permitted, raw_of, server_time
from pantry_queue.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from redis import Redis

#: Queues that only workers name, at most: a damaged worker record must not make us ask for a million.
_MOST_UNREGISTERED = 2000
#: Round trips after the first: workers may name queues that no set holds.
_MOST_ROUNDS = 3
_DEAD = ("dead", "ghost")


@dataclass(slots=True)
class KnownNames:
    """What one console remembers between two snapshots, so that the next needs one round trip.

    Make one for each connection and hand it to every `take`. A fresh one costs one or two round trips more.

    Attributes:
        queues: names met so far that still matter.
        workers: names met so far that still are in RQ's set.
        sort_allowed: whether the server lets us read the next job's time along with the queue.
        clock_offset: seconds from this machine's monotonic clock to the server's time.
    """

    queues: set[str] = field(default_factory=set)
    workers: set[str] = field(default_factory=set)
    sort_allowed: bool = True
    clock_offset: float | None = None


@dataclass(slots=True)
class _Reading:
    """Replies gathered over the round trips of one snapshot."""

    base: list[Any] = field(default_factory=list)
    queues: dict[str, list[Any]] = field(default_factory=dict)
    workers: dict[str, list[Any]] = field(default_factory=dict)
    listening: dict[bytes, bool] = field(default_factory=dict)


def take(client: Redis, keys: Keys, *, target: str, names: KnownNames | None = None) -> Snapshot:
    """Read the whole deployment.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        target: address for titles, without secrets (`pantry_queue.connection.describe`).
        names: what was met before; kept up to date.

    Returns:
        Everything that may be read; what the user has no right to ask (INFO, PUBSUB, our own keys) is unknown.

    Raises:
        redis.exceptions.RedisError: the server is away, or RQ's own sets may not be read
            (`pantry_queue.connection.translated` makes a sentence of it).
    """
    names = names if names is not None else KnownNames()
    began = time.perf_counter()
    reading = _read(client, keys, names)
    heads = _heads(client, keys, reading)
    took = (time.perf_counter() - began) * 1000
    now = server_time(reading.base[0])
    stats = tuple(
        workers.worker(name, replies, reading.listening.get(raw_of(keys.worker_channel(name))), now)
        for name, replies in sorted(reading.workers.items())
    )
    schedulers = (queues.scheduler(name, replies) for name, replies in sorted(reading.queues.items()))
    return Snapshot(
        taken_at=now,
        round_trip_ms=took,
        target=safe(target),
        redis=server.facts(reading.base[1]),
        queues=_queue_stats(keys, reading, heads, stats, now),
        workers=stats,
        schedulers=tuple(held for held in schedulers if held is not None),
        suspended=number(reading.base[4]) not in (-2, 0),
        suspended_ttl=number(reading.base[4]) / 1000 if number(reading.base[4]) > 0 else None,
        breaker=breaker.stat(reading.base[7], now),
        quarantined=max(map(number, reading.base[8:])),
    )


def _queue_stats(
    keys: Keys, reading: _Reading, heads: Mapping[str, bytes | None], stats: tuple[WorkerStat, ...], now: datetime
) -> tuple[QueueStat, ...]:
    """What is known of each queue, by name."""
    registered = _queue_names(keys, reading.base[2])
    paused = queues.paused(reading.base[5], reading.base[6], now)
    by_queue = _by_queue(stats)
    return tuple(
        QueueStat(
            name=safe(raw_of(name)),
            raw_name=raw_of(name),
            counts=queues.counts(replies),
            workers=tuple(stat.name for stat in by_queue.get(safe(raw_of(name)), ())),
            oldest_at=fields.when(heads.get(name)),
            paused=name in paused,
            paused_until=paused.get(name),
            registered=name in registered,
        )
        for name, replies in sorted(reading.queues.items())
    )


def _read(client: Redis, keys: Keys, names: KnownNames) -> _Reading:
    """All round trips but the one for heads: what is known at once, then what was found by it."""
    reading = _Reading()
    base = _base_questions(keys)
    guess = _guessed_now(names)
    known_queues, known_workers = sorted(names.queues), sorted(names.workers)
    reading.base = _ask(client, keys, reading, base, known_queues, known_workers, guess, names)
    permitted(reading.base[2])
    now = server_time(reading.base[0]).timestamp()
    names.clock_offset = now - time.monotonic()
    if (
        names.queues and abs(now - guess) > 1
    ):  # the machine slept, or a clock was set: counts were asked for another time
        reading.queues.clear()
    for _ in range(_MOST_ROUNDS):
        new_queues, new_workers = _unmet(keys, reading)
        if not new_queues and not new_workers:
            break
        _ask(client, keys, reading, (), sorted(new_queues), sorted(new_workers), now, names)
    _forget(keys, reading)
    names.queues, names.workers = set(reading.queues), set(reading.workers)
    names.sort_allowed = names.sort_allowed and not any(map(queues.sort_refused, reading.queues.values()))
    return reading


def _base_questions(keys: Keys) -> list[Command]:
    # Which type our quarantine has is the worker's choice: all but one of these are refused, and count nothing.
    return [
        ("TIME",),
        ("INFO",),
        ("SMEMBERS", keys.queues),
        ("SMEMBERS", keys.workers),
        ("PTTL", keys.suspended),
        ("SMEMBERS", keys.paused),
        ("ZRANGE", keys.paused_until, 0, -1, "WITHSCORES"),
        breaker.question(keys),
        *((command, keys.quarantine) for command in ("ZCARD", "HLEN", "SCARD", "LLEN", "XLEN")),
    ]


def _ask(
    client: Redis,
    keys: Keys,
    reading: _Reading,
    base: Sequence[Command],
    queue_names: list[str],
    worker_names: list[str],
    now: float,
    names: KnownNames,
) -> list[Any]:
    """One round trip about these queues and workers, put where it belongs; returns the replies to `base`."""
    channels = [workers.subscriptions(keys, worker_names)] if worker_names else []
    batches: list[Batch] = [
        (queues.questions(keys, NAME, int(now), sort_allowed=names.sort_allowed), queue_names),
        (workers.questions(keys, NAME), worker_names),
    ]
    replies, (of_queues, of_workers) = ask_all(client, [*base, *channels], batches)
    reading.queues |= zip(queue_names, of_queues, strict=True)
    reading.workers |= zip(worker_names, of_workers, strict=True)
    if channels:
        reading.listening |= workers.listeners(replies[-1])
    return replies[: len(base)]


def _unmet(keys: Keys, reading: _Reading) -> tuple[set[str], set[str]]:
    """Names that replies mention and nothing has been asked about yet."""
    named = _named_by_workers(reading)
    queue_names = (_queue_names(keys, reading.base[2]) | named) - reading.queues.keys()
    return queue_names, _worker_names(keys, reading.base[3]) - reading.workers.keys()


def _forget(keys: Keys, reading: _Reading) -> None:
    """Leave out what is gone: workers without record and membership, queues of which nothing is left."""
    members = _worker_names(keys, reading.base[3])
    for name in [name for name, replies in reading.workers.items() if name not in members and replies[1] == -2]:
        del reading.workers[name]
    kept = _queue_names(keys, reading.base[2]) | _named_by_workers(reading)
    for name in [name for name in reading.queues if name not in kept]:
        if not any(number(reply) for reply in reading.queues[name][:13]):
            del reading.queues[name]


def _named_by_workers(reading: _Reading) -> set[str]:
    named = sorted({name for replies in reading.workers.values() for name in workers.queue_names(replies)})
    return set(named[:_MOST_UNREGISTERED])


def _queue_names(keys: Keys, reply: Any) -> set[str]:
    prefix = keys.queue("")
    return {keys.queue_name(name) for name in map(name_of, blobs(reply)) if name.startswith(prefix)}


def _worker_names(keys: Keys, reply: Any) -> set[str]:
    prefix = keys.worker("")
    return {keys.worker_name(name) for name in map(name_of, blobs(reply)) if name.startswith(prefix)}


def _heads(client: Redis, keys: Keys, reading: _Reading) -> dict[str, bytes | None]:
    """When the next job of each queue was enqueued; costs round trips only where sorting was refused."""
    heads = {name: queues.head(replies) for name, replies in reading.queues.items()}
    unread = [name for name, replies in reading.queues.items() if queues.sort_refused(replies)]
    for name, (reply,) in zip(unread, ask_each(client, [("LINDEX", keys.queue(NAME), 0)], unread), strict=True):
        heads[name] = queues.Head(blob(reply), asked=False)
    waiting = [(name, head.job_id) for name, head in heads.items() if head.job_id is not None and not head.asked]
    replies = ask_each(client, [("HGET", keys.job(NAME), "enqueued_at")], [job_id for _, job_id in waiting])
    late = {name: blob(reply) for (name, _), (reply,) in zip(waiting, replies, strict=True)}
    return {name: late.get(name, head.enqueued_at) for name, head in heads.items()}


def _by_queue(stats: Iterable[WorkerStat]) -> dict[str, list[WorkerStat]]:
    listening: dict[str, list[WorkerStat]] = {}
    for stat in stats:
        if stat.verdict not in _DEAD:
            for queue in stat.queues:
                listening.setdefault(queue, []).append(stat)
    return listening


def _guessed_now(names: KnownNames) -> float:
    return time.time() if names.clock_offset is None else time.monotonic() + names.clock_offset
