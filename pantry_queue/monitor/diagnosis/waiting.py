"""Rules about a job that has not started. Pure: facts -> a check, or None where it does not apply."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Act, Check, Place, Severity
from pantry_queue.monitor.diagnosis.placing import WAITING, run_a_worker
from pantry_queue.monitor.diagnosis.words import check, counted, finding, lasting
from pantry_queue.monitor.model import JobNode
from pantry_queue.monitor.queues import OVERDUE_AFTER
from pantry_queue.monitor.wire import name_of


def suspended(facts: JobFacts) -> Check | None:
    """Workers take nothing."""
    if facts.state not in WAITING:
        return None
    if not facts.snapshot.suspended:
        return check("suspended", "fine", "workers are not suspended")
    ttl = facts.snapshot.suspended_ttl
    found = finding(
        "critical",
        "suspended",
        "workers",
        "All workers are suspended and take no jobs.",
        f"The suspension ends by itself in {lasting(ttl)}." if ttl is not None else "It has no end of its own.",
        remedy="Resume them.",
        command="pantry-console resume",
        act=Act("all.resume"),
        place=Place("workers"),
    )
    return check("suspended", "cause" if facts.state == "queued" else "warning", "workers are suspended", found)


def paused(facts: JobFacts) -> Check | None:
    """Its queue is paused, which stock workers do not know of."""
    queue = facts.queue
    if facts.state not in WAITING or queue is None:
        return None
    if not queue.paused:
        return check("paused", "fine", f"queue {queue.name} is not paused")
    stock = [worker.name for worker in facts.listeners if not worker.pantry]
    obeyed = not facts.listeners or len(stock) < len(facts.listeners)
    found = finding(
        "warning",
        "paused",
        queue.name,
        f"Queue {queue.name} is paused: PantryWorkers take nothing from it.",
        f"{counted(queue.counts.queued)} wait in it, {counted(len(facts.listeners), 'worker')} listen to it.",
        *(
            [f"{', '.join(stock[:5])}: stock RQ workers, which do not know of the pause and go on taking its jobs."]
            if stock
            else []
        ),
        remedy="Resume the queue.",
        command=f"pantry-console queues resume {shlex.quote(facts.raw_queue)}",
        act=Act("queues.resume", queues=(facts.raw_queue,)),
        place=Place("queue", facts.raw_queue, "queued"),
    )
    return check(
        "paused", "cause" if obeyed and facts.state == "queued" else "warning", f"queue {queue.name} is paused", found
    )


def listened(facts: JobFacts) -> Check | None:
    """Somebody listens to its queue, and who did last."""
    if facts.state not in WAITING:
        return None
    name = facts.detail.row.queue
    if facts.listeners:
        count = counted(len(facts.listeners), "worker")
        return check("worker", "fine", f"{count} listen{'s' if len(facts.listeners) == 1 else ''} to {name}")
    alive = [worker for worker in facts.snapshot.workers if worker.verdict not in ("dead", "ghost")]
    others = sorted({queue for worker in alive for queue in worker.queues})
    last = next((row for row in facts.recent if row.worker and row.ended_at), None)
    served = "It is not known who served it last."
    if last is not None and last.ended_at is not None:
        ago = lasting((facts.now - last.ended_at).total_seconds())
        served = f"The last worker that served it was {last.worker}, {ago} ago."
    elsewhere = f"; they listen to {', '.join(others[:8])}" if others else ""
    found = finding(
        "critical",
        "no-worker",
        name,
        f"No worker listens to queue {name}.",
        f"{counted(len(alive), 'worker')} alive{elsewhere}.",
        served,
        remedy="Start a worker for the queue, or move its jobs to one that is served.",
        command=run_a_worker(facts),
        place=Place("queue", facts.raw_queue, "queued"),
    )
    return check("worker", "cause" if facts.state == "queued" else "warning", f"no worker listens to {name}", found)


def hearing(facts: JobFacts) -> Check | None:
    """The workers of its queue give signs of life."""
    if facts.state not in WAITING or not facts.listeners:
        return None
    bad = [worker for worker in facts.listeners if worker.verdict in ("late", "deaf")]
    if not bad:
        return check("alive", "fine", "the workers of its queue beat")
    found = finding(
        "critical" if len(bad) == len(facts.listeners) else "warning",
        "workers-silent",
        facts.detail.row.queue,
        f"{len(bad)} of the {counted(len(facts.listeners), 'worker')} of queue {facts.detail.row.queue} "
        "do not seem to live.",
        *(f"{worker.name}: {worker.evidence}." for worker in bad[:5]),
        remedy="Look at them, and start them again.",
        command="pantry-console workers list",
        place=Place("worker", name_of(bad[0].raw_name)),
    )
    all_bad = len(bad) == len(facts.listeners) and facts.state == "queued"
    return check("alive", "cause" if all_bad else "warning", f"{len(bad)} of its workers late or deaf", found)


def limited(facts: JobFacts) -> Check | None:
    """Its rate limit lets it through."""
    slots = facts.slots
    if facts.state not in WAITING:
        return None
    if slots is None:
        return check("rate-limit", "fine", "not rate limited")
    if facts.state != "rate_limited":
        return check("rate-limit", "fine", f"rate limit {slots.key} lets it through")
    found = finding(
        "info",
        "rate-limit",
        facts.detail.row.id,
        f"The job waits for a slot of the rate limit {slots.key}.",
        f"{slots.held} of {slots.most} slots are held, {counted(slots.waiting)} wait for one.",
        remedy="It goes on when a job of this limit ends.",
    )
    return check("rate-limit", "cause", f"rate limit {slots.key}: {slots.held} of {slots.most} held", found)


def dependencies(facts: JobFacts) -> Check | None:
    """What it waits for has ended well."""
    if facts.state != "deferred":
        return check("dependencies", "fine", "it waits for no other job") if not facts.detail.depends_on else None
    if facts.dependencies is None:
        return check("dependencies", "unknown", "it is not told what it waits for")
    nodes = facts.dependencies.children
    for code, words, severity, remedy, verb in _DEPENDENCIES:
        stopped = [node for node in nodes if _ends_as(node, bears=facts.bears_failures) == code]
        if stopped:
            names = ", ".join(node.row.id for node in stopped[:5])
            one = shlex.quote(stopped[0].row.raw_id.decode("utf-8", "surrogateescape"))
            found = finding(
                severity,
                f"dependency-{code}",
                facts.detail.row.id,
                f"The job waits for {names}, which {words}.",
                *(_told(node) for node in stopped[:5]),
                remedy=remedy,
                command=f"pantry-console jobs {verb} {shlex.quote(facts.raw_id) if verb == 'enqueue-now' else one}",
                act=Act("jobs.enqueue-now", ids=(facts.raw_id,)) if verb == "enqueue-now" else Act(),
                place=Place("job", name_of(stopped[0].row.raw_id)),
            )
            return check("dependencies", "cause", f"a job it waits for {words}", found)
    found = finding(
        "warning",
        "dependency-finished",
        facts.detail.row.id,
        "Everything the job waited for has finished, and it was not let go.",
        *(_told(node) for node in nodes[:5]),
        remedy="Put it on its queue.",
        command=f"pantry-console jobs enqueue-now {shlex.quote(facts.raw_id)}",
        act=Act("jobs.enqueue-now", ids=(facts.raw_id,)),
    )
    return check("dependencies", "cause", "what it waited for has finished", found)


_DEPENDENCIES: tuple[tuple[str, str, Severity, str, str], ...] = (
    ("gone", "does not exist any more", "critical", "Put the job on its queue without it.", "enqueue-now"),
    ("failed", "failed", "critical", "Requeue what failed, or let the job run without it.", "requeue"),
    ("canceled", "was canceled", "critical", "Put the job on its queue without it.", "enqueue-now"),
    ("waiting", "has not ended yet", "info", "It is let go when that has finished.", "why"),
)


def _ends_as(node: JobNode, *, bears: bool) -> str:
    if node.row.expired:
        return "gone"
    state = str(node.row.state)
    if state == "failed" and bears:
        return "finished"
    if state in ("failed", "stopped"):
        return "failed"
    return state if state in ("canceled", "finished") else "waiting"


def _told(node: JobNode) -> str:
    if node.row.expired:
        return f"{node.row.id} is gone: it was deleted, or it expired."
    error = f": {node.row.error}" if node.row.error else ""
    return f"{node.row.id} ({node.row.func or node.row.description}) is {node.row.state}{error}."


def due(facts: JobFacts) -> Check | None:
    """Its time has come, and somebody sees to it."""
    at, queue = facts.detail.due_at, facts.detail.row.queue
    if facts.state != "scheduled":
        return None
    held = next((one for one in facts.snapshot.schedulers if one.queue == queue), None)
    holder = f"Scheduler {held.holder} serves the queue." if held else f"No scheduler serves queue {queue}."
    name, act = shlex.quote(facts.raw_id), Act("jobs.enqueue-now", ids=(facts.raw_id,))
    command = f"pantry-console jobs enqueue-now {name}"
    if at is None:
        return check("due", "unknown", "its time is not known")
    late = (facts.now - at).total_seconds()
    if late > OVERDUE_AFTER:
        code = "overdue" if held else "overdue-no-scheduler"
        says = f"The job was due {lasting(late)} ago" + (" and is late." if held else ", and no scheduler runs for it.")
        remedy = "Start a worker with a scheduler (PantryWorkers have one), or put the job on its queue now."
        found = finding("critical", code, facts.detail.row.id, says, holder, remedy=remedy, command=command, act=act)
        return check("due", "cause", f"due {lasting(late)} ago", found)
    tries = facts.detail.number_of_retries or 0
    again = bool(facts.detail.results) or tries > 0 or facts.detail.row.started_at is not None
    what = "The job failed and waits for its next try" if again else "The job waits for its time"
    evidence = [f"It is due at {at:%Y-%m-%d %H:%M:%S} UTC.", holder]
    if again:
        left = facts.detail.retries_left or 0
        evidence.append("One retry is left." if left == 1 else f"{left} retries are left.")
    found = finding(
        "info" if held else "warning",
        "retry-waiting" if again else "due-later",
        facts.detail.row.id,
        f"{what}, in {lasting(-late)}" + ("." if held else "; no scheduler runs for it so far."),
        *evidence,
        remedy="Wait for it, or put it on its queue now.",
        command=command,
        act=act,
    )
    return check("due", "cause", f"due in {lasting(-late)}", found)


def turn(facts: JobFacts) -> Check | None:
    """Whether a worker is free, and how long those that are not have been at it."""
    if facts.state != "queued" or not facts.listeners:
        return None
    idle = [worker for worker in facts.listeners if worker.verdict == "alive"]
    if idle:
        return check("free", "fine", f"{counted(len(idle), 'worker')} of its queue idle")
    spans = [
        (facts.now - row.started_at).total_seconds()
        for row in facts.running
        if row.started_at is not None and row.state == "started"
    ]
    position, waiting = facts.detail.position, facts.queue.counts.queued if facts.queue else 0
    place = f"It is number {position + 1:,} of {waiting:,}." if position is not None else ""
    found = finding(
        "info",
        "all-busy",
        facts.detail.row.queue,
        f"All workers of queue {facts.detail.row.queue} are busy ({len(facts.listeners)}).",
        *([f"The longest of their jobs has run for {lasting(max(spans))}."] if spans else []),
        *([place] if place else []),
        remedy="Wait for its turn, put it at the front, or start more workers.",
        command=f"pantry-console jobs move {shlex.quote(facts.raw_id)} --at-front",
        act=Act("jobs.move", ids=(facts.raw_id,)),
        place=Place("queue", facts.raw_queue, "queued"),
    )
    return check("free", "cause", "all workers of its queue are busy", found)


def known(facts: JobFacts) -> Check | None:
    """RQ's set of queues holds its queue."""
    name = facts.detail.row.queue
    if facts.state not in WAITING or not name:
        return None
    if facts.queue is not None and facts.queue.registered:
        return check("registered", "fine", f"queue {name} is registered")
    found = finding(
        "warning",
        "unregistered",
        name,
        f"Queue {name} is not in RQ's set of queues: rq info and dashboards do not show it.",
        "A worker that names it serves it all the same.",
        remedy="Any enqueue to it registers it again.",
    )
    return check("registered", "warning", f"queue {name} is not registered", found)
