"""Rules about queues and the workers that serve them. Pure: facts -> a finding, or None."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.model import Finding
from pantry_queue.monitor.diagnosis.task import names
from pantry_queue.monitor.diagnosis.words import counted, finding
from pantry_queue.monitor.model import QueueStat, Snapshot, WorkerStat
from pantry_queue.monitor.wire import name_of

_AT_WORK = ("alive", "busy", "late", "deaf")


def unaware(snapshot: Snapshot) -> list[tuple[QueueStat, list[WorkerStat]]]:
    """Paused queues with the stock workers that go on taking from them."""
    return [
        (queue, stock)
        for queue in snapshot.queues
        if queue.paused and (stock := [worker for worker in _listeners(snapshot, queue) if not worker.pantry])
    ]


def disobeying(facts: DeploymentFacts) -> Finding | None:
    """Nobody takes jobs of a paused queue."""
    found = unaware(facts.snapshot)
    if not found:
        return None
    queue, stock = found[0]
    return finding(
        "warning",
        "pause-not-obeyed",
        queue.name,
        f"Queue {queue.name} is paused, which its stock RQ workers ({len(stock)}) do not know: "
        "they go on taking its jobs.",
        *(f"{queue.name}: {', '.join(worker.name for worker in stock[:5])}." for queue, stock in found[:5]),
        remedy="Stop these workers, or suspend all; PantryWorkers obey a pause.",
        command=f"pantry-console workers stop {shlex.quote(name_of(stock[0].raw_name))}",
    )


def not_allowed(facts: DeploymentFacts) -> Finding | None:
    """Those who listen may run what waits."""
    refused = [
        (queue, func, bad)
        for queue in facts.snapshot.queues
        for func in sorted({call.func for call in facts.calls if call.func and call.queue == name_of(queue.raw_name)})
        if (bad := [one for one in _listeners(facts.snapshot, queue) if one.pantry and not names(one.allowed, func)])
    ]
    if not refused:
        return None
    queue, func, bad = refused[0]
    return finding(
        "warning",
        "not-allowed",
        queue.name,
        f"Jobs wait that workers of their queue do not run: {func} fails with not_allowed when they take it.",
        *(
            f"{queue.name}: {func}, refused by {', '.join(worker.name for worker in bad[:3])}."
            for queue, func, bad in refused[:5]
        ),
        f"{bad[0].name} runs {', '.join(bad[0].allowed) or 'nothing'}.",
        remedy="Name the task in WORKER_ALLOWED_TASKS of these workers, and start them again.",
    )


def unregistered(facts: DeploymentFacts) -> Finding | None:
    """RQ's set of queues holds every queue with jobs."""
    found = [queue for queue in facts.snapshot.queues if not queue.registered and _holds_jobs(queue)]
    if not found:
        return None
    return finding(
        "warning",
        "unregistered",
        found[0].name,
        f"{counted(len(found), 'queue')} with jobs stand{'s' if len(found) == 1 else ''} not in RQ's set of queues: "
        "rq info and other dashboards do not show them.",
        *(
            f"{queue.name}: {queue.counts.queued:,} wait, {queue.counts.scheduled:,} are scheduled."
            for queue in found[:5]
        ),
        remedy="Any enqueue to such a queue registers it again.",
    )


def stuck(facts: DeploymentFacts) -> Finding | None:
    """What a worker takes it starts at once."""
    if not facts.stuck:
        return None
    ids = ", ".join(shlex.quote(job_id) for _, job_id in facts.stuck[:5])
    queue = facts.stuck[0][0]
    return finding(
        "warning",
        "stuck-jobs",
        queue,
        f"{counted(len(facts.stuck))} were taken by a worker that has not started them: it probably died in between.",
        f"{ids}.",
        "A PantryWorker puts them back after 10 s; stock workers look every 10 min, and fail jobs without retries.",
        remedy="Run a PantryWorker, which puts them back.",
        command=f"pantry-console workers launch --no-burst --queue {shlex.quote(queue)}",
    )


def _listeners(snapshot: Snapshot, queue: QueueStat) -> list[WorkerStat]:
    return [
        worker
        for worker in snapshot.workers
        if worker.verdict in _AT_WORK and queue.name in worker.queues and worker.name in queue.workers
    ]


def _holds_jobs(queue: QueueStat) -> bool:
    return bool(queue.counts.queued or queue.counts.scheduled or queue.counts.deferred)
