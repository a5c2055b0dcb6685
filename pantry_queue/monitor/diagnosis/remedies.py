"""What to do about what `alerts` tells: evidence, remedy and command by the alert's code. Pure.

What is wrong is said in the alert's own words, so that console, `status` and `doctor` never say two things.
"""

from __future__ import annotations

import shlex

from pantry_queue.monitor.alerts import Alert
from pantry_queue.monitor.diagnosis import agent
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Act, Finding, Place, Severity
from pantry_queue.monitor.diagnosis.words import finding, lasting
from pantry_queue.monitor.model import QueueStat, WorkerStat
from pantry_queue.monitor.wire import name_of

#: By code: what to do, and a command line in which `{}` stands for the subject.
_REMEDIES: dict[str, tuple[str, str]] = {
    "memory": ("Give Redis more memory, or delete old jobs; when it is full it refuses new ones.", ""),
    "evicts": ("Set maxmemory-policy to noeviction.", "redis-cli config set maxmemory-policy noeviction"),
    "replica": ("Connect to the primary to see what is, and to change it.", ""),
    "quarantine": ("Look at the reasons in pantry:quarantine:why, and enqueue them again where they came from.", ""),
    "breaker": (
        "Start the agent, or correct AGENT_URL and AGENT_TOKEN of the workers; receipts go on by themselves then.",
        "pantry-console jobs requeue --state failed --where 'error:errors.Agent'",
    ),
    "suspended": ("Resume the workers.", "pantry-console resume"),
    "paused": ("Resume the queue.", "pantry-console queues resume {}"),
    "no-worker": ("Start a worker for it.", "pantry-console workers launch --no-burst --queue {}"),
    "orphans": ("Put them back on their queue.", "pantry-console jobs rescue {}"),
    "overdue-no-scheduler": (
        "Start a worker with a scheduler; PantryWorkers have one.",
        "pantry-console workers launch --no-burst --queue {}",
    ),
    "overdue": (
        "Look at who holds the scheduler's lock, and what keeps it.",
        "pantry-console schedule list --queue {}",
    ),
    "depth": ("Start more workers for it.", "pantry-console workers launch --no-burst --queue {}"),
    "age": ("Start more workers for it.", "pantry-console workers launch --no-burst --queue {}"),
    "failure-rate": ("Look at their causes.", "pantry-console failures list --queue {}"),
    "new-failure": ("Look at its cause.", "pantry-console failures list"),
    "failures": ("Look at their causes.", "pantry-console failures list --queue {}"),
    "stalled": ("Look at its workers.", "pantry-console workers list"),
    "grows": ("Start more workers for it.", "pantry-console workers launch --no-burst --queue {}"),
    "worker-gone": ("Rescue its jobs; nobody else may be looking.", "pantry-console workers show {}"),
    "worker-deaf": ("Look whether its process lives, and start it again.", "pantry-console workers show {}"),
    "worker-late": ("Look whether its process lives, and start it again.", "pantry-console workers show {}"),
}
#: Where to look at what is in no list of one queue.
_VIEWS = {
    "failures": Place("failures"),
    "failure-rate": Place("failures"),
    "new-failure": Place("failures"),
    "suspended": Place("workers"),
    "overdue": Place("schedule"),
    "overdue-no-scheduler": Place("schedule"),
}
#: Jobs that are named in a command line.
_NAMED = 5
_SEVERITY: dict[str, Severity] = {"critical": "critical", "warning": "warning", "note": "info"}


def from_alert(alert: Alert, facts: DeploymentFacts) -> Finding:
    """The finding an alert is."""
    remedy, command = _REMEDIES.get(alert.code, ("", ""))
    queue = next((one for one in facts.snapshot.queues if alert.kind == "queue" and one.name == alert.subject), None)
    worker = next((one for one in facts.snapshot.workers if alert.kind == "worker" and one.name == alert.subject), None)
    raw = name_of(queue.raw_name) if queue else name_of(worker.raw_name) if worker else alert.subject
    orphans = facts.orphans.get(raw, ()) if alert.code == "orphans" else ()
    subject = {"queue": "Queue ", "worker": "Worker "}.get(alert.kind, "") if queue or worker else ""
    return finding(
        _SEVERITY[alert.level],
        alert.code,
        alert.subject,
        f"{subject}{alert.subject}: {alert.text}.",
        *(_of_queue(queue, facts) if queue else _of_worker(worker) if worker else ()),
        *(agent.told(facts.snapshot) if alert.code == "breaker" else ()),
        remedy=remedy,
        command=_command(command, raw, orphans),
        act=_act(alert.code, raw, orphans),
        place=_place(alert, raw, known=queue is not None or worker is not None),
    )


def _place(alert: Alert, raw: str, *, known: bool) -> Place:
    if alert.code in _VIEWS:
        return _VIEWS[alert.code]
    if not known:
        return Place()
    return Place("queue", raw, alert.state) if alert.kind == "queue" else Place("worker", raw)


def _of_queue(queue: QueueStat, facts: DeploymentFacts) -> tuple[str, ...]:
    counts = queue.counts
    age = (facts.snapshot.taken_at - queue.oldest_at).total_seconds() if queue.oldest_at else None
    return (
        f"{counts.queued:,} wait, {counts.started:,} run, {counts.scheduled:,} are scheduled, "
        f"{len(queue.workers)} workers listen.",
        *((f"The next one has waited for {lasting(age)}.",) if age is not None and counts.queued else ()),
    )


def _of_worker(worker: WorkerStat) -> tuple[str, ...]:
    held = f"It holds {', '.join(worker.job_ids[:5])}." if worker.job_ids else "It holds no job."
    return (f"{worker.evidence[:1].upper()}{worker.evidence[1:]}.", held)


def _command(form: str, raw: str, orphans: tuple[str, ...]) -> str:
    if len(orphans) > _NAMED:
        return "pantry-console doctor --fix"
    return form.replace("{}", " ".join(map(shlex.quote, orphans)) if orphans else shlex.quote(raw))


def _act(code: str, raw: str, orphans: tuple[str, ...]) -> Act:
    # By name: a whole list holds also what runs, which workers of RQ 1 leave no other sign of.
    if orphans:
        return Act("jobs.rescue", ids=orphans)
    if code == "suspended":
        return Act("all.resume")
    return Act("queues.resume", queues=(raw,)) if code == "paused" else Act()
