"""`check`: one line and the exit code of a monitoring plug-in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.durations import finite
from console.cli.looking import Look, Looking, take, with_past
from console.cli.plugin import PluginCommand, unknown
from console.cli.target import Target, of
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from pantry_queue.monitor.limits import Limit
    from pantry_queue.monitor.model import QueueStat, Snapshot
    from pantry_queue.monitor.rates import RateHistory
    from pantry_queue.text import SafeText

#: Troubles that are told one by one.
_MOST_TOLD = 10
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


#: For the command line.
HOW = {"cls": PluginCommand}


@dataclass(frozen=True, slots=True)
class _Measure:
    """One thing that can be limited: where its value comes from, and how it is written.

    Attributes:
        of: its value at one moment; None when there is none.
        past: instead, its value where it rests on what came before.
    """

    option: str
    label: str
    unit: str
    of: Callable[[list[QueueStat], Snapshot], float | None]
    least: bool = False
    past: Callable[[list[QueueStat], RateHistory], float | None] | None = None


def _age(queues: list[QueueStat], taken: Snapshot) -> float:
    ages = [(taken.taken_at - queue.oldest_at).total_seconds() for queue in queues if queue.oldest_at]
    return round(max(ages, default=0.0), 3)


def _workers(queues: list[QueueStat], taken: Snapshot) -> float:
    return len({name for queue in queues for name in queue.workers})


def _failure_rate(queues: list[QueueStat], taken: Snapshot) -> float | None:
    """The failed among the jobs that ended and are kept, in percent; None when there are none."""
    failed = sum(queue.counts.failed for queue in queues)
    ended = failed + sum(queue.counts.finished for queue in queues)
    return round(100 * failed / ended, 2) if ended else None


def _nothing(queues: list[QueueStat], taken: Snapshot) -> None:
    """One moment does not tell."""


def _growth(queues: list[QueueStat], rates: RateHistory) -> float | None:
    """Jobs a second by which more come than end; less than nothing where it shrinks. Queues just met do not count."""
    if not rates.span():
        return None
    flows = [rates.flow(queue.name) for queue in queues]
    return round(sum((flow.in_per_s or 0.0) - (flow.out_per_s or 0.0) for flow in flows), 3)


def _drain(queues: list[QueueStat], rates: RateHistory) -> float | None:
    """Seconds until nothing waits; without end where a queue grows or stands still. Queues just met do not count."""
    longest = 0.0 if rates.span() else None
    for queue in queues if longest is not None else ():
        flow = rates.flow(queue.name)
        if flow.drain == "steady":  # in balance: how long what waits now has to wait
            longest = max(longest or 0.0, queue.counts.queued / max(flow.out_per_s or 0.0, 0.001))
        else:
            longest = max(longest or 0.0, math.inf if flow.drain == "never" else flow.drains_in or 0.0)
    return None if longest is None else round(longest, 1)


MEASURES = (
    _Measure("max_queued", "queued", "", lambda queues, _: sum(queue.counts.queued for queue in queues)),
    _Measure("max_age", "age", "s", _age),
    _Measure("max_failed", "failed", "", lambda queues, _: sum(queue.counts.failed for queue in queues)),
    _Measure("min_workers", "workers", "", _workers, least=True),
    _Measure("max_failure_rate", "failure_rate", "%", _failure_rate),
    _Measure("max_growth", "growth", "/s", _nothing, past=_growth),
    _Measure("max_drain", "drain", "s", _nothing, past=_drain),
)

Bounds = Annotated[list[str] | None, typer.Option(metavar="[QUEUE=]WARN:CRIT")]


def check(
    context: typer.Context,
    max_queued: Bounds = None,
    max_age: Bounds = None,
    max_failed: Bounds = None,
    min_workers: Bounds = None,
    max_failure_rate: Bounds = None,
    max_growth: Bounds = None,
    max_drain: Bounds = None,
    queue: Annotated[list[str] | None, typer.Option(help="Only this queue; repeat for more.")] = None,
    per_queue: Annotated[bool, typer.Option("--per-queue", help="Limits hold for each queue by itself.")] = False,
    alerts: Annotated[
        bool, typer.Option("--alerts", help="What `alerts list` lists counts too, unless somebody answers for it.")
    ] = False,
    stalled: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            max=50,
            callback=finite,
            metavar="SECONDS",
            help="Look twice; critical when jobs wait and none moves.",
        ),
    ] = None,
) -> None:
    """One line and an exit code for a monitoring system: 0 ok, 1 warning, 2 critical, 3 unknown.

    Limits are WARN:CRIT, either may be empty, one number alone is CRIT; ages may end in s, m, h or d. In total over all
    queues unless a queue is named before them (emails=100:1000) or --per-queue is given.
    """
    given = {
        "max_queued": max_queued,
        "max_age": max_age,
        "max_failed": max_failed,
        "min_workers": min_workers,
        "max_failure_rate": max_failure_rate,
        "max_growth": max_growth,
        "max_drain": max_drain,
    }
    try:
        bounds = _bounds(given)
        code, line = _judge(of(context), bounds, queue or [], per_queue=per_queue, stalled=stalled, alerts=alerts)
    except (PantryError, ValueError) as error:
        raise typer.Exit(unknown(str(error))) from None
    try:
        output.text(line, flush=True)
    except PantryError as error:
        output.note(str(error))
        code = 3
    raise typer.Exit(code)


#: Measure, queue (empty for what was not said), limit.
_Bounds = list[tuple[_Measure, str, "Limit"]]


def _bounds(given: dict[str, list[str] | None]) -> _Bounds:
    from pantry_queue.monitor import limits

    found: _Bounds = []
    for measure in MEASURES:
        for text in given[measure.option] or ():
            name, _, bound = text.rpartition("=")
            unit = _SECONDS if measure.unit == "s" else {measure.unit: 1.0} if measure.unit else {}
            try:
                found.append((measure, name, limits.parse(bound, unit, least=measure.least)))
            except ValueError as error:
                raise ValueError(f"--{measure.option.replace('_', '-')}: {error}") from None
    return found


def _judge(
    target: Target, bounds: _Bounds, named: list[str], *, per_queue: bool, stalled: float | None, alerts: bool
) -> tuple[int, str]:
    from pantry_queue.monitor.limits import WORDS, perfdata
    from pantry_queue.monitor.wire import name_of

    look = _looked(target, past=any(measure.past for measure, _, _ in bounds), alerts=alerts)
    taken = look.snapshot
    by_name = {name_of(one.raw_name): one for one in taken.queues}
    missing = [name for name in [*named, *(name for _, name, _ in bounds if name)] if name not in by_name]
    if missing:
        raise ValueError(f"there is no queue {output_safe(missing[0])}")
    chosen = [by_name[name] for name in named] if named else list(by_name.values())
    worst, troubles, data = 0, [], []
    for measure, name, limit in bounds:
        groups = [[by_name[name]]] if name else [[one] for one in chosen] if per_queue else [chosen]
        for group in groups:
            whose = f" of {group[0].name}" if name or per_queue else ""
            value = _value(measure, group, look, whose)
            if value is None:
                continue
            judged = limit.status(value)
            worst = max(worst, judged)
            if judged:
                amount = f"{value:g}{measure.unit}" if math.isfinite(value) else "without end"
                troubles.append(f"{measure.label}{whose} is {amount} ({WORDS[judged].lower()})")
            data.append(perfdata(measure.label + (f" {group[0].name}" if whose else ""), value, measure.unit, limit))
    for level, said in _alarming(look, {one.name for one in chosen} if named else None):
        worst = max(worst, level)
        troubles.append(said)
    if stalled is not None and (still := _still(target, taken, chosen, stalled)):
        worst = 2
        troubles.append(f"nothing moves in {', '.join(still)}")
    if not bounds:
        data = [perfdata(m.label, value, m.unit, None) for m in MEASURES if (value := m.of(chosen, taken)) is not None]
    more = [f"{len(troubles) - _MOST_TOLD} more"] if len(troubles) > _MOST_TOLD else []
    says = "; ".join([*troubles[:_MOST_TOLD], *more]) or _calm(chosen, taken)
    return worst, f"PANTRY {WORDS[worst]} - {says.replace('|', '/')} | {' '.join(data).replace('|', '/')}"


def _calm(chosen: list[QueueStat], taken: Snapshot) -> str:
    waits, workers = sum(one.counts.queued for one in chosen), _workers(chosen, taken)
    return (
        f"{waits:,} wait in {len(chosen)} queue{'' if len(chosen) == 1 else 's'}, "
        f"{workers:g} worker{'' if workers == 1 else 's'}"
    )


def _value(measure: _Measure, group: list[QueueStat], look: Look, whose: str) -> float | None:
    if measure.past is None:
        return measure.of(group, look.snapshot)
    value = measure.past(group, look.rates)
    if value is None:
        raise ValueError(f"{measure.label}{whose} is not known: pantry-console record has to run for a minute")
    return value


def _alarming(look: Look, queues: set[SafeText] | None) -> Iterator[tuple[int, str]]:
    """Alerts that nobody answers for; with queues only those of them."""
    for alert, ack in look.alerts:
        of_others = queues is not None and (alert.kind != "queue" or alert.subject not in queues)
        if ack is None and alert.level != "note" and not of_others:
            yield (2 if alert.level == "critical" else 1), f"{alert.subject}: {alert.text} ({alert.level})"


def _looked(target: Target, *, past: bool, alerts: bool) -> Look:
    """The present, and where it is asked for what was sampled before it and what needs an operator."""
    from pantry_queue.monitor.rates import RateHistory

    if alerts:
        return Looking(target).look()
    taken, rates = with_past(target) if past else (take(target), RateHistory())
    return Look(taken, rates, ())


def output_safe(name: str) -> str:
    """A name from the command line, printable."""
    from pantry_queue.text import safe

    return safe(name, 100)


def _still(target: Target, before: Snapshot, chosen: list[QueueStat], seconds: float) -> list[str]:
    """Queues in which jobs wait, none runs and none has ended between two readings."""
    time.sleep(seconds)
    after = {one.raw_name: one for one in take(target).queues}
    done = [
        one.name
        for one in chosen
        if one.counts.queued
        and (now := after.get(one.raw_name)) is not None
        and now.counts.queued >= one.counts.queued
        and now.oldest_at == one.oldest_at
        and not (one.counts.started or now.counts.started or now.counts.intermediate)
    ]
    return [str(name) for name in done]
