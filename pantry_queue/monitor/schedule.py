"""What is due and who sees to it: scheduled jobs, cron entries, schedulers and their locks, rq-scheduler's jobs too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import cron, jobs
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.merge import queue_names
from pantry_queue.monitor.model import CronEntry, Due, JobRow, Schedule, SchedulerStat, Trouble
from pantry_queue.monitor.queues import OVERDUE_AFTER, lock
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import Command, ask, blob, blobs, name_of, number, raw_of, scored, server_time
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis import Redis

#: rq-scheduler's own keys, which know no prefix (`rq_scheduler.scheduler`, 0.14).
_THEIR_JOBS = "rq:scheduler:scheduled_jobs"
_THEIR_LOCK = "rq:scheduler_lock"
_MOST_SCHEDULERS = 100
_HISTORY = 5
_META_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Queue:
    name: str
    scheduled: int
    overdue: int
    lock: SchedulerStat | None


def read(
    client: Redis, keys: Keys, *, queues: Sequence[str | bytes] | None = None, count: int = 100, start: int = 0
) -> Schedule:
    """What is scheduled.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix; rq-scheduler's own keys have none.
        queues: names; None for every queue that is registered or listened to.
        count: due jobs to read, the soonest first.
        start: position of the first of them.

    Raises:
        redis.exceptions.RedisError: the server is away, or a registry may not be read.
    """
    names = [name_of(name) for name in queues] if queues is not None else queue_names(client, keys)
    clock, their_lock, members = ask(
        client,
        [
            ("TIME",),
            ("PTTL", _THEIR_LOCK),
            ("ZRANGE", f"{keys.prefix}:cron_schedulers", 0, _MOST_SCHEDULERS - 1, "WITHSCORES"),
        ],
    )
    now = server_time(clock)
    states = _queues(client, keys, names, now)
    window = jobs.window(client, keys, "scheduled", queue=names, start=start, count=count, newest_first=False)
    own = [Due(row, _late(row, now, _grace("rq")), "rq") for row in window.rows]
    theirs, repeating, their_total, their_late = _rq_scheduler(client, keys, count, now, alive=number(their_lock) > 0)
    entries, troubles = _cron(client, keys, scored(members), now)
    due = sorted([*own, *theirs], key=lambda one: one.row.at.timestamp() if one.row.at else float("inf"))
    unattended = [state for state in states if state.scheduled and state.lock is None]
    return Schedule(
        due=tuple(due[:count]),
        total=window.total + their_total,
        late=sum(state.overdue for state in states) + their_late,
        cron=tuple(sorted([*entries, *repeating], key=_soonest)),
        schedulers=tuple(state.lock for state in states if state.lock is not None),
        unattended=tuple(safe(raw_of(state.name)) for state in unattended),
        at=now,
        troubles=(*troubles, *_unattended(unattended), *_their_troubles(their_total, number(their_lock))),
        silent=tuple(safe(name, 200) for name, heard in scored(members) if _silent(heard, now)),
    )


def _grace(by: str) -> float:
    return OVERDUE_AFTER if by == "rq" else cron.MISSED_AFTER


def _late(row: JobRow, now: datetime, grace: float) -> float:
    late = (now - row.at).total_seconds() if row.at else 0.0
    return late if late > grace else 0.0


def _soonest(entry: CronEntry) -> tuple[float, str]:
    return (entry.next_at.timestamp() if entry.next_at else float("inf"), entry.name)


def _queues(client: Redis, keys: Keys, names: Sequence[str], now: datetime) -> list[_Queue]:
    overdue = int(now.timestamp()) - OVERDUE_AFTER
    questions: list[Command] = [
        ("ZCARD", keys.registry("scheduled", NAME)),
        ("ZCOUNT", keys.registry("scheduled", NAME), 0, overdue),
        ("GET", keys.scheduler_lock(NAME)),
        ("PTTL", keys.scheduler_lock(NAME)),
    ]
    return [
        _Queue(name, number(scheduled), number(late), lock(name, holder, ttl))
        for name, (scheduled, late, holder, ttl) in zip(names, ask_each(client, questions, names), strict=True)
    ]


def _unattended(states: Sequence[_Queue]) -> list[Trouble]:
    found = []
    for state in states:
        queue = safe(raw_of(state.name))
        overdue = f", {state.overdue:,} of them overdue" if state.overdue else ""
        says = f"queue {queue}: {state.scheduled:,} scheduled and no scheduler runs for it{overdue}"
        found.append(Trouble(SafeText(says), queue=queue))
    return found


# -- CronScheduler ------------------------------------------------------------------------------------------
def _cron(
    client: Redis, keys: Keys, members: Sequence[tuple[bytes, float]], now: datetime
) -> tuple[list[CronEntry], list[Trouble]]:
    """Entries of every CronScheduler, and what is wrong with it."""
    key = f"{keys.prefix}:cron_scheduler:{NAME}"
    names = [member for member, _ in members]
    sizes = ask_each(client, [("HSTRLEN", key, "cron_jobs"), ("PTTL", key)], names)
    entries: list[CronEntry] = []
    troubles: list[Trouble] = []
    for (name, heard), (size, ttl) in zip(members, sizes, strict=True):
        shown = safe(name, 200)
        silence = now.timestamp() - heard
        alive = not _silent(heard, now)
        if not alive:
            says = f"CronScheduler {shown} has not been heard of for {silence:,.0f} s"
            tells = 0 < number(size) <= cron.LIMIT
            troubles.append(Trouble(SafeText(says), scheduler=shown if tells else SafeText("")))
        if number(size) > cron.LIMIT:
            troubles.append(Trouble(SafeText(f"CronScheduler {shown}: {number(size):,} bytes of entries, not loaded")))
        elif number(size):
            (stored,) = ask(client, [("HGET", f"{keys.prefix}:cron_scheduler:{name_of(name)}", "cron_jobs")])
            entries += cron.entries(blob(stored), shown, alive=alive, now=now)
        elif ttl != -2:
            troubles.append(Trouble(SafeText(f"CronScheduler {shown} does not tell its entries: RQ does from 2.7 on")))
    return _with_history(client, keys, entries), troubles


def _silent(heard: float, now: datetime) -> bool:
    return now.timestamp() - heard > cron.SILENT_AFTER


def _with_history(client: Redis, keys: Keys, entries: list[CronEntry]) -> list[CronEntry]:
    """With the jobs each entry made last, which RQ keeps from 2.11 on under the entry's name."""
    key = f"{keys.prefix}:cron_job:{NAME}:jobs"
    replies = ask_each(client, [("ZREVRANGE", key, 0, _HISTORY - 1)], [str(entry.name) for entry in entries])
    return [
        replace(entry, jobs=tuple(safe(job_id) for job_id in blobs(reply)))
        for entry, (reply,) in zip(entries, replies, strict=True)
    ]


# -- rq-scheduler -------------------------------------------------------------------------------------------
def _rq_scheduler(
    client: Redis, keys: Keys, count: int, now: datetime, *, alive: bool
) -> tuple[list[Due], list[CronEntry], int, int]:
    """Its jobs: those that run once, those that repeat, how many in all, how many late."""
    late_before = int(now.timestamp()) - cron.MISSED_AFTER
    total, late, members = ask(
        client,
        [
            ("ZCARD", _THEIR_JOBS),
            ("ZCOUNT", _THEIR_JOBS, 0, late_before),
            ("ZRANGE", _THEIR_JOBS, 0, max(count, 1) - 1, "WITHSCORES"),
        ],
    )
    places = [Place("", member, score) for member, score in scored(members)]
    found = jobs.read(client, keys, "scheduled", places)
    metas = _metas(client, keys, places)
    due, entries = [], []
    for row, meta in zip(found, metas, strict=True):
        row = replace(row, listed=SafeText(""), raw_queue=b"")  # noqa: PLW2901 - no list of RQ's holds it
        entry = cron.repeating(row, meta, now, alive=alive)
        if entry is not None:
            entries.append(entry)
        repeats = entry.words if entry else SafeText("")
        due.append(Due(row, _late(row, now, _grace("rq-scheduler")), "rq-scheduler", repeats))
    return due, entries, number(total), number(late)


def _metas(client: Redis, keys: Keys, places: Sequence[Place]) -> list[bytes | None]:
    ids = [place.job_id for place in places]
    sizes = ask_each(client, [("HSTRLEN", keys.job(NAME), "meta")], ids)
    small = [job_id for job_id, (size,) in zip(ids, sizes, strict=True) if 0 < number(size) <= _META_LIMIT]
    values = ask_each(client, [("HGET", keys.job(NAME), "meta")], small)
    known = {job_id: blob(value) for job_id, (value,) in zip(small, values, strict=True)}
    return [known.get(job_id) for job_id in ids]


def _their_troubles(total: int, lock: int) -> list[Trouble]:
    if not total or lock > 0:
        return []
    return [Trouble(SafeText(f"rq-scheduler: {total:,} jobs wait and nobody holds its lock"))]
