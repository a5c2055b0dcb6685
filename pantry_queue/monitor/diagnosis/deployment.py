"""What has to be known about a deployment to tell whether it is healthy: reads only, and a bounded part."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, kept_alerts, schedule, server, snapshot
from pantry_queue.monitor.alerts import Alert
from pantry_queue.monitor.diagnosis import closer, deferred
from pantry_queue.monitor.diagnosis.closer import Call
from pantry_queue.monitor.diagnosis.deferred import Deferred
from pantry_queue.monitor.diagnosis.lost import Lost
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.growth import Grown
from pantry_queue.monitor.model import JobRow, Schedule, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.monitor.wire import ask, blob, blobs, entries, name_of, number, server_time

if TYPE_CHECKING:
    from redis import Redis

#: Queues whose jobs are sampled, and jobs looked at in each list.
_MOST_QUEUES, _SAMPLE = 50, 20
#: Orphans that are named, of each queue.
_MOST_ORPHANS = 200
#: Jobs that are due next, which are looked at.
_SCHEDULED = 50


@dataclass(frozen=True, slots=True)
class Sample:
    """A job that was looked at: its size in bytes and its life left in ms (-1 for ever, -2 gone)."""

    queue: str
    state: str
    raw_id: bytes
    size: int
    pttl: int
    results_pttl: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """Everything the rules judge.

    Attributes:
        info: names and values of INFO.
        save: the setting `save`; None where it was not asked or is not told.
        slow: (microseconds, unix time, command) of the slow log; None where it was not asked.
        trip_ms: the middle one of some round trips, in ms.
        offset: seconds this machine's clock is ahead of the server's.
        skews: seconds each worker's clock is ahead of the server's, as its newest results tell.
        samples: jobs looked at.
        orphans: by queue, ids of started jobs past their time.
        lost: what a scan for jobs that nothing holds has come to; None where none was wanted.
        calls: what sampled jobs that wait would call.
        failed: sampled failed jobs with their errors.
        schedule: what is scheduled and who sees to it; None until it was read.
        followed: alerts that another process follows (`watch`), of which one look cannot tell all.
        canceled: by queue, how its canceled jobs have grown over the samples that are kept; empty where none are.
        deferred: deferred jobs that wait in vain; None until they were looked at.
        taken: queue and id of jobs between queue and start at the first look; `stuck` still were at the second.
    """

    snapshot: Snapshot
    history: RateHistory = field(default_factory=RateHistory)
    info: dict[str, str] = field(default_factory=dict)
    save: str | None = None
    slow: tuple[tuple[int, int, str], ...] | None = None
    trip_ms: float = 0.0
    offset: float = 0.0
    skews: tuple[tuple[str, float], ...] = ()
    samples: tuple[Sample, ...] = ()
    orphans: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost: Lost | None = None
    calls: tuple[Call, ...] = ()
    failed: tuple[JobRow, ...] = ()
    schedule: Schedule | None = None
    followed: tuple[Alert, ...] = ()
    canceled: Mapping[str, Grown] = field(default_factory=dict)
    deferred: Deferred | None = None
    taken: tuple[tuple[str, str], ...] = ()
    stuck: tuple[tuple[str, str], ...] = ()


def collect(
    client: Redis,
    keys: Keys,
    *,
    ask_server: bool,
    history: RateHistory | None = None,
    canceled: Mapping[str, Grown] | None = None,
) -> DeploymentFacts:
    """Read all of it but what a scan tells (`lost.look`).

    Raises:
        redis.exceptions.RedisError: the server is away, or RQ's own sets may not be read.
    """
    taken = snapshot.take(client, keys, target="")
    trips = [_trip(client) for _ in range(5)]
    (info,) = ask(client, [("INFO",)])
    asked = ask(client, [("CONFIG", "GET", "save"), ("SLOWLOG", "GET", 20)]) if ask_server else [None, None]
    samples = _samples(client, keys, taken)
    return DeploymentFacts(
        snapshot=taken,
        history=history or RateHistory(),
        info=server.parsed(info),
        save=_setting(asked[0]),
        slow=_slow(asked[1]),
        trip_ms=sorted(took for took, _ in trips)[len(trips) // 2],
        offset=min((offset for _, offset in trips), key=abs),
        skews=_skews(client, keys, samples),
        samples=tuple(samples),
        orphans=_orphans(client, keys, taken),
        followed=kept_alerts.read(client, keys).followed,
        canceled=canceled or {},
    )


def look_closer(client: Redis, keys: Keys, facts: DeploymentFacts) -> DeploymentFacts:
    """What some jobs call, failed with and wait for, what is scheduled, and what was taken and not started.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    waiting = [(one.queue, one.raw_id, one.size) for one in facts.samples if one.state == "queued"]
    failed = [(one.queue, one.raw_id) for one in facts.samples if one.state == "failed"]
    names = [name_of(queue.raw_name) for queue in facts.snapshot.queues]
    return replace(
        facts,
        calls=closer.calls(client, keys, waiting),
        failed=closer.failures(client, keys, failed),
        schedule=schedule.read(client, keys, queues=names, count=_SCHEDULED),
        deferred=deferred.look(client, keys, facts.snapshot),
        taken=closer.taken(client, keys, facts.snapshot),
    )


def look_again(client: Redis, keys: Keys, facts: DeploymentFacts) -> DeploymentFacts:
    """The same, with which of those that were taken have not been started since.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    now = set(closer.taken(client, keys, facts.snapshot))
    return replace(facts, stuck=tuple(one for one in facts.taken if one in now))


def _orphans(client: Redis, keys: Keys, taken: Snapshot) -> dict[str, tuple[str, ...]]:
    queues = [name_of(queue.raw_name) for queue in taken.queues if queue.counts.abandoned]
    now = int(taken.taken_at.timestamp())
    expired = ("ZRANGE", keys.registry("started", NAME), 0, now, "BYSCORE", "LIMIT", 0, _MOST_ORPHANS)
    return {
        queue: tuple(dict.fromkeys(name_of(fields.job_of(member)) for member in blobs(reply)))
        for queue, (reply,) in zip(queues, ask_each(client, [expired], queues), strict=True)
    }


def _trip(client: Redis) -> tuple[float, float]:
    """(milliseconds, seconds this clock is ahead) of one question for the time."""
    before, began = time.time(), time.perf_counter()
    (reply,) = ask(client, [("TIME",)])
    took = time.perf_counter() - began
    there = server_time(reply).timestamp()
    # Anything between its sending and its arrival is the moment it was answered: within that there is no difference.
    ahead = max(0.0, before - there) or min(0.0, before + took - there)
    return took * 1000, ahead if isinstance(reply, (list, tuple)) else 0.0


def _setting(reply: Any) -> str | None:
    if isinstance(reply, dict):
        reply = [part for pair in reply.items() for part in pair]
    values = blobs(reply)
    return values[1].decode("utf-8", "replace") if len(values) == 2 else None


def _slow(reply: Any) -> tuple[tuple[int, int, str], ...] | None:
    if not isinstance(reply, list):
        return None
    found = []
    for entry in reply:
        if isinstance(entry, list) and len(entry) >= 4:
            words = blobs(entry[3])
            found.append((number(entry[2]), number(entry[1]), words[0].decode("utf-8", "replace") if words else "?"))
    return tuple(found)


def _samples(client: Redis, keys: Keys, taken: Snapshot) -> list[Sample]:
    """Jobs at both ends of the lists in which something can be wrong."""
    names = [queue.raw_name for queue in taken.queues[:_MOST_QUEUES]]
    questions = [
        ("LRANGE", keys.queue(NAME), 0, _SAMPLE // 2 - 1),
        ("LRANGE", keys.queue(NAME), -(_SAMPLE // 2), -1),
        *(("ZREVRANGE", keys.registry(s, NAME), 0, _SAMPLE // 2 - 1) for s in ("scheduled", "finished", "failed")),
    ]
    places: list[tuple[bytes, str, bytes]] = []
    for name, (head, tail, *rest) in zip(names, ask_each(client, questions, names), strict=True):
        places += [(name, "queued", one) for one in dict.fromkeys([*blobs(head), *blobs(tail)])]
        for state, reply in zip(("scheduled", "finished", "failed"), rest, strict=True):
            places += [(name, state, one) for one in blobs(reply)]
    about = [("HSTRLEN", keys.job(NAME), "data"), ("PTTL", keys.job(NAME)), ("PTTL", keys.results(NAME))]
    replies = ask_each(client, about, [job_id for _, _, job_id in places])
    due = [("ZSCORE", keys.registry("scheduled", raw.decode("utf-8", "surrogateescape")), i) for raw, _, i in places]
    scores = ask(client, due)
    return [
        Sample(
            raw.decode("utf-8", "surrogateescape"),
            state,
            job_id,
            number(size),
            number(pttl),
            number(results),
            score if isinstance(score, float) else fields.real(blob(score)),
        )
        for (raw, state, job_id), (size, pttl, results), score in zip(places, replies, scores, strict=True)
    ]


def _skews(client: Redis, keys: Keys, samples: Sequence[Sample]) -> tuple[tuple[str, float], ...]:
    """A result's id is the server's time, the end it tells is the worker's; what is nearest counts.

    An end that could not be recorded at once looks like a clock that is behind, so one result near it clears a worker.
    """
    ended = [sample.raw_id for sample in samples if sample.state in ("finished", "failed")]
    nearest: dict[str, float] = {}
    for (reply,) in ask_each(client, [("XREVRANGE", keys.results(NAME), "+", "-", "COUNT", 1)], ended):
        for entry_id, entry in entries(reply):
            at, worker = fields.when(entry.get(b"execution_ended_at")), fields.line(entry.get(b"worker_name"), 200)
            if at is None or not worker:
                continue
            skew = at.timestamp() - int(entry_id.partition(b"-")[0]) / 1000
            if worker not in nearest or abs(skew) < abs(nearest[worker]):
                nearest[worker] = skew
    return tuple(sorted(nearest.items()))
