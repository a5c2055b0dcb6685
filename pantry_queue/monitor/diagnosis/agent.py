"""The breaker of the OCR agent: whether a job waits for its end, and what is known of it. Pure."""

from __future__ import annotations

from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Check
from pantry_queue.monitor.diagnosis.placing import WAITING
from pantry_queue.monitor.diagnosis.words import check, counted, finding, lasting
from pantry_queue.monitor.model import Snapshot
from pantry_queue.monitor.queues import OVERDUE_AFTER


def resting(facts: JobFacts) -> Check | None:
    """The agent its task asks is not given a rest."""
    stat, due = facts.snapshot.breaker, facts.detail.due_at
    if stat is None or facts.state not in WAITING or facts.detail.payload.func != stat.func:
        return None
    left = (due - facts.now).total_seconds() if due else None
    back = f" It comes back in {lasting(left)}." if left is not None and left > 0 else ""
    found = finding(
        "warning",
        "agent-refuses" if stat.refused else "agent-resting",
        facts.detail.row.id,
        f"The OCR agent {'refuses our token' if stat.refused else 'does not answer'} and is given a rest: "
        f"the job waits without using up its tries.{back}",
        *told(facts.snapshot),
        remedy="Start the agent, or correct AGENT_URL and AGENT_TOKEN of the workers; the job goes on by itself then.",
    )
    # Late beyond that, it is the scheduler that holds it up.
    waits = facts.state == "scheduled" and bool(facts.detail.number_of_retries)
    waits = waits and left is not None and left > -OVERDUE_AFTER
    return check("agent", "cause" if waits else "warning", "the OCR agent is given a rest", found)


def told(snapshot: Snapshot) -> tuple[str, ...]:
    """What is known of the breaker, in sentences; none while it is closed."""
    stat = snapshot.breaker
    if stat is None:
        return ()
    turn = "One job asks it now." if stat.probing else "The next job asks it."
    if stat.state == "open" and stat.until is not None:
        turn = f"One job asks it again in {lasting((stat.until - snapshot.taken_at).total_seconds())}."
    return (
        *((f"The last answer was this: {stat.why}",) if stat.why else ()),
        f"It was given a rest {counted(stat.rests, 'time')} in a row. {turn}",
    )
