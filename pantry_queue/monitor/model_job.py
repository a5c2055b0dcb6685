"""Jobs: a row, a window of rows, one job with everything known about it. See `model`, the public door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pantry_queue.text import SafeText


@dataclass(frozen=True, slots=True, eq=False)
class JobRow:
    """One line of a list of jobs.

    Attributes:
        state: what the hash says; for a row without a hash the state of the list it stands in.
        listed: the state of the list it stands in, one of `model.STATES`; empty when it was not read out of a list.
        expired: its id is still listed but its hash is gone.
        worker: who runs or ran it.
        error: last line of its last failure.
        at: the score of its place (expiry, due time, cancel time), as a time; None in lists.
        args: its arguments as text; None unless they were asked for.
        raw_id: the id as Redis holds it, to ask and act with; never shown.
        raw_queue: the name of the queue whose list it stands in, as Redis holds it; never shown.
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
    listed: SafeText = SafeText("")
    args: SafeText | None = None
    raw_id: bytes = b""
    raw_queue: bytes = b""


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
