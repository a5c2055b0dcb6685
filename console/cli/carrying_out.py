"""From an action and a selection to its outcome: plan, confirmation, progress, what was done.

Every command that changes something goes through here, so all of them refuse, ask, show and end in the same way.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING

import typer

from console.cli import output
from console.cli.target import Target
from console.cli.telling import outcome_text, show_plan, show_progress, show_search, tell, tell_who_goes_on
from console.documents.acting import outcome_json
from console.wording import TYPED_FROM, plan_facts
from pantry_queue.control.actions import Action
from pantry_queue.control.plan import typed
from pantry_queue.errors import RedisUnavailable, Refused

if TYPE_CHECKING:
    from pantry_queue.connection import Purpose
    from pantry_queue.control.audit import Actor
    from pantry_queue.control.lua import Scripts
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
        target.refuse_if_read_only(" ".join(typed(action, selection)))
    with writer(target) as scripts:
        plan = select.plan(
            scripts.connection,
            scripts.keys,
            action,
            selection,
            options,
            progress=show_search if sys.stderr.isatty() else None,
        )
        if manner.dry_run:
            show_plan(plan, as_json=manner.as_json)
            return 0
        confirm(plan, manner, production=target.production)
        with stopping() as stop:
            if manner.canary and plan.total > manner.canary:
                chosen = _canary(target, scripts, plan, manner, stop)
                if chosen is None:
                    return 1
                plan = chosen
            outcome = run.run(
                scripts,
                plan,
                who(target, manner.alias),
                reason=manner.reason,
                rate=manner.rate,
                progress=show_progress if sys.stderr.isatty() else None,
                stop=stop,
            )
    code = tell(outcome, named=bool(selection.ids), as_json=manner.as_json)
    if action.name == "queues.pause":
        with suppress(RedisUnavailable), writer(target, "reader") as scripts:
            tell_who_goes_on(scripts, selection.queues)
    return code


@contextmanager
def writer(target: Target, purpose: Purpose = "operator") -> Iterator[Scripts]:
    """One connection for changing things; errors inside become one sentence.

    Args:
        purpose: `reader` for what only looks at what was done.

    Raises:
        RedisUnavailable: the server is away, or refused us.
    """
    from pantry_queue.connection import connect, translated
    from pantry_queue.control.lua import Scripts

    settings = target.settings()
    with translated(settings):
        client = connect(settings, purpose)
        try:
            yield Scripts(client, target.keys(), settings)
        finally:
            client.close()


def who(target: Target, alias: str) -> Actor:
    """The operator, for the audit."""
    from pantry_queue.control.audit import whoami

    return whoami("cli", alias=alias, profile=target.profile)


@contextmanager
def stopping() -> Iterator[Event]:
    """Ctrl-C ends the work after the chunk it is at."""
    stop = Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def confirm(plan: Plan, manner: Manner, *, production: bool = False) -> None:
    """Ask on a terminal, if the action asks: for the number of jobs where there are many, or it is production.

    Raises:
        Refused: there is no terminal, or the answer was no.
    """
    if not plan.action.asks or manner.yes or (plan.total == 0 and plan.action.states):
        return
    would = f"{' '.join(typed(plan.action, plan.selection))} would change {plan.scope}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(f"{would}: nothing was changed; add --yes to do it, or --dry-run to see more.")
    for name, value in plan_facts(plan):
        output.note(f"{name:12} {value}")
    number = str(plan.total) if plan.total and (production or plan.total >= TYPED_FROM) else ""
    if number:
        taken = _answer(f"Type {plan.total:,} to do it: ").replace(",", "") == number
    else:
        taken = _answer("Do it? [y/N] ").lower() in ("y", "yes")
    if not taken:
        raise Refused("Nothing was changed.")


def _answer(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _canary(target: Target, scripts: Scripts, plan: Plan, manner: Manner, stop: Event) -> Plan | None:
    """Some first. What follows is the rest, or nothing when those did not end well."""
    from pantry_queue.control import canary, run

    keys, action = scripts.keys, plan.action
    chosen = canary.first(scripts.connection, keys, plan, manner.canary or 0)
    outcome = run.run(scripts, chosen, who(target, manner.alias), reason=manner.reason or "canary", stop=stop)
    ids = [job_id for group in chosen.groups for job_id in group.ids]
    output.note(f"canary: {outcome_text(outcome)}")
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
    elif not sys.stdin.isatty() or manner.yes or _answer("Go on with the rest? [y/N] ").lower() in ("y", "yes"):
        return canary.rest(plan, ids)
    if manner.as_json:  # a script that reads standard output finds what was done and how much was left
        output.document(outcome_json(replace(outcome, remaining=plan.total - chosen.total + outcome.remaining)))
    return None


def end(code: int) -> None:
    """Ends a command with its code."""
    if code:
        raise typer.Exit(code)
