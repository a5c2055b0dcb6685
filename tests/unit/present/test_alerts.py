"""What needs an operator, and that nothing does where all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pantry_queue.monitor.alerts import Alert, alerts
from pantry_queue.monitor.model import BreakerStat, Counts, QueueStat, RedisFacts, SchedulerStat, Snapshot, WorkerStat
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORKER = WorkerStat(SafeText("w"), SafeText("idle"), (SafeText("q"),), (), "alive", SafeText("it beats"))
HEALTHY = Snapshot(
    taken_at=START,
    round_trip_ms=1.0,
    target=SafeText("here"),
    redis=RedisFacts(role=SafeText("master"), used_memory=100, max_memory=1000, eviction_policy=SafeText("noeviction")),
    queues=(QueueStat(SafeText("q"), Counts(queued=3, started=1, finished=9), (SafeText("w"),)),),
    workers=(WORKER,),
)

RESTING = BreakerStat(SafeText("agent"), "open", START + timedelta(seconds=60), START)


def of(snapshot: Snapshot, *earlier: Snapshot) -> tuple[Alert, ...]:
    history = RateHistory()
    for taken in (*earlier, snapshot):
        history.observe(taken)
    return alerts(snapshot, history)


def queue(counts: Counts, **changes: object) -> Snapshot:
    return replace(HEALTHY, queues=(replace(HEALTHY.queues[0], counts=counts, **changes),))  # type: ignore[arg-type]


def after(seconds: float, snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, taken_at=START + timedelta(seconds=seconds))


def test_nothing_is_wrong_where_nothing_is_wrong() -> None:
    assert of(HEALTHY) == ()


@pytest.mark.parametrize(
    ("snapshot", "level", "subject", "text"),
    [
        (queue(Counts(queued=31), workers=()), "critical", "q", "no worker listens; 31 wait"),
        (queue(Counts(queued=31), paused=True), "warning", "q", "paused; 31 wait"),
        (queue(Counts(started=2, abandoned=2)), "critical", "q", "2 lost"),
        (queue(Counts(scheduled=9, overdue=1)), "critical", "q", "1 overdue, no scheduler"),
        (replace(HEALTHY, suspended=True), "critical", "workers", "suspended; 3 wait"),
        (replace(HEALTHY, suspended=True, suspended_ttl=90.0), "critical", "workers", "suspended for 90 s more"),
        (replace(HEALTHY, quarantined=2), "warning", "quarantine", "2 unreadable jobs"),
        (replace(HEALTHY, breaker=RESTING), "critical", "agent", "does not answer (since 12:00:00 UTC); receipts wait"),
        (replace(HEALTHY, breaker=replace(RESTING, refused=True)), "critical", "agent", "refuses our token"),
        (replace(HEALTHY, redis=replace(HEALTHY.redis, used_memory=850)), "warning", "Redis", "85% of its limit"),
        (replace(HEALTHY, redis=replace(HEALTHY.redis, used_memory=990)), "critical", "Redis", "99% of its limit"),
        (
            replace(HEALTHY, redis=replace(HEALTHY.redis, eviction_policy=SafeText("allkeys-lru"))),
            "warning",
            "Redis",
            "jobs would vanish",
        ),
        (replace(HEALTHY, redis=replace(HEALTHY.redis, role=SafeText("slave"))), "warning", "Redis", "replica"),
        (
            replace(HEALTHY, workers=(replace(WORKER, verdict="dead", job_ids=(SafeText("j"),)),)),
            "critical",
            "w",
            "gone, holds 1 job",
        ),
        (
            replace(HEALTHY, workers=(replace(WORKER, verdict="late", heartbeat_age=97.0),)),
            "warning",
            "w",
            "silent for 90 s",
        ),
        (replace(HEALTHY, workers=(replace(WORKER, verdict="deaf"),)), "warning", "w", "hears no commands"),
    ],
)
def test_each_thing_that_can_be_wrong(snapshot: Snapshot, level: str, subject: str, text: str) -> None:
    (alert,) = of(snapshot)
    assert (alert.level, alert.subject) == (level, subject)
    assert text in alert.text


@pytest.mark.parametrize(
    "snapshot",
    [
        queue(Counts(), workers=()),
        queue(Counts(), paused=True),
        replace(HEALTHY, redis=RedisFacts()),
        replace(HEALTHY, redis=replace(HEALTHY.redis, max_memory=0, used_memory=9**12)),
        replace(HEALTHY, workers=(replace(WORKER, verdict="dead"), replace(WORKER, verdict="ghost"))),
        replace(
            queue(Counts(scheduled=9, overdue=1)),
            schedulers=(SchedulerStat(SafeText("q"), SafeText("w"), 10.0),),
        ),
    ],
)
def test_what_is_no_trouble(snapshot: Snapshot) -> None:
    assert of(snapshot) == ()


def test_suspended_workers_hide_what_follows_from_it() -> None:
    suspended = replace(queue(Counts(queued=9), workers=()), suspended=True)
    assert [alert.subject for alert in of(suspended)] == ["workers"]


def test_a_growing_queue() -> None:
    # Two come and one ends each second.
    past = [after(second, queue(Counts(queued=100 + second, started=1, finished=second))) for second in range(61)]
    (alert,) = of(past[-1], *past[:-1])
    assert alert.level == "warning"
    assert alert.text == "grows 1.0/s; 160 wait"


def test_idle_workers_beside_waiting_jobs() -> None:
    past = [after(second, queue(Counts(queued=7))) for second in range(41)]
    (alert,) = of(past[-1], *past[:-1])
    assert alert.level == "critical"
    assert alert.text == "stands still for 30 s: 7 wait, none runs"
    # A moment of it is normal.
    assert of(past[5], *past[:5]) == ()


def test_recent_failures_are_a_note_until_they_are_cleared() -> None:
    past = [after(second, queue(Counts(failed=second // 10))) for second in range(61)]
    (alert,) = of(past[-1], *past[:-1])
    assert (alert.level, alert.state) == ("note", "failed")
    assert alert.text == "6 failed in the last 5 min"
    assert of(after(62, queue(Counts())), *past) == ()


def test_the_worst_comes_first() -> None:
    past = [after(second, queue(Counts(failed=second, abandoned=1, queued=5), paused=True)) for second in range(20)]
    levels = [alert.level for alert in of(past[-1], *past[:-1])]
    assert levels == ["critical", "warning", "note"]
