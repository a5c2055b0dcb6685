"""Fixed answers to what the screens of diagnosis and activity ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.tui.counting import Counted, FunctionsNeed
from console.tui.examining import DoctorNeed, Examined, WhyNeed
from console.tui.happening import Happening, HappeningNeed
from console.tui.needs import ChangesNeed, ScheduleNeed, TrashNeed
from console.tui.source import Need
from pantry_queue.control.audit import Entry
from pantry_queue.control.trash import Kept
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts, Sample
from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.lost import Lost
from pantry_queue.monitor.diagnosis.model import Explanation
from pantry_queue.monitor.diagnosis.why import explain
from pantry_queue.monitor.events import Event
from pantry_queue.monitor.functions import Functions, FunctionStat, Times
from pantry_queue.monitor.model import Counts, CronEntry, Due, Schedule, SchedulerStat, Trouble
from tests.tui.fixed import NOW, ago, job_detail, job_row, snapshot, text
from tests.tui.support import FixedSource


def ill() -> Examined:
    """A deployment in which much is wrong; keys of jobs were looked at, settings of the server not."""
    now = snapshot()
    sample = Sample("emails", "finished", b"ocr-1042", 300, -1, -1)
    facts = DeploymentFacts(
        now, info={"aof_enabled": "1"}, trip_ms=0.4, samples=(sample,), orphans={"exports": ("b54cda26",)}
    )
    return Examined(replace(facts, lost=Lost(4012, True)), 38.2)


def well() -> Examined:
    """A deployment in which nothing is wrong."""
    now = snapshot()
    queues = tuple(replace(queue, counts=Counts(finished=7), paused=False) for queue in now.queues)
    workers = tuple(replace(worker, verdict="alive", job_ids=()) for worker in now.workers)
    calm = replace(now, queues=queues, workers=workers, redis=replace(now.redis, used_memory=1_200_000_000))
    facts = DeploymentFacts(calm, info={"aof_enabled": "1"}, slow=(), trip_ms=0.4, lost=Lost(4012, True))
    facts = replace(facts, schedule=Schedule((), 0, 0, (), (), (), calm.taken_at))
    return Examined(facts, 38.2)


def why() -> Explanation:
    """A job on whose queue nobody works."""
    row = replace(job_row("queued", 5), queue=text("pdf"), enqueued_at=ago(372))
    served = replace(job_row("finished", 1), worker=text("web-2.4107"), ended_at=ago(431))
    facts = JobFacts(
        raw_id=row.id,
        raw_queue="pdf",
        detail=replace(job_detail(row), position=0),
        snapshot=snapshot(),
        places={"queued": None},
        recent=(served,),
        allowed=("pantry_queue.tasks.",),
    )
    return explain(facts, 6.2)


def _entry(name: str, missed: float, alive: bool) -> CronEntry:
    names = (text(name), text("app.report"), text("reports"), text("0 6 * * *"), text("every day at 06:00"))
    return CronEntry(*names, ago(7200), ago(-600), bool(missed), missed, text("cron-1"), alive)


def schedule() -> Schedule:
    """Jobs in time and late, entries in order and missed, a queue nobody sees to."""
    return Schedule(
        due=(
            Due(job_row("scheduled", 0), 100.0, "rq"),
            Due(job_row("scheduled", 3), 0.0, "rq"),
            Due(job_row("scheduled", 8), 0.0, "rq-scheduler", text("every 60 s")),
        ),
        total=1203,
        late=1,
        cron=(_entry("nightly", 0, True), _entry("weekly", 500, True), _entry("lost", 0, False)),
        schedulers=(SchedulerStat(text("default"), text("web-1.4100"), 52.0),),
        unattended=(text("reports"),),
        at=NOW,
        troubles=(
            Trouble(text("Nobody sees to the scheduled jobs of reports."), queue=text("reports")),
            Trouble(text("CronScheduler cron-2 is silent."), scheduler=text("cron-2")),
        ),
    )


def counted() -> Counted:
    """Functions that fare well and badly, one whose slowest run is forgotten."""
    ends = (text("default"), text("app.tasks.send_mail"), text("web-3.4102"))
    slowest = Event("1-1", ago(900), text("failed"), text("ocr-1042"), *ends, 12.3, text("OSError: full"), b"ocr-1042")
    stats = (
        FunctionStat(
            text("app.tasks.send_mail"),
            12_041,
            120,
            Times(12_041, 0.21, 1.9, 16.4),
            Times(12_041, 0.9, 31.0, 131.0),
            slowest,
        ),
        FunctionStat(
            text("app.reports.build"), 31, 4, Times(31, 42.0, 118.0, 131.1), Times(31, 0.004, 0.02, 0.03), slowest
        ),
        FunctionStat(text("app.cache.warm"), 7, 0, Times(7, 0.0004, 0.001, 0.001), Times()),
    )
    return Counted(Functions(ago(3600), NOW, 60, True, stats), True)


def entry(operation: str, event: str, seconds: float, **facts: str) -> Entry:
    """One line of the audit."""
    named = (text(operation), text(event), text("jobs.requeue"), text("ana"), text("web-1"), text("cli"))
    return Entry("1-1", ago(seconds), *named, tuple((text(name), text(value)) for name, value in facts.items()))


def happening(number: int) -> Happening:
    """So many ends, each fifth a failure, one of them by a worker that tells nothing; the newest first."""
    named = (text("default"), text("app.tasks.send_mail"), text("web-3.4102"))
    events = [
        Event(
            "seen-1" if place == 3 else f"{place}-1",
            ago(number - place),
            text("failed" if place % 5 == 0 else "finished"),
            text(f"job-{place}"),
            *named,
            0.2,
            text("OSError: full" if place % 5 == 0 else ""),
            f"job-{place}".encode(),
        )
        for place in range(1, number + 1)
    ]
    return Happening(tuple(reversed(events)), told=True, seen=True)


def kept() -> Kept:
    """An operation that can be undone."""
    return Kept("op-9", text("jobs.delete"), ago(60), text("3 jobs"), text(""), text("ana"), 3, 2, 7200.0, 2048)


#: What operators did, one thing done and one under way.
CHANGES = (
    entry("op-1", "intent", 90, selection="failed jobs of emails", reason="smtp is back"),
    entry("op-2", "intent", 5.5, selection="job 7"),
    entry("op-1", "outcome", 88, done="1344", skipped="3", failed="2"),
)
ANSWERS: dict[type[Need[Any]], Any] = {
    DoctorNeed: ill(),
    WhyNeed: why(),
    ScheduleNeed: schedule(),
    FunctionsNeed: counted(),
    HappeningNeed: replace(happening(60), changes=CHANGES),
    ChangesNeed: CHANGES,
    TrashNeed: (kept(),),
}


def source(others: dict[type[Need[Any]], Any] | None = None) -> FixedSource:
    """A source that answers these needs too."""
    made = FixedSource()
    made.others |= ANSWERS | (others or {})
    return made
