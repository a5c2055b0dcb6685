"""Pure: a snapshot and what came before it -> what needs an operator, each with where to look.

A healthy deployment has no alerts. One that says the same for every queue (suspended) hides what follows from it.
What is much, long or often is said by `alert_rules`; a value that has passed its limit ends the alert only when it has
come back by a tenth, so that one about its limit does not come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pantry_queue.monitor.alert_rules import DEFAULT, EASED, NEW_FAILURE, Rules
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.monitor.wire import name_of

if TYPE_CHECKING:
    from pantry_queue.monitor.model import FailureGroup, QueueStat, Snapshot, WorkerStat

Level = Literal["critical", "warning", "note"]
Kind = Literal["queue", "worker", "redis", "failure", "agent"]

_RECENT = 300.0
#: Jobs that must have ended before a share of them says anything.
_ENOUGH_ENDED = 20


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that needs an operator.

    Attributes:
        kind, subject: what it is about: a queue or a worker by name, Redis, the OCR agent, or a kind of failure by its
            exception.
        text: what is wrong, in a few words.
        short: the same for a narrow column.
        state: the list of jobs to look at, where there is one.
        code: what kind of thing it is, stable (`alert_rules.CODES`).
        id: what tells it from others of its code where the subject does not: a failure's signature.
    """

    level: Level
    kind: Kind
    subject: str
    text: str
    short: str
    state: str = ""
    code: str = ""
    id: str = ""

    @property
    def key(self) -> str:
        """Which alert it is, whatever its numbers and its level say."""
        return f"{self.code}:{self.id or self.subject}"


#: The worst first.
ORDER: dict[Level, int] = {"critical": 0, "warning": 1, "note": 2}


def alerts(
    snapshot: Snapshot,
    history: RateHistory,
    rules: Rules = DEFAULT,
    *,
    before: Iterable[Alert] = (),
    new: Iterable[FailureGroup] = (),
    followed: Iterable[Alert] = (),
) -> tuple[Alert, ...]:
    """What needs an operator now, the worst first.

    Args:
        snapshot, history: what is, and what came before it.
        rules: what is much, long or often.
        before: what this told of the snapshot before.
        new: failures of a kind that was not known until lately.
        followed: what another process follows; new failures of it count, for one look cannot tell them.
    """
    look = _Look(rules, {alert.key: alert.level for alert in before})
    found = [*_redis(snapshot, look), *_agent(snapshot), *_suspended(snapshot), *map(_new_failure, new)]
    for queue in snapshot.queues:
        found += _queue(queue, snapshot, history, look)
    for worker in snapshot.workers:
        found += _worker(worker)
    known = {alert.key for alert in found}
    also = {alert.key: alert for alert in followed if alert.code == NEW_FAILURE and alert.key not in known}
    found += also.values()
    return worst_first(alert for alert in found if alert.code not in rules.muted)


def worst_first(found: Iterable[Alert]) -> tuple[Alert, ...]:
    """The same in the order people read them."""
    return tuple(sorted(found, key=lambda alert: ORDER[alert.level]))


@dataclass(frozen=True, slots=True)
class _Look:
    """The rules, and the level of what was told before by its key."""

    rules: Rules
    before: dict[str, Level]

    def level(self, rule: str, code: str, subject: str, value: float, queue: str = "") -> Level | None:
        """How bad a value is; None when it is right."""
        limit = self.rules.limit(rule, queue)
        told = {"critical": 2, "warning": 1}.get(self.before.get(f"{code}:{subject}", ""), 0)
        judged = max(limit.status(value), min(told, limit.eased(EASED).status(value)))
        return "critical" if judged == 2 else "warning" if judged else None


def _redis(snapshot: Snapshot, look: _Look) -> Iterator[Alert]:
    facts = snapshot.redis
    if facts.max_memory and facts.used_memory is not None:
        share = facts.used_memory / facts.max_memory
        level = look.level("memory", "memory", "Redis", 100 * share)
        if level:
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


def _agent(snapshot: Snapshot) -> Iterator[Alert]:
    stat = snapshot.breaker
    if stat is None:
        return
    trouble = "refuses our token" if stat.refused else "does not answer"
    since = f" (since {stat.opened_at:%H:%M:%S} UTC)" if stat.opened_at else ""
    yield Alert("critical", "agent", stat.name, f"{trouble}{since}; receipts wait", "away", code="breaker")


def _suspended(snapshot: Snapshot) -> Iterator[Alert]:
    if snapshot.suspended:
        waiting = snapshot.totals.queued
        for_how_long = f" for {snapshot.suspended_ttl:.0f} s more" if snapshot.suspended_ttl is not None else ""
        text = f"suspended{for_how_long}; {waiting:,} wait"
        yield Alert("critical" if waiting else "warning", "worker", "workers", text, "suspended", code="suspended")


def _new_failure(group: FailureGroup) -> Alert:
    # As it is normalised: what is told leaves the house, and the message itself may quote anything.
    what = ": ".join(part for part in (group.exception, group.message[:100]) if part)
    text = f"new kind of failure in {group.func}{': ' if what else ''}{what}; {_jobs(group.count)}"
    subject = group.exception.rpartition(".")[2] or "failures"
    return Alert("warning", "failure", subject, text, "new failure", "failed", NEW_FAILURE, group.signature)


def _queue(queue: QueueStat, snapshot: Snapshot, history: RateHistory, look: _Look) -> Iterator[Alert]:
    counts, name = queue.counts, queue.name
    raw = name_of(queue.raw_name) or name

    def alert(level: Level, text: str, short: str, state: str, code: str) -> Alert:
        return Alert(level, "queue", name, text, short, state, code)

    if counts.queued and not snapshot.suspended:
        if queue.paused:
            yield alert("warning", f"paused; {counts.queued:,} wait", "paused", "queued", "paused")
        elif not queue.workers:
            if look.rules.no_worker:
                text = f"no worker listens; {counts.queued:,} wait"
                yield alert("critical", text, "no worker", "queued", "no-worker")
        else:
            yield from _flow(queue, history, look, raw)
            yield from _age(queue, snapshot, look, raw)
    level = look.level("depth", "depth", name, counts.queued, raw)
    if level:
        yield alert(level, f"{counts.queued:,} wait", f"{counts.queued:,} wait", "queued", "depth")
    if counts.abandoned:
        text = f"{counts.abandoned:,} lost: started, their worker is gone"
        yield alert("critical", text, f"{counts.abandoned} lost", "started", "orphans")
    if any(scheduler.queue == name for scheduler in snapshot.schedulers):
        level = look.level("overdue", "overdue", name, counts.overdue, raw)
        if level:
            text = f"{counts.overdue:,} overdue, although a scheduler serves it"
            yield alert(level, text, f"{counts.overdue:,} overdue", "scheduled", "overdue")
    elif counts.overdue:
        text = f"{counts.overdue:,} overdue, no scheduler serves it"
        yield alert("critical", text, f"{counts.overdue:,} overdue", "scheduled", "overdue-no-scheduler")
    yield from _failures(queue, history, look, raw)


def _failures(queue: QueueStat, history: RateHistory, look: _Look, raw: str) -> Iterator[Alert]:
    failed = min(history.failed_in(_RECENT, queue.name), queue.counts.failed)
    if not failed:
        return
    level = look.level("failures", "failures", queue.name, failed, raw) or "note"
    text = f"{failed:,} failed in the last 5 min"
    yield Alert(level, "queue", queue.name, text, f"{failed:,} failed", "failed", "failures")
    ended = max(failed, history.ended_in(_RECENT, queue.name))
    if ended >= _ENOUGH_ENDED:
        share = 100 * failed / ended
        worse = look.level("rate", "failure-rate", queue.name, share, raw)
        if worse:
            text = f"{share:.0f}% of {ended:,} that ended in the last 5 min failed"
            yield Alert(worse, "queue", queue.name, text, f"{share:.0f}% fail", "failed", "failure-rate")


def _age(queue: QueueStat, snapshot: Snapshot, look: _Look, raw: str) -> Iterator[Alert]:
    if queue.oldest_at is None:
        return
    age = (snapshot.taken_at - queue.oldest_at).total_seconds()
    level = look.level("age", "age", queue.name, age, raw)
    if level:
        text = f"the next of {queue.counts.queued:,} has waited for {_long(age)}"
        yield Alert(level, "queue", queue.name, text, "waits long", "queued", "age")


def _flow(queue: QueueStat, history: RateHistory, look: _Look, raw: str) -> Iterator[Alert]:
    flow = history.flow(queue.name)
    waiting = f"{queue.counts.queued:,}"
    level = look.level("stall", "stalled", queue.name, flow.stalled_for, raw) if flow.stalled_for else None
    if level:
        text = f"stands still for {_quiet(flow.stalled_for)} s: {waiting} wait, none runs"
        yield Alert(level, "queue", queue.name, text, "stands still", "queued", "stalled")
    elif flow.drain == "never" and flow.in_per_s is not None and flow.out_per_s is not None:
        growth = flow.in_per_s - flow.out_per_s
        level = look.level("growth", "grows", queue.name, growth, raw)
        if level:
            text = f"grows {growth:.1f}/s; {waiting} wait"
            yield Alert(level, "queue", queue.name, text, "grows", "queued", "grows")


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


def _long(seconds: float) -> str:
    """As much as is worth telling, so that it does not change every second."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _jobs(number: int) -> str:
    return "1 job" if number == 1 else f"{number:,} jobs"
