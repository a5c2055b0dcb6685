"""What an action will do and what it did, in words: the one wording of command line and console. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING

from pantry_queue.control.plan import typed
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from datetime import datetime

    from pantry_queue.control.actions import Action
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.control.plan import Plan

#: Reasons why a job was left alone, for people.
WORDS: Mapping[str, str] = {
    "missing": "does not exist",
    "broken": "cannot be read",
    "changed": "changed since it was seen",
    "running": "a worker runs it",
    "starting": "a worker has just taken it",
    "not_retrying": "does not wait for a retry",
    "changing": "others keep changing it",
    "worker_gone": "its worker does not listen",
    "deaf": "nobody listens there: end it on its machine with SIGTERM",
    "ending": "was told to end before, and does so after its job",
    "exists": "its id is in use again",
    "expired": "its time in the trash is over",
    "parents_finished": "what it waited for has finished",
    "ready_to_enqueue": "ready",
    "not_acknowledged": "nobody had acknowledged it",
    "no_room": "too many are acknowledged",
}


#: From so many jobs on, and in production always, a confirmation is their number.
TYPED_FROM = 1000

#: Verbs of the table that do not read well as they are: before and behind what they are done to, and its noun.
_SPOKEN: Mapping[str, tuple[str, str, str]] = {
    "jobs.retry-now": ("retry", "now", "job"),
    "jobs.enqueue-now": ("enqueue", "now", "job"),
    "jobs.copy": ("copy", "as new", "job"),
    "workers.shutdown": ("shut down", "", "worker"),
    "all.clear-failures": ("clear", "", "failed job"),
}


def verb_words(action: Action) -> str:
    """What an action is called: `retry now`, `copy as new`, `clear failures`."""
    if action.name == "all.clear-failures":
        return "clear failures"
    before, behind, _ = _SPOKEN.get(action.name, (action.verb, "", ""))
    return f"{before} {behind}".strip().replace("-", " ")


def done_to(action: Action, number: int) -> str:
    """An action with the number of jobs it is done to: `copy 3 jobs as new`."""
    before, behind, noun = _SPOKEN.get(action.name, (action.verb, "", "job"))
    return f"{before} {number:,} {noun}{'' if number == 1 else 's'} {behind}".strip()


def outcome_sentence(outcome: Outcome) -> str:
    """`344 jobs requeued; 3 left alone (2 started, 1 changed since it was seen).`"""
    noun = {"queues": "queue", "workers": "worker", "alerts": "alert", "all": ""}.get(outcome.action.noun, "job")
    if outcome.action.states or outcome.action.noun == "trash":
        noun = "job"
    counted = f"{outcome.done:,} {noun}{'' if outcome.done == 1 else 's'} " if noun else ""
    said = f"{counted or 'All workers '}{outcome.action.done}" if noun or outcome.done else "Nothing to do"
    parts = [said]
    if outcome.emptied:
        parts.append(f"{outcome.emptied:,} empty entries taken out")
    if outcome.skipped:
        why = ", ".join(f"{count:,} {WORDS.get(reason, reason)}" for reason, count in sorted(outcome.skipped.items()))
        parts.append(f"{sum(outcome.skipped.values()):,} left alone ({why})")
    if outcome.failed:
        parts.append(f"{len(outcome.failed):,} failed")
    if outcome.remaining:
        parts.append(f"{outcome.remaining:,} not looked at")
    return "; ".join(parts) + "."


def plan_facts(plan: Plan) -> list[tuple[str, str]]:
    """A plan as names and values."""
    named = ", ".join(f"{name} ({count})" for name, count in plan.functions)
    return [
        ("action", " ".join(typed(plan.action, plan.selection))),
        ("chosen", str(plan.scope)),
        ("of these", ", ".join(f"{count:,} {what}" for what, count in plan.breakdown[:8])),
        ("call", f"{named} of {plan.sampled} looked at" if named else ""),
        ("from", _moment(plan.oldest)),
        ("to", _moment(plan.newest)),
        ("left out", ", ".join(f"{shown(job_id)} ({WORDS.get(why, why)})" for job_id, why in plan.left_out[:8])),
        ("effect", plan.effect),
        ("command", str(plan.command)),
    ]


def refusal_sentence(plan: Plan) -> str:
    """Why a plan has nothing to do: `Nothing to requeue: 3 does not exist.`"""
    verb = verb_words(plan.action)
    reasons: dict[str, int] = {}
    for _, why in plan.left_out:
        reasons[why] = reasons.get(why, 0) + 1
    why = ", ".join(f"{number:,} {WORDS.get(reason, reason)}" for reason, number in sorted(reasons.items()))
    return f"Nothing to {verb}: {why}." if why else f"Nothing to {verb}: {plan.scope}."


def shown(name: str) -> SafeText:
    """The id of a job, or a name, as it may be shown."""
    return safe(raw_of(name))


def _moment(at: datetime | None) -> str:
    if at is None:
        return ""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
