"""From an action and a selection to its outcome: plan, confirmation, progress, what was done.

Every command that changes something goes through here, so all of them refuse, ask, show and end in the same way.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import typer

from console.cli import output
from console.cli.target import Target
from pantry_queue.control.actions import Action
from pantry_queue.errors import Refused

if TYPE_CHECKING:
    from pantry_queue.control.audit import Actor
    from pantry_queue.control.lua import Scripts
    from pantry_queue.control.outcome import Outcome, Progress
    from pantry_queue.control.plan import Options, Plan, Selection

#: How long `--canary` waits for its jobs to end.
CANARY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a command was asked to go about it.

    Attributes:
        dry_run: show the plan and change nothing.
        yes: do not ask.
        canary: do so many first, and the rest only when those end well.
        rate: jobs per second at most.
        reason, alias: for the audit.
        as_json: one document instead of sentences.
    """

    dry_run: bool = False
    yes: bool = False
    canary: int | None = None
    rate: float | None = None
    reason: str = ""
    alias: str = ""
    as_json: bool = False


def carry_out(target: Target, action: Action, selection: Selection, options: Options, manner: Manner) -> int:
    """Do it, or show what would be done.

    Returns:
        The exit code: 0, or 1 when some of it was not done.

    Raises:
        Refused: read-only, or a confirmation is needed and nobody can be asked.
        NotFound: what was named does not exist.
        RedisUnavailable: Redis is away; what was done before is told on standard output first.
    """
    from pantry_queue.control import run, select

    if not manner.dry_run:
        target.refuse_if_read_only(f"{action.noun} {action.verb}".replace("all ", ""))
    with writer(target) as scripts:
        plan = select.plan(scripts.connection, scripts.keys, action, selection, options)
        if manner.dry_run:
            show_plan(plan, as_json=manner.as_json)
            return 0
        confirm(plan, manner)
        with stopping() as stop:
            if manner.canary and plan.total > manner.canary:
                chosen = _canary(scripts, plan, manner, stop)
                if chosen is None:
                    return 1
                plan = chosen
            outcome = run.run(
                scripts,
                plan,
                who(manner),
                reason=manner.reason,
                rate=manner.rate,
                progress=show_progress if sys.stderr.isatty() else None,
                stop=stop,
            )
    return tell(outcome, named=bool(selection.ids), as_json=manner.as_json)


@contextmanager
def writer(target: Target) -> Iterator[Scripts]:
    """One connection for changing things; errors inside become one sentence.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue.connection import connect, translated
    from pantry_queue.control.lua import Scripts

    settings = target.settings()
    with translated(settings):
        client = connect(settings)
        try:
            yield Scripts(client, target.keys(), settings)
        finally:
            client.close()


def who(manner: Manner) -> Actor:
    """The operator, for the audit."""
    from pantry_queue.control.audit import whoami

    return whoami("cli", alias=manner.alias)


@contextmanager
def stopping() -> Iterator[Event]:
    """Ctrl-C ends the work after the chunk it is at."""
    stop = Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def confirm(plan: Plan, manner: Manner) -> None:
    """Ask on a terminal, if the action asks.

    Raises:
        Refused: there is no terminal, or the answer was no.
    """
    if not plan.action.asks or manner.yes or (plan.total == 0 and plan.action.states):
        return
    would = f"{plan.action.noun} {plan.action.verb}".replace("all ", "") + f" would change {plan.scope}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(f"{would}: nothing was changed; add --yes to do it, or --dry-run to see more.")
    for name, value in _facts(plan):
        output.note(f"{name:12} {value}")
    sys.stderr.write("Do it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was changed.")


def _canary(scripts: Scripts, plan: Plan, manner: Manner, stop: Event) -> Plan | None:
    """Some first. What follows is the rest, or nothing when those did not end well."""
    from pantry_queue.control import canary, run

    keys, action = scripts.keys, plan.action
    chosen = canary.first(scripts.connection, keys, plan, manner.canary or 0)
    outcome = run.run(scripts, chosen, who(manner), reason=manner.reason or "canary", stop=stop)
    ids = [job_id for group in chosen.groups for job_id in group.ids]
    output.note(f"canary: {outcome_sentence(outcome)}")
    bad = bool(outcome.failed or outcome.broken)
    if action.undo in ("requeue", "copy") and not bad:
        ends = canary.watch(scripts.connection, keys, outcome.made or ids, CANARY_SECONDS, stop=stop)
        counts: dict[str, int] = {}
        for state in ends.values():
            counts[state] = counts.get(state, 0) + 1
        output.note("canary: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
        bad = any(state != "finished" for state in ends.values())
    if bad:
        output.note("canary: not all ended well; the rest was left as it is.")
        return None
    if sys.stdin.isatty() and not manner.yes:
        sys.stderr.write("Go on with the rest? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return None
    return canary.rest(plan, ids)


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
        output.facts(_facts(plan))


def _facts(plan: Plan) -> list[tuple[str, str]]:
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


def end(code: int) -> None:
    """Ends a command with its code."""
    if code:
        raise typer.Exit(code)
