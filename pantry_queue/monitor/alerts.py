"""Pure: a snapshot and what came before it -> what needs an operator, each with where to look.

A healthy deployment has no alerts. One that says the same for every queue (suspended) hides what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pantry_queue.monitor.model import QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.rates import RateHistory

Level = Literal["critical", "warning", "note"]
Kind = Literal["queue", "worker", "redis"]

#: Idle workers and waiting jobs at the same time are normal for a moment, not for this long (seconds).
_STALL = 15.0
#: Shares of the memory limit.
_MEMORY_WARNING, _MEMORY_CRITICAL = 0.8, 0.95
_RECENT = 300.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that needs an operator.

    Attributes:
        kind, subject: what it is about: a queue or a worker by name, or Redis.
        text: what is wrong, in a few words.
        short: the same for a narrow column.
        state: the list of jobs to look at, where there is one.
        code: what kind of thing it is, stable.
    """

    level: Level
    kind: Kind
    subject: str
    text: str
    short: str
    state: str = ""
    code: str = ""


_ORDER: dict[Level, int] = {"critical": 0, "warning": 1, "note": 2}


def alerts(snapshot: Snapshot, history: RateHistory) -> tuple[Alert, ...]:
    """What needs an operator now, the worst first."""
    found = [*_redis(snapshot), *_suspended(snapshot)]
    for queue in snapshot.queues:
        found += _queue(queue, snapshot, history)
    for worker in snapshot.workers:
        found += _worker(worker)
    return tuple(sorted(found, key=lambda alert: _ORDER[alert.level]))


def _redis(snapshot: Snapshot) -> Iterator[Alert]:
    facts = snapshot.redis
    if facts.max_memory and facts.used_memory is not None:
        share = facts.used_memory / facts.max_memory
        if share >= _MEMORY_WARNING:
            level: Level = "critical" if share >= _MEMORY_CRITICAL else "warning"
            yield Alert(level, "redis", "Redis", f"memory is {share:.0%} of its limit", "memory", code="memory")
    if facts.max_memory and facts.eviction_policy not in ("", "noeviction"):
        text = f"policy {facts.eviction_policy} drops keys when memory is full: jobs would vanish"
        yield Alert("warning", "redis", "Redis", text, "evicts", code="evicts")
    if facts.role in ("slave", "replica"):
        yield Alert(
            "warning", "redis", "Redis", "this is a replica: what it shows may be behind", "replica", code="replica"
        )
    if snapshot.quarantined:
        text = f"{snapshot.quarantined:,} unreadable jobs are set aside"
        yield Alert("warning", "redis", "quarantine", text, "quarantine", code="quarantine")


def _suspended(snapshot: Snapshot) -> Iterator[Alert]:
    if snapshot.suspended:
        waiting = snapshot.totals.queued
        for_how_long = f" for {snapshot.suspended_ttl:.0f} s more" if snapshot.suspended_ttl is not None else ""
        text = f"suspended{for_how_long}; {waiting:,} wait"
        yield Alert("critical" if waiting else "warning", "worker", "workers", text, "suspended", code="suspended")


def _queue(queue: QueueStat, snapshot: Snapshot, history: RateHistory) -> Iterator[Alert]:
    counts, name = queue.counts, queue.name

    def alert(level: Level, text: str, short: str, state: str, code: str) -> Alert:
        return Alert(level, "queue", name, text, short, state, code)

    if counts.queued and not snapshot.suspended:
        if queue.paused:
            yield alert("warning", f"paused; {counts.queued:,} wait", "paused", "queued", "paused")
        elif not queue.workers:
            text = f"no worker listens; {counts.queued:,} wait"
            yield alert("critical", text, "no worker", "queued", "no-worker")
        else:
            yield from _flow(queue, history)
    if counts.abandoned:
        text = f"{counts.abandoned:,} lost: started, their worker is gone"
        yield alert("critical", text, f"{counts.abandoned} lost", "started", "orphans")
    if counts.overdue and not any(scheduler.queue == name for scheduler in snapshot.schedulers):
        text = f"{counts.overdue:,} overdue, no scheduler serves it"
        yield alert("critical", text, f"{counts.overdue:,} overdue", "scheduled", "overdue-no-scheduler")
    failed = min(history.failed_in(_RECENT, name), counts.failed)
    if failed:
        text = f"{failed:,} failed in the last 5 min"
        yield alert("note", text, f"{failed} failed", "failed", "failures")


def _flow(queue: QueueStat, history: RateHistory) -> Iterator[Alert]:
    flow = history.flow(queue.name)
    waiting = f"{queue.counts.queued:,}"
    if flow.stalled_for >= _STALL:
        text = f"stands still for {_quiet(flow.stalled_for)} s: {waiting} wait, none runs"
        yield Alert("critical", "queue", queue.name, text, "stands still", "queued", "stalled")
    elif flow.drain == "never" and flow.in_per_s is not None and flow.out_per_s is not None:
        growth = flow.in_per_s - flow.out_per_s
        if growth > 0.05:
            text = f"grows {growth:.1f}/s; {waiting} wait"
            yield Alert("warning", "queue", queue.name, text, "grows", "queued", "grows")


def _worker(worker: WorkerStat) -> Iterator[Alert]:
    holds = f", holds {_jobs(len(worker.job_ids))}" if worker.job_ids else ""
    if worker.verdict in ("dead", "ghost") and worker.job_ids:
        yield Alert("critical", "worker", worker.name, f"gone{holds}", "dead", code="worker-gone")
    elif worker.verdict == "deaf":
        yield Alert("warning", "worker", worker.name, f"hears no commands{holds}", "deaf", code="worker-deaf")
    elif worker.verdict == "late":
        yield Alert("warning", "worker", worker.name, f"{_silent(worker)}{holds}", "late", code="worker-late")


def _silent(worker: WorkerStat) -> str:
    seconds = worker.heartbeat_age
    return "late" if seconds is None else f"silent for {_quiet(seconds)} s"


def _quiet(seconds: float) -> int:
    """In steps, so that a line that says the same does not change every second."""
    return int(seconds // 15 * 15)


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"
