"""Rules about what is scheduled, and who sees to it. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Act, Finding
from pantry_queue.monitor.diagnosis.words import counted, finding, lasting
from pantry_queue.monitor.wire import name_of

#: Seconds a job may be late although a scheduler runs: RQ's looks each second, and starts again within two minutes.
_LATE = 120.0


def unattended(facts: DeploymentFacts) -> Finding | None:
    """Somebody sees to what is scheduled; what is late already is told of as overdue."""
    served = {held.queue for held in facts.snapshot.schedulers}
    found = [
        queue
        for queue in facts.snapshot.queues
        if queue.counts.scheduled and not queue.counts.overdue and queue.name not in served
    ]
    if not found:
        return None
    name = shlex.quote(name_of(found[0].raw_name))
    return finding(
        "warning",
        "no-scheduler",
        found[0].name,
        f"Jobs are scheduled in {counted(len(found), 'queue')} for which no scheduler runs: they will be late.",
        *(f"{queue.name}: {queue.counts.scheduled:,} scheduled." for queue in found[:5]),
        remedy="Start a worker with a scheduler; PantryWorkers have one.",
        command=f"pantry-console workers launch --no-burst --queue {name}",
    )


def overdue(facts: DeploymentFacts) -> Finding | None:
    """A scheduler that holds a queue moves its jobs."""
    holders = {held.queue: held.holder for held in facts.snapshot.schedulers}
    due = facts.schedule.due if facts.schedule is not None else ()
    late = [one for one in due if one.by == "rq" and one.late > _LATE and one.row.queue in holders]
    if not late:
        return None
    worst = max(late, key=lambda one: one.late)
    return finding(
        "critical",
        "overdue",
        worst.row.queue,
        f"A scheduler holds queue {worst.row.queue} and does not move its jobs: "
        f"{counted(len(late))} of those due next {'is' if len(late) == 1 else 'are'} more than two minutes late.",
        f"{worst.row.id} was due {lasting(worst.late)} ago.",
        f"The scheduler is {holders[worst.row.queue]}.",
        remedy="Start the worker of this scheduler again; another one takes over when its lock has expired.",
        command=f"pantry-console jobs enqueue-now {shlex.quote(name_of(worst.row.raw_id))}",
        act=Act("jobs.enqueue-now", ids=tuple(name_of(one.row.raw_id) for one in late)),
    )


def cron(facts: DeploymentFacts) -> Finding | None:
    """Entries that repeat put their jobs into their queues in time."""
    if facts.schedule is None:
        return None
    entries, gone = facts.schedule.cron, facts.schedule.silent
    missed = sorted((entry for entry in entries if entry.missed), key=lambda entry: -entry.late)
    if not (missed or gone):
        return None
    return finding(
        "critical",
        "cron-late",
        missed[0].name if missed else gone[0],
        f"{len(missed)} of the {len(entries)} entries that repeat missed their time."
        if missed
        else f"CronScheduler {gone[0]} has not been heard of for two minutes: what it repeats does not happen.",
        *(
            f"{entry.name} ({entry.words or entry.rule}) should have run {lasting(entry.late)} ago."
            for entry in missed[:5]
        ),
        *(f"CronScheduler {name} gives no sign of life." for name in gone[:5]),
        remedy="Look at the process that schedules them (rq cron, or rqscheduler), and start it again.",
        command="pantry-console schedule cron",
    )
