"""One worker: what is asked about it, what the answers mean, and the verdict on whether it lives.

The rules rest on two facts of RQ's worker (`rq.worker.base`, 3.0): its record expires 60 s after the next heartbeat
is due, whatever its settings; and a thread of it subscribes to its command channel. Neither needs a clock to agree
with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pantry_queue.keys import Keys
from pantry_queue.monitor import fields, wire
from pantry_queue.monitor.model_deployment import WorkerStat, WorkerVerdict
from pantry_queue.monitor.wire import Command
from pantry_queue.text import SafeText, safe

#: Seconds RQ keeps a worker's record beyond the moment its next heartbeat is due.
GRACE = 60
#: Seconds a heartbeat may be overdue before the worker is called late, and, if nobody listens to its commands, dead.
LATE_AFTER = 15
DEAD_AFTER = 30

FIELDS = (
    "state",
    "queues",
    "birth",
    "last_heartbeat",
    "death",
    "shutdown_requested_date",
    "pid",
    "hostname",
    "ip_address",
    "version",
    "python_version",
    "successful_job_count",
    "failed_job_count",
    "total_working_time",
    "current_job",
    "pantry",
    "allowed",
)
#: How many replies belong to one worker.
REPLIES = 3
_QUEUES = FIELDS.index("queues")
_MOST_QUEUES = 1000
_MOST_EXECUTIONS = 100


def questions(keys: Keys, worker: str) -> list[Command]:
    """What to ask about one worker: `REPLIES` commands."""
    return [
        ("HMGET", keys.worker(worker), *FIELDS),
        ("PTTL", keys.worker(worker)),
        ("SSCAN", keys.worker_executions(worker), 0, "COUNT", _MOST_EXECUTIONS),
    ]


def subscriptions(keys: Keys, workers: Sequence[str]) -> Command:
    """The question how many listen to each worker's command channel."""
    return ("PUBSUB", "NUMSUB", *map(keys.worker_channel, workers))


def listeners(reply: Any) -> dict[bytes, bool]:
    """Channel -> whether somebody listens, out of the reply to `subscriptions`; empty where it was refused."""
    if isinstance(reply, dict):
        return {wire.raw_of(channel): int(count) > 0 for channel, count in reply.items()}
    if not isinstance(reply, (list, tuple)):
        return {}
    pairs = zip(reply[::2], reply[1::2], strict=False)
    return {wire.raw_of(channel): int(count) > 0 for channel, count in pairs}


def queue_names(replies: Sequence[Any]) -> list[str]:
    """The queues a worker says it listens to."""
    reply = replies[0]
    joined = reply[_QUEUES] if isinstance(reply, list) and len(reply) > _QUEUES else None
    return list(_split(joined)) if isinstance(joined, bytes) else []


@lru_cache(maxsize=2048)
def _split(joined: bytes) -> tuple[str, ...]:
    return tuple(wire.name_of(part) for part in joined.split(b",")[:_MOST_QUEUES] if part)


def worker(name: str, replies: Sequence[Any], subscribed: bool | None, now: datetime) -> WorkerStat:
    """One worker with its verdict.

    Args:
        name: its name.
        replies: to `questions`.
        subscribed: whether its command channel has a listener, None if unknown.
        now: the server's time.
    """
    said = _said(tuple(replies[0])) if isinstance(replies[0], list) else _said(())
    pttl = replies[1] if isinstance(replies[1], int) else None
    jobs = _jobs(said.current_job, replies[2])
    ttl = pttl / 1000 if pttl is not None and pttl >= 0 else None
    age = max(0.0, (now - said.last_heartbeat_at).total_seconds()) if said.last_heartbeat_at else None
    verdict, evidence = judge(
        exists=pttl != -2,
        ttl=ttl,
        subscribed=subscribed,
        busy=bool(jobs) or said.state == "busy",
        death_at=said.death_at,
        heartbeat_age=age,
    )
    return WorkerStat(
        name=safe(wire.raw_of(name)),
        raw_name=wire.raw_of(name),
        state=said.state,
        queues=said.queues,
        job_ids=tuple(safe(job) for job in jobs),
        verdict=verdict,
        evidence=SafeText(evidence),
        hostname=said.hostname,
        ip_address=said.ip_address,
        pid=said.pid,
        rq_version=said.rq_version,
        python_version=said.python_version,
        birth_at=said.birth_at,
        last_heartbeat_at=said.last_heartbeat_at,
        heartbeat_age=age,
        ttl=ttl,
        subscribed=subscribed,
        successful=said.successful,
        failed=said.failed,
        working_seconds=said.working_seconds,
        shutdown_requested_at=said.shutdown_requested_at,
        pantry=said.pantry,
        allowed=said.allowed,
    )


class _Said(NamedTuple):
    """A worker's own record, readable."""

    state: SafeText
    queues: tuple[SafeText, ...]
    birth_at: datetime | None
    last_heartbeat_at: datetime | None
    death_at: datetime | None
    shutdown_requested_at: datetime | None
    pid: int | None
    hostname: SafeText
    ip_address: SafeText
    rq_version: SafeText
    python_version: SafeText
    successful: int
    failed: int
    working_seconds: float
    current_job: bytes | None
    pantry: SafeText
    allowed: tuple[SafeText, ...]


@lru_cache(maxsize=2048)
def _said(values: tuple[Any, ...]) -> _Said:
    """The record out of the reply to HMGET: an idle worker writes it once in seven minutes, we read it each second."""
    found = wire.fields(values, FIELDS)
    return _Said(
        state=fields.line(found.get("state"), 40),
        queues=tuple(safe(wire.raw_of(queue)) for queue in _split(found.get("queues", b""))),
        birth_at=fields.when(found.get("birth")),
        last_heartbeat_at=fields.when(found.get("last_heartbeat")),
        death_at=fields.when(found.get("death")),
        shutdown_requested_at=fields.when(found.get("shutdown_requested_date")),
        pid=fields.whole(found.get("pid")),
        hostname=fields.line(found.get("hostname"), 255),
        ip_address=fields.line(found.get("ip_address"), 60),
        rq_version=fields.line(found.get("version"), 40),
        python_version=fields.line(found.get("python_version"), 120),
        successful=fields.whole(found.get("successful_job_count")) or 0,
        failed=fields.whole(found.get("failed_job_count")) or 0,
        working_seconds=fields.real(found.get("total_working_time")) or 0.0,
        current_job=found.get("current_job") or None,
        pantry=fields.line(found.get("pantry"), 40),
        allowed=tuple(map(safe, fields.strings(found.get("allowed")))),
    )


def _jobs(current_job: bytes | None, executions: Any) -> list[bytes]:
    """What it runs: its set of executions since RQ 3.0, a field of its record before."""
    running = [fields.job_of(member) for member in wire.scanned(executions)]
    if not running and current_job:
        running = [current_job]
    return list(dict.fromkeys(running))


def judge(
    *,
    exists: bool,
    ttl: float | None,
    subscribed: bool | None,
    busy: bool,
    death_at: datetime | None,
    heartbeat_age: float | None,
) -> tuple[WorkerVerdict, str]:
    """The verdict on a worker and, in words, what it rests on. Pure.

    Args:
        exists: its record is still there.
        ttl: seconds until the record expires, None when it never does.
        subscribed: somebody listens to its command channel; None if unknown.
        busy: it runs a job.
        death_at: when it said that it ends.
        heartbeat_age: seconds since its last heartbeat by the two hosts' clocks, for the wording only.
    """
    heard = "no heartbeat is recorded" if heartbeat_age is None else f"its last heartbeat is {heartbeat_age:.0f} s old"
    if not exists:
        return "ghost", "its record has expired; only its name is left in the set of workers"
    if death_at is not None:
        return "dead", f"it ended in good order at {death_at:%H:%M:%S} UTC"
    overdue = None if ttl is None else GRACE - ttl
    late = overdue is not None and overdue > LATE_AFTER
    if subscribed is False:
        if overdue is not None and overdue > DEAD_AFTER:
            return "dead", f"nobody listens to its commands and its heartbeat is {overdue:.0f} s overdue"
        return "deaf", f"nobody listens to its commands, so it was killed or has lost its subscription; {heard}"
    if late:
        return "late", f"its heartbeat is {overdue:.0f} s overdue; {heard}"
    if ttl is None:
        return "late", f"its record never expires, so a late heartbeat wrote it after its end; {heard}"
    listening = "" if subscribed is None else ", it listens to commands"
    return ("busy" if busy else "alive"), f"{heard}, the record lives {ttl:.0f} s more{listening}"
