"""Rules about where a job stands, and whether it can be read. Pure: facts -> a check, or None."""

from __future__ import annotations

import re
import shlex

from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Check
from pantry_queue.monitor.diagnosis.words import check, finding, lasting

#: States of jobs that have not started.
WAITING = ("queued", "created", "deferred", "scheduled", "rate_limited", "ready_to_enqueue")
#: RQ 3 reads no other ids (`rq.job.JOB_ID_PATTERN`).
READABLE_ID = re.compile(r"[A-Za-z0-9_-]+")
#: Seconds a job may be between queue and start before it counts as stuck.
_STUCK_AFTER = 10.0
#: Seconds of life left that are too few for a job that waits.
_SHORT_LIFE = 120.0


def run_a_worker(facts: JobFacts) -> str:
    """The command that starts a worker for the job's queue."""
    return f"pantry-console workers launch --no-burst --queue {shlex.quote(facts.raw_queue)}"


def rescuer(facts: JobFacts) -> str:
    """Who puts back what is lost: a PantryWorker that lives, of whatever queue; empty when there is none."""
    ours = (one for one in facts.snapshot.workers if one.pantry and one.verdict in ("alive", "busy"))
    found = next(ours, None)
    return f"PantryWorker {found.name}" if found else ""


def quarantine(facts: JobFacts) -> Check:
    """A PantryWorker has set it aside."""
    if facts.quarantine is None:
        return check("quarantine", "fine", "not set aside as unreadable")
    found = finding(
        "critical",
        "quarantine",
        facts.detail.row.id,
        "The job was set aside because it cannot be read.",
        f"The worker said: {facts.quarantine}." if facts.quarantine else "No reason is recorded.",
        remedy="Enqueue it again from where it came; its data stay under its own key.",
    )
    return check("quarantine", "cause", "set aside as unreadable", found)


def readable(facts: JobFacts) -> Check:
    """RQ can read its id and fields; a stock worker ends of one that it cannot."""
    troubles = [f"The field {name} holds what RQ cannot read." for name in facts.unreadable]
    if facts.overwritten:
        troubles.append("The key of this job is not a hash: something else has written over it.")
    if not READABLE_ID.fullmatch(facts.raw_id):
        troubles.append("Its id holds other characters than letters, digits, _ and -, which RQ 3 cannot read.")
    if not troubles:
        return check("readable", "fine", "id and fields can be read")
    found = finding(
        "critical",
        "unreadable",
        facts.detail.row.id,
        "No worker of RQ 3 can read this job.",
        *troubles,
        remedy="Enqueue it again under another id; a PantryWorker sets it aside, a stock worker ends when it meets it.",
    )
    return check("readable", "cause", "id or fields cannot be read", found)


def lost(facts: JobFacts) -> Check | None:
    """Its state names a place that does not hold it."""
    state = facts.state
    place = {"queued": "queued", "scheduled": "scheduled", "deferred": "deferred", "started": "started"}.get(state)
    if place is None:
        return None
    if place in facts.places or "intermediate" in facts.places or "ready" in facts.places or "started" in facts.places:
        return check("placed", "fine", f"it stands where its state says ({place})")
    if state == "queued" and facts.slots is not None:
        return None
    if facts.queue is not None and facts.queue.counts.queued > 200_000:
        return check("placed", "unknown", "its queue is too long to look through")
    found = finding(
        "critical",
        "lost",
        facts.detail.row.id,
        f"The job says {state}, but no list holds it: nobody will run it.",
        "A worker that died between taking and starting it leaves it so.",
        remedy=f"{rescuer(facts)} puts it back within half a minute."
        if rescuer(facts)
        else "Run a PantryWorker: it puts lost jobs back within half a minute.",
        command="" if rescuer(facts) else run_a_worker(facts),
    )
    return check("placed", "cause", "no list holds it", found)


def stuck(facts: JobFacts) -> Check | None:
    """A worker took it and did not start it."""
    if "intermediate" not in facts.places or "started" in facts.places:
        return None
    if facts.taken_for is not None and facts.taken_for < _STUCK_AFTER:
        return check("stuck", "unknown", f"taken by a worker {facts.taken_for:.0f} s ago, not yet started")
    since = f"It was seen there first {lasting(facts.taken_for)} ago." if facts.taken_for is not None else ""
    found = finding(
        "warning",
        "stuck",
        facts.detail.row.id,
        "A worker took the job from its queue and has not started it: it probably died in between.",
        *([since] if since else []),
        f"{rescuer(facts) or 'A PantryWorker'} puts it back after 10 s; "
        "stock workers look every 10 min, and fail a job without retries.",
        remedy="Wait for that." if rescuer(facts) else "Run a PantryWorker, which puts it back.",
        command="" if rescuer(facts) else run_a_worker(facts),
    )
    return check("stuck", "cause", "stuck between queue and start", found)


def life(facts: JobFacts) -> Check | None:
    """Its hash will not be gone before it runs."""
    if facts.state not in WAITING:
        return None
    left = facts.detail.expires_in
    due = facts.detail.due_at
    if left is None:
        return check("life", "fine", "its data does not expire")
    until = (due - facts.now).total_seconds() if due else _SHORT_LIFE
    if left >= until:
        return check("life", "fine", f"its data lives {lasting(left)} more")
    found = finding(
        "warning",
        "expires",
        facts.detail.row.id,
        f"The job's data will be gone in {lasting(left)}: if it has not started by then it is lost silently.",
        f"It is due in {lasting(until)}." if due else f"Its time to live was {facts.detail.ttl} s.",
        remedy="Let it run now, or enqueue it again without a time to live.",
        command=f"pantry-console jobs move {shlex.quote(facts.raw_id)} --at-front" if facts.state == "queued" else "",
    )
    return check("life", "cause" if due else "warning", f"its data expires in {lasting(left)}", found)
