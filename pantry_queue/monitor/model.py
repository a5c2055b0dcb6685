"""What reading gives: frozen values with no Redis and no terminal in them.

All text that came from Redis is `SafeText`; all times are aware UTC datetimes of the server's clock; durations are
seconds. A value that is unknown is None.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

from pantry_queue.text import SafeText

#: States a list of jobs can be asked for, in the order they are shown. `intermediate` holds ids a worker has taken
#: but not yet registered.
STATES = ("queued", "started", "finished", "failed", "deferred", "scheduled", "canceled", "ready", "intermediate")
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
        registered: False when RQ's set of queues does not hold it although keys or workers of it exist.
        raw_name: the name as Redis holds it, to ask and act with; never shown.
    """

    name: SafeText
    counts: Counts
    workers: tuple[SafeText, ...] = ()
    oldest_at: datetime | None = None
    paused: bool = False
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
        subscribed: whether its command channel has a listener; None where that may not be asked.
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
class Snapshot:
    """The whole deployment at one moment.

    Attributes:
        taken_at: the server's time.
        round_trip_ms: milliseconds the reading took.
        target: address read from, without secrets.
        suspended: all workers are told to take nothing; `suspended_ttl` says for how many more seconds.
        quarantined: jobs set aside because they cannot be read.
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

    @property
    def totals(self) -> Counts:
        """Counts summed over all queues."""
        return sum((queue.counts for queue in self.queues), Counts())


@dataclass(frozen=True, slots=True, eq=False)
class JobRow:
    """One line of a list of jobs.

    Attributes:
        state: what the hash says; for a row without a hash the state of the list it stands in.
        expired: its id is still listed but its hash is gone.
        worker: who runs or ran it.
        error: last line of its last failure.
        at: the score of its place (expiry, due time, cancel time), as a time; None in lists.
        raw_id: the id as Redis holds it, to ask and act with; never shown.
    """

    id: SafeText
    state: SafeText
    queue: SafeText
    func: SafeText = SafeText("")
    description: SafeText = SafeText("")
    created_at: datetime | None = None
    enqueued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worker: SafeText | None = None
    error: SafeText | None = None
    expired: bool = False
    retries_left: int | None = None
    at: datetime | None = None
    raw_id: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class JobWindow:
    """A window of rows out of a list that may hold millions.

    Attributes:
        total: entries of the whole list, merged over the queues asked for.
        start: position of the first row in it.
    """

    rows: tuple[JobRow, ...]
    total: int
    start: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """One argument: its name (empty for a positional one) and its value as readable text, never evaluated."""

    name: SafeText
    value: SafeText


@dataclass(frozen=True, slots=True, eq=False)
class Payload:
    """What a job would call, read without running any of it.

    Attributes:
        format: `pickle`, `json` or `unknown`.
        notes: what to know about the reading: cut, malformed, would call something, secrets masked.
    """

    func: SafeText
    args: tuple[Argument, ...] = ()
    kwargs: tuple[Argument, ...] = ()
    format: Literal["pickle", "json", "unknown"] = "unknown"
    notes: tuple[SafeText, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class JobResult:
    """One entry of a job's result stream.

    Attributes:
        kind: successful, failed, stopped, retried or max_retries_exceeded.
        value: the return value as readable text.
    """

    at: datetime
    kind: SafeText
    worker: SafeText | None = None
    value: SafeText | None = None
    traceback: tuple[SafeText, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class JobExecution:
    """One run that is registered as going on."""

    id: SafeText
    worker: SafeText | None
    created_at: datetime | None
    last_heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class JobDetail:
    """One job with everything known about it.

    Attributes:
        position: place in its queue, 0 is next; None when it is in no queue.
        timeout: seconds it may run, -1 without limit.
        expires_in: seconds until its hash expires, None when it does not.
        meta: keys and values of its meta as readable text.
        results: newest first.
        log: its output, where a worker kept it.
        due_at: when it is due, if it is scheduled.
        callbacks: what it would call on success, failure and stop, by those names.
        webhooks: where it would report to, header values masked.
        rate_limit: key and concurrency it is limited by.
        notes: what was not read, and why.
    """

    row: JobRow
    payload: Payload
    position: int | None = None
    timeout: int | None = None
    ttl: int | None = None
    result_ttl: int | None = None
    failure_ttl: int | None = None
    expires_in: float | None = None
    retries_left: int | None = None
    retry_intervals: tuple[int, ...] = ()
    repeats_left: int | None = None
    meta: tuple[Argument, ...] = ()
    result: SafeText | None = None
    traceback: tuple[SafeText, ...] = ()
    depends_on: tuple[SafeText, ...] = ()
    dependents: tuple[SafeText, ...] = ()
    executions: tuple[JobExecution, ...] = ()
    results: tuple[JobResult, ...] = ()
    group: SafeText | None = None
    log: tuple[SafeText, ...] = field(default=())
    number_of_retries: int | None = None
    last_heartbeat_at: datetime | None = None
    due_at: datetime | None = None
    callbacks: tuple[Argument, ...] = ()
    webhooks: tuple[SafeText, ...] = ()
    rate_limit: SafeText | None = None
    notes: tuple[SafeText, ...] = ()
