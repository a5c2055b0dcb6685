"""Pure: a plan to be confirmed, and how far an action is, as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from console.tui.present.cells import Cell, Chip, chip, key_chip
from console.tui.present.words import age, count, seconds_between
from console.wording import WORDS, done_to, shown, verb_words
from pantry_queue.control.plan import Plan
from pantry_queue.monitor.model import Snapshot
from pantry_queue.monitor.rates import RateHistory

if TYPE_CHECKING:
    from console.tui.acting.running import Running

_LABEL = 11
_MOST_NAMED = 6
_Sides = tuple[Sequence[Chip], Sequence[Chip]]


def verb_of(plan: Plan) -> str:
    """`retry now`."""
    return verb_words(plan.action)


def title(plan: Plan) -> str:
    """`Delete 36 jobs?`, `Empty queue ocr?`"""
    if plan.action.noun == "trash":
        return f"Delete {plan.scope} for good?"
    if plan.action.noun == "queues":
        names = [shown(name) for name in plan.selection.queues]
        return f"{verb_of(plan).capitalize()} queue{'s' if len(names) > 1 else ''} {', '.join(names)}?"
    return f"{button(plan).capitalize() if plan.action.states else f'{verb_of(plan).capitalize()} {plan.scope}'}?"


def button(plan: Plan) -> str:
    """`delete 36 jobs`."""
    if plan.action.noun == "queues":
        return f"{verb_of(plan)} queue"
    if plan.action.states:
        return done_to(plan.action, plan.total)
    return "delete for good" if plan.action.noun == "trash" else verb_of(plan)


def queues_told(snapshot: Snapshot, history: RateHistory) -> dict[str, str]:
    """What a job that joins a queue meets there, by the queue's name: `797 wait, about 19m`."""
    told: dict[str, str] = {}
    for queue in snapshot.queues:
        flow = history.flow(queue.name)
        parts = [f"{count(queue.counts.queued)} wait"] if queue.counts.queued else ["empty"]
        parts += [f"about {age(flow.drains_in)}"] if flow.drain == "draining" and queue.counts.queued else []
        parts += ["paused"] if queue.paused else []
        parts += ["no worker listens"] if not queue.workers else []
        told[queue.name] = ", ".join(parts)
    return told


class _Fact(NamedTuple):
    """A line, or several, of a plan; those of the highest rank are left out first, of rank 0 none."""

    label: str
    text: str
    tone: str = ""
    rank: int = 0


def plan_lines(
    plan: Plan, now: datetime, tried: str, size: tuple[int, int], queues: Mapping[str, str] | None = None
) -> list[tuple[Cell, ...]]:
    """What a plan will do, as lines.

    Args:
        tried: what became of those that were tried first.
        size: cells of a line, and lines there is room for: what matters least is left out.
        queues: see `queues_told`.
    """
    width, room = size
    facts = [
        (fact, _lines(fact, width)) for fact in [_Fact("Tried", tried, "strong"), *_facts(plan, now, queues or {})]
    ]
    while sum(len(lines) for _, lines in facts) > room and (rank := max(fact.rank for fact, _ in facts)):
        facts = [(fact, lines) for fact, lines in facts if fact.rank != rank]
    return [line for _, lines in facts for line in lines]


def _lines(fact: _Fact, width: int) -> list[tuple[Cell, ...]]:
    parts = textwrap.wrap(fact.text, max(20, width - _LABEL)) if fact.text else []
    heads = [fact.label, *[""] * len(parts)]
    return [
        (Cell(head.ljust(_LABEL), "muted"), Cell(part, fact.tone)) for head, part in zip(heads, parts, strict=False)
    ]


def _facts(plan: Plan, now: datetime, queues: Mapping[str, str]) -> list[_Fact]:
    undo = plan.action.undo_says
    return [
        _Fact("Scope", str(plan.scope) if plan.action.states else "", "strong"),
        _Fact("Of these", _breakdown(plan), rank=3),
        _Fact("Call", _functions(plan), rank=1),
        _Fact("Waiting", _ages(plan, now), rank=5),
        _Fact("Left out", _left_out(plan), "waiting", rank=2),
        _Fact("At", plan.options.due.strftime("%Y-%m-%d %H:%M:%SZ") if plan.options.due else "", "strong"),
        _Fact("Joins", _joined(plan, queues), "strong" if plan.options.to else "", rank=2),
        _Fact("Effect", plan.action.what),
        _Fact("Beware", "" if plan.options.dependents else plan.action.loses, "waiting"),
        _Fact("Undo", _undo(plan), "finished" if undo else "failed"),
        _Fact("Same as", str(plan.command), "faint", rank=4),
    ]


def _joined(plan: Plan, queues: Mapping[str, str]) -> str:
    """The queues that jobs are put on, and what waits there."""
    if plan.action.script not in ("requeue", "move"):
        return ""
    if plan.options.to is not None:
        names = [str(shown(plan.options.to))]
    else:
        names = list(dict.fromkeys(str(what).split(" in ", 1)[-1] for what, _ in plan.breakdown))
    told = [f"{name}: {queues.get(name, 'a queue that is not there yet, no worker listens')}" for name in names[:2]]
    more = [f"and {len(names) - 2} more"] if len(names) > 2 else []
    return "; ".join([*told, *more]) if queues else ""


def _undo(plan: Plan) -> str:
    """How it is undone; nothing where nothing is lost, since the opposite is an action too."""
    if plan.action.undo_says:
        return f"yes, {plan.action.undo_says} (u)"
    return "no" if plan.action.loses or plan.action.states else ""


def _breakdown(plan: Plan) -> str:
    parts = [f"{count(number)} {what}" for what, number in plan.breakdown]
    if len(parts) < 2:
        return ""
    more = len(parts) - _MOST_NAMED
    return ", ".join(parts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _functions(plan: Plan) -> str:
    named = ", ".join(f"{name} {count(number)}" for name, number in plan.functions[:_MOST_NAMED])
    return f"{named} (of {count(plan.sampled)} looked at)" if named and plan.sampled < plan.total else named


def _ages(plan: Plan, now: datetime) -> str:
    if plan.oldest is None:
        return ""
    oldest = age(seconds_between(plan.oldest, now))
    newest = age(seconds_between(plan.newest, now))
    return f"enqueued {oldest} ago" if oldest == newest else f"oldest enqueued {oldest} ago, newest {newest} ago"


def _left_out(plan: Plan) -> str:
    parts = [f"{shown(name)} ({WORDS.get(why, why)})" for name, why in plan.left_out[:3]]
    more = len(plan.left_out) - len(parts)
    return ", ".join(parts) + (f" and {count(more)} more" if more > 0 else "")


def progress_lines(running: Running, width: int) -> tuple[_Sides, _Sides, _Sides]:
    """Bar, counts and keys of an action that is under way."""
    progress = running.progress
    share = min(1.0, progress.looked / running.total) if running.total else 0.0
    numbers = f"{count(progress.looked)}/{count(running.total)}  {round(100 * share)} %" if running.total else ""
    room = max(10, width - len(numbers) - 6)
    full = round(share * room)
    bar = (
        Chip((Cell("█" * full, "out"), Cell("░" * (room - full), "faint")))
        if running.total
        else chip("working ...", "muted")
    )
    counts = [chip(f"{count(progress.done)} done", "finished")]
    counts.append(chip(f"{count(progress.skipped)} skipped", "waiting" if progress.skipped else "faint"))
    counts.append(chip(f"{count(progress.failed)} failed", "failed" if progress.failed else "faint"))
    pace: list[Chip] = []
    if progress.looked and running.seconds > 0.05:
        rate = progress.looked / running.seconds
        pace = [
            chip(f"{count(round(rate))} jobs/s", "muted"),
            chip(f"{age((running.total - progress.looked) / rate)} left", "muted"),
        ]
    if running.stop.is_set():
        keys = [chip("stopping after this step; what is done stays done", "waiting")]
    else:
        keys = [
            key_chip("esc", "stop after this step", action="screen.stop"),
            key_chip("b", "go on in background", action="screen.background"),
        ]
    return ([bar], [chip(numbers, "strong")]), (counts, pace), (keys, ())
