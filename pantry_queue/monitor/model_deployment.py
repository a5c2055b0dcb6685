"""The deployment at one moment: queues, workers, schedulers, the server. See `model`, the public door."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from pantry_queue.text import SafeText

WorkerVerdict = Literal["alive", "busy", "late", "deaf", "dead", "ghost"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs per state.

    Attributes:
        started: registered as running and within their time; `abandoned` ones are past it.
        finished, failed, scheduled: as RQ counts them, without entries past their expiry (`expired`).
        overdue: scheduled jobs whose time has passed by more than two seconds.
        expired: entries of finished and failed that only wait for RQ's clean-up.
    """

    queued: int = 0
    started: int = 0
    finished: int = 0
    failed: int = 0
    deferred: int = 0
    scheduled: int = 0
    canceled: int = 0
    ready: int = 0
    intermediate: int = 0
    abandoned: int = 0
    overdue: int = 0
    expired: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))


@dataclass(frozen=True, slots=True, eq=False)
class QueueStat:
    """One queue.

    Attributes:
        workers: names of workers that listen to it and are not dead.
        oldest_at: when its next job was enqueued; None when it is empty or its next job has no hash.
        paused_until: when the pause ends by itself; None where it does not.
        registered: False when RQ's set of queues does not hold it although keys or workers of it exist.
        raw_name: the name as Redis holds it, to ask and act with; never shown.
    """

    name: SafeText
    counts: Counts
    workers: tuple[SafeText, ...] = ()
    oldest_at: datetime | None = None
    paused: bool = False
    paused_until: datetime | None = None
    registered: bool = True
    raw_name: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class WorkerStat:
    """One worker, with a verdict on whether it lives and what that is based on.

    Attributes:
        state: as the worker last wrote it: started, idle, busy or suspended.
        job_ids: what it runs now.
        heartbeat_age: seconds since its last heartbeat, by the server's clock.
        ttl: seconds until Redis drops its record, None when it is gone already.
        failed: tries that failed, as RQ counts them: those it repeats are among them, and jobs that asked to come back.
        subscribed: whether its command channel has a listener; None where that may not be asked.
        pantry: version of the PantryWorker it is; empty for a stock worker of RQ.
        allowed: the tasks a PantryWorker runs (`WORKER_ALLOWED_TASKS`).
        raw_name: the name as Redis holds it, to ask and act with; never shown.
    """

    name: SafeText
    state: SafeText
    queues: tuple[SafeText, ...]
    job_ids: tuple[SafeText, ...]
    verdict: WorkerVerdict
    evidence: SafeText
    hostname: SafeText = SafeText("")
    ip_address: SafeText = SafeText("")
    pid: int | None = None
    rq_version: SafeText = SafeText("")
    python_version: SafeText = SafeText("")
    birth_at: datetime | None = None
    last_heartbeat_at: datetime | None = None
    heartbeat_age: float | None = None
    ttl: float | None = None
    subscribed: bool | None = None
    successful: int = 0
    failed: int = 0
    working_seconds: float = 0.0
    shutdown_requested_at: datetime | None = None
    raw_name: bytes = b""
    pantry: SafeText = SafeText("")
    allowed: tuple[SafeText, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SchedulerStat:
    """Who holds the scheduler lock of a queue."""

    queue: SafeText
    holder: SafeText
    ttl: float | None


@dataclass(frozen=True, slots=True, eq=False)
class RedisFacts:
    """What the server says of itself, sizes in bytes; all unknown where the user may not ask INFO."""

    server: SafeText = SafeText("")
    version: SafeText = SafeText("")
    role: SafeText = SafeText("")
    uptime_seconds: int | None = None
    used_memory: int | None = None
    max_memory: int | None = None
    eviction_policy: SafeText = SafeText("")
    aof_enabled: bool | None = None
    last_save_at: datetime | None = None
    connected_clients: int | None = None
    ops_per_second: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BreakerStat:
    """A service that failed again and again and is not asked for a while; there is none while all is well.

    Attributes:
        name: the service.
        state: `open` until its rest ends, then `half-open`: one job asks, the others wait for how that goes.
        until: when its rest ends or ended.
        opened_at: since when it has not answered.
        rests: how often in a row it was given a rest.
        probing: a job asks right now.
        refused: it answers, and refuses our token.
        why: what the last job met.
        func: the task whose jobs wait.
    """

    name: SafeText
    state: Literal["open", "half-open"]
    until: datetime | None
    opened_at: datetime | None = None
    rests: int = 0
    probing: bool = False
    refused: bool = False
    why: SafeText = SafeText("")
    func: SafeText = SafeText("")


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The whole deployment at one moment.

    Attributes:
        taken_at: the server's time.
        round_trip_ms: milliseconds the reading took.
        target: address read from, without secrets.
        suspended: all workers are told to take nothing; `suspended_ttl` says for how many more seconds.
        quarantined: jobs set aside because they cannot be read.
        breaker: the OCR agent is not asked for a while; None while it is.
    """

    taken_at: datetime
    round_trip_ms: float
    target: SafeText
    redis: RedisFacts
    queues: tuple[QueueStat, ...] = ()
    workers: tuple[WorkerStat, ...] = ()
    schedulers: tuple[SchedulerStat, ...] = ()
    suspended: bool = False
    suspended_ttl: float | None = None
    quarantined: int = 0
    breaker: BreakerStat | None = None

    @property
    def totals(self) -> Counts:
        """Counts summed over all queues."""
        return sum((queue.counts for queue in self.queues), Counts())
