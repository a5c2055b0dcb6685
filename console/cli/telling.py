"""What a change will do and what it did, for people and for scripts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.cli import output

if TYPE_CHECKING:
    from pantry_queue.control.outcome import Outcome, Progress
    from pantry_queue.control.plan import Plan


def show_progress(progress: Progress) -> None:
    """One line that is written over."""
    share = 100 * progress.looked // max(1, progress.total)
    sys.stderr.write(f"\r{progress.looked:,} of {progress.total:,} ({share} %), {progress.done:,} done\x1b[K")
    sys.stderr.write("\n" if progress.looked >= progress.total else "")
    sys.stderr.flush()


def tell(outcome: Outcome, *, named: bool, as_json: bool) -> int:
    """What was done, on standard output.

    Returns:
        0, or 1 when some of it failed, was stopped, or a job that was named was left alone.

    Raises:
        RedisUnavailable: it broke off.
    """
    if as_json:
        output.document(outcome_json(outcome))
    else:
        output.text(outcome_sentence(outcome))
        for job_id, why in [*outcome.failed, *(outcome.left if named else ())]:
            output.text(f"  {_safe(job_id)}: {WORDS.get(why, why)}")
    if outcome.broken is not None:
        raise outcome.broken
    return int(bool(outcome.failed or outcome.stopped or (named and outcome.skipped)))


#: Reasons why a job was left alone, for people.
WORDS: Mapping[str, str] = {
    "missing": "does not exist",
    "broken": "cannot be read",
    "changed": "changed since it was seen",
    "running": "a worker runs it",
    "starting": "a worker has just taken it",
    "needs_scripts": "has a rate limit, which needs a Redis user that may run scripts",
    "not_retrying": "does not wait for a retry",
    "changing": "others keep changing it",
    "worker_gone": "its worker does not listen",
    "exists": "its id is in use again",
    "expired": "its time in the trash is over",
    "parents_finished": "what it waited for has finished",
    "ready_to_enqueue": "ready",
}


def outcome_sentence(outcome: Outcome) -> str:
    """`344 jobs requeued; 3 left alone (2 started, 1 changed since it was seen). Undo: ...`."""
    noun = {"queues": "queue", "workers": "worker", "all": ""}.get(outcome.action.noun, "job")
    if outcome.action.states or outcome.action.noun == "trash":
        noun = "job"
    counted = f"{outcome.done:,} {noun}{'' if outcome.done == 1 else 's'} " if noun else ""
    said = f"{counted}{outcome.action.done}" if noun or outcome.done else "nothing to do"
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
    sentence = "; ".join(parts) + "."
    if outcome.undoable:
        sentence += f" Undo: pantry-console undo {outcome.operation}"
    if outcome.made and len(outcome.made) <= 10:
        sentence += f"\nnew: {' '.join(outcome.made)}"
    return sentence


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The document of every command that changes something."""
    return {
        "action": outcome.action.name,
        "operation": outcome.operation,
        "done": outcome.done,
        "emptied": outcome.emptied,
        "skipped": dict(outcome.skipped),
        "left": [{"id": _safe(job_id), "reason": reason} for job_id, reason in outcome.left],
        "failed": [{"id": _safe(job_id), "error": error} for job_id, error in outcome.failed],
        "remaining": outcome.remaining,
        "stopped": outcome.stopped,
        "undoable": outcome.undoable,
        "made": list(outcome.made),
        "seconds": round(outcome.seconds, 3),
        "error": str(outcome.broken) if outcome.broken else None,
    }


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """What would be done, on standard output."""
    if as_json:
        output.document(
            {
                "action": plan.action.name,
                "total": plan.total,
                "scope": plan.scope,
                "breakdown": [{"what": what, "count": count} for what, count in plan.breakdown],
                "functions": [{"func": name, "count": count} for name, count in plan.functions],
                "sampled": plan.sampled,
                "oldest": output.iso(plan.oldest),
                "newest": output.iso(plan.newest),
                "left_out": [{"id": _safe(job_id), "reason": reason} for job_id, reason in plan.left_out],
                "effect": plan.effect,
                "asks": plan.action.asks,
                "command": plan.command,
            }
        )
    else:
        output.facts(plan_facts(plan))


def plan_facts(plan: Plan) -> list[tuple[str, str]]:
    """A plan as names and values."""
    named = ", ".join(f"{name} ({count})" for name, count in plan.functions)
    return [
        ("action", f"{plan.action.noun} {plan.action.verb}"),
        ("chosen", str(plan.scope)),
        ("of these", ", ".join(f"{count:,} {what}" for what, count in plan.breakdown[:8])),
        ("call", f"{named} of {plan.sampled} looked at" if named else ""),
        ("from", output.iso(plan.oldest) or ""),
        ("to", output.iso(plan.newest) or ""),
        ("left out", ", ".join(f"{_safe(job_id)} ({WORDS.get(why, why)})" for job_id, why in plan.left_out[:8])),
        ("effect", plan.effect),
        ("command", str(plan.command)),
    ]


def _safe(name: str) -> str:
    from pantry_queue.monitor.wire import raw_of
    from pantry_queue.text import safe

    return safe(raw_of(name))
