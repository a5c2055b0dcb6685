"""What a change will do and what it did, for people and for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from console.cli import output
from console.documents.acting import outcome_json
from console.documents.values import iso
from console.wording import WORDS, outcome_sentence, plan_facts, shown
from pantry_queue.monitor.wire import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pantry_queue.control.lua import Scripts
    from pantry_queue.control.outcome import Outcome, Progress
    from pantry_queue.control.plan import Plan
    from pantry_queue.monitor.model import SearchChunk


def show_progress(progress: Progress) -> None:
    """One line that is written over."""
    share = 100 * progress.looked // max(1, progress.total)
    sys.stderr.write(f"\r{progress.looked:,} of {progress.total:,} ({share} %), {progress.done:,} done\x1b[K")
    sys.stderr.write("\n" if progress.looked >= progress.total else "")
    sys.stderr.flush()


def show_search(found: SearchChunk) -> None:
    """How far the search for the jobs of a filter has come, on one line that is written over, and goes in the end."""
    said = f"looking: {found.looked:,} of {found.total:,}, {found.hits:,} found"
    sys.stderr.write("\r\x1b[K" + ("" if found.finished else said))
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
        output.text(outcome_text(outcome))
        for job_id, why in [*outcome.failed, *(outcome.left if named else ())]:
            output.text(f"  {shown(job_id)}: {WORDS.get(why, why)}")
    if outcome.broken is not None:
        raise outcome.broken
    return int(bool(outcome.failed or outcome.stopped or (named and outcome.skipped)))


def tell_who_goes_on(scripts: Scripts, queues: Iterable[str]) -> None:
    """Which workers do not know of the pause of a queue, on standard error."""
    from pantry_queue.monitor import snapshot
    from pantry_queue.monitor.diagnosis.serving import unaware

    names = set(queues)
    for queue, stock in unaware(snapshot.take(scripts.connection, scripts.keys, target="")):
        if name_of(queue.raw_name) in names:
            who = ", ".join(worker.name for worker in stock[:5]) + (", …" if len(stock) > 5 else "")
            output.note(f"Stock RQ workers do not know of it and go on taking from {queue.name}: {who}.")


def outcome_text(outcome: Outcome) -> str:
    """What was done, how to undo it, and the ids of a few new jobs."""
    text = outcome_sentence(outcome)
    if outcome.undoable:
        text += f" Undo: pantry-console undo {outcome.operation}"
    if outcome.made and len(outcome.made) <= 10:
        text += f"\nnew: {' '.join(outcome.made)}"
    return text


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
                "oldest": iso(plan.oldest),
                "newest": iso(plan.newest),
                "left_out": [{"id": shown(job_id), "reason": reason} for job_id, reason in plan.left_out],
                "effect": plan.effect,
                "asks": plan.action.asks,
                "command": plan.command,
            }
        )
    else:
        output.facts(plan_facts(plan))
