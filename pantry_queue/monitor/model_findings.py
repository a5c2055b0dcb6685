"""What is found by looking over many jobs: hits, groups of failures, what is due. See `model`, the public door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pantry_queue.monitor.model_deployment import SchedulerStat
from pantry_queue.monitor.model_job import JobRow
from pantry_queue.text import SafeText


@dataclass(frozen=True, slots=True, eq=False)
class SearchChunk:
    """Hits of one step of a search, and how far it has come.

    Attributes:
        rows: jobs that match, found in this step.
        looked: entries looked at so far.
        total: entries there are in all lists that may hold a match.
        hits: matches so far.
        finished: nothing more will come: everything was looked at, or as much as was asked for.
    """

    rows: tuple[JobRow, ...]
    looked: int
    total: int
    hits: int
    finished: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FailureGroup:
    """Failures that have the same cause, as far as can be told.

    Attributes:
        signature: ten hexadecimal digits that stand for function, exception, normalised message and deciding frame;
            the same in every run.
        func: the function that failed, as a dotted path.
        exception: type of the exception; empty where RQ itself ended the job.
        message: the message with numbers, ids, paths and quoted text replaced.
        where: the frame that decides: the innermost one outside installed packages and the standard library.
        queues: failures per queue, largest first.
        last_hour, last_day, last_week: failures that ended within so long before the report.
        hours: the same for each of the last 24 hours, oldest first; empty when nobody counted.
        first_at, last_at: when the oldest and newest of them ended.
        retried: how many of them had failed or been retried before, so that retrying did not help.
        sample: the newest failure's id, and `raw_sample` as Redis holds it.
        error: the last line of the sample's traceback as it stands.
    """

    signature: str
    func: SafeText
    exception: SafeText
    message: SafeText
    where: SafeText
    count: int
    queues: tuple[tuple[SafeText, int], ...]
    last_hour: int
    last_day: int
    last_week: int
    first_at: datetime | None
    last_at: datetime | None
    retried: int
    sample: SafeText
    error: SafeText
    raw_sample: bytes = b""
    hours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FailureReport:
    """Groups of failures, the largest first.

    Attributes:
        looked: failed jobs looked at; `total` are there.
        expired: of those, ids whose job is gone.
        at: the server's time the counts of hour, day and week refer to.
    """

    groups: tuple[FailureGroup, ...]
    looked: int
    total: int
    expired: int
    at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """A job that waits for its time.

    Attributes:
        row: the job; `row.at` is when it is due.
        late: seconds it is overdue; 0 when it is not, or by less than RQ's scheduler needs.
        by: who will put it into its queue.
        repeats: what an rq-scheduler job says of its repetition, in words.
    """

    row: JobRow
    late: float
    by: Literal["rq", "rq-scheduler"]
    repeats: SafeText = SafeText("")


@dataclass(frozen=True, slots=True, eq=False)
class CronEntry:
    """One entry of a CronScheduler, or a repeating job of rq-scheduler.

    Attributes:
        name: its name; RQ before 2.12 gives none.
        rule: cron text, or `every N s`.
        words: the rule in plain words.
        last_at, next_at: last and next time it puts a job into its queue.
        missed: it should have run by now and did not; `late` says by how many seconds.
        scheduler: the CronScheduler that holds it, empty for rq-scheduler's.
        alive: that scheduler's heartbeat is fresh; None if unknown.
        jobs: the newest jobs it made, as far as RQ keeps them (2.11 on).
    """

    name: SafeText
    func: SafeText
    queue: SafeText
    rule: SafeText
    words: SafeText
    last_at: datetime | None
    next_at: datetime | None
    missed: bool
    late: float
    scheduler: SafeText
    alive: bool | None
    by: Literal["rq", "rq-scheduler"] = "rq"
    jobs: tuple[SafeText, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong with the schedule.

    Attributes:
        says: it, in a sentence.
        queue: the only queue it concerns; empty for none in particular.
        scheduler: the only CronScheduler whose entries it concerns; empty for none in particular.
    """

    says: SafeText
    queue: SafeText = SafeText("")
    scheduler: SafeText = SafeText("")


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What is due and who will see to it.

    Attributes:
        due: the jobs that are due next, soonest first; `total` are scheduled, `late` of them overdue.
        cron: entries that repeat.
        schedulers: who holds the scheduler lock of which queue.
        unattended: queues with scheduled jobs for which nobody holds the lock.
        at: the server's time.
        troubles: what is wrong.
        silent: CronSchedulers that have not been heard of for too long.
    """

    due: tuple[Due, ...]
    total: int
    late: int
    cron: tuple[CronEntry, ...]
    schedulers: tuple[SchedulerStat, ...]
    unattended: tuple[SafeText, ...]
    at: datetime
    troubles: tuple[Trouble, ...] = ()
    silent: tuple[SafeText, ...] = ()

    @property
    def notes(self) -> tuple[SafeText, ...]:
        """What is wrong, each a sentence."""
        return tuple(trouble.says for trouble in self.troubles)


@dataclass(frozen=True, slots=True, eq=False)
class JobNode:
    """A job in a tree of dependencies.

    Attributes:
        row: the job; `row.expired` when its hash is gone.
        children: what it waits for, or what waits for it.
        loop: it stands above itself, so it is not followed again.
        more: how many children there are beyond those read.
    """

    row: JobRow
    children: tuple[JobNode, ...] = ()
    loop: bool = False
    more: int = 0
