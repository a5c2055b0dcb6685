"""Pure: how each function fares -> rows, and all that is known about one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.jobs import function_name
from console.tui.present.words import age, amount, count, moment, took

if TYPE_CHECKING:
    from console.tui.counting import Counted
    from pantry_queue.monitor.functions import FunctionStat, Times

#: How far back each list looks, in seconds.
SPANS = {"10m": 600.0, "1h": 3600.0, "6h": 21_600.0, "24h": 86_400.0}
TABS = tuple(SPANS)
#: The list that is shown first.
FIRST = "1h"
#: The function that stands for all beyond those a worker tells apart (`pantry_queue.workers.stats`).
OTHER = "…other"

COLUMNS = (
    Column("FUNCTION", 16, most=60, turn=2),
    Column("RUNS", 6, most=11, align="right"),
    Column("FAILED", 6, most=9, align="right"),
    Column("RATE", 6, align="right", rank=1),
    Column("RAN p50", 7, align="right", rank=5),
    Column("RAN p95", 7, align="right", rank=2),
    Column("MOST", 6, align="right", rank=6),
    Column("WAIT p50", 8, align="right", rank=7),
    Column("WAIT p95", 8, align="right", rank=3),
    Column("SLOWEST", 7, align="right", rank=4),
    Column("JOB", 12, most=40, rank=8, grow=1),
)


class Sort(NamedTuple):
    """A way to sort: its name, and what comes first."""

    name: str
    key: Callable[[FunctionStat], tuple[float, str]]


SORTS = (
    Sort("runs", lambda stat: (-stat.runs, stat.func)),
    Sort("failures", lambda stat: (-stat.failures, stat.func)),
    Sort("failure rate", lambda stat: (-(stat.failure_rate or 0.0), stat.func)),
    Sort("run time", lambda stat: (-(stat.run.p95 or 0.0), stat.func)),
    Sort("waiting time", lambda stat: (-(stat.wait.p95 or 0.0), stat.func)),
    Sort("name", lambda stat: (0.0, stat.func)),
)


def function_rows(found: Counted, sort: Sort) -> tuple[Row, ...]:
    """One row a function."""
    return tuple(_row(stat) for stat in sorted(found.functions.functions, key=sort.key))


def _row(stat: FunctionStat) -> Row:
    slowest = stat.slowest
    return Row(
        stat.func,
        (
            Cell(function_name(stat.func) or stat.func, "strong"),
            Cell(count(stat.runs)),
            Cell(count(stat.failures) if stat.failures else "-", "failed" if stat.failures else "faint"),
            Cell(share(stat), "failed" if stat.failures else "faint"),
            Cell(_short(stat.run.p50), "muted"),
            Cell(_short(stat.run.p95)),
            Cell(_short(stat.run.max), "muted"),
            Cell(_short(stat.wait.p50), "muted"),
            Cell(_short(stat.wait.p95)),
            Cell(_short(slowest.seconds) if slowest else "-", "waiting" if slowest else "faint"),
            Cell(slowest.job_id if slowest else "", "muted"),
        ),
    )


def _short(seconds: float | None) -> str:
    """As `words.took`, but most functions that take less than 10 ms take less than 1."""
    return f"{seconds * 1000:.1f}ms" if seconds is not None and 0 <= seconds < 0.00995 else took(seconds)


def share(stat: FunctionStat) -> str:
    """The share of runs that failed: `12%`, `0.4%`; `-` for none."""
    rate = stat.failure_rate
    if not rate:
        return "-"
    return f"{rate:.0%}" if rate >= 0.095 else f"{rate:.1%}" if rate >= 0.0005 else "<0.1%"


def function_lines(stat: FunctionStat, now: datetime) -> list[tuple[Cell, ...]]:
    """All that is known about a function."""
    failed = [Cell(f", {count(stat.failures)} of them failed ({share(stat)})", "failed")] if stat.failures else []
    lines: list[tuple[Cell, ...]] = [
        (Cell(f"{amount(stat.runs, 'run')} ended"), *failed),
        (Cell("ran     ", "muted"), *_times(stat.run)),
        (Cell("waited  ", "muted"), *_times(stat.wait), Cell("  (all to within a factor of two)", "faint")),
    ]
    slowest = stat.slowest
    if slowest is None:
        lines.append((Cell("its slowest run is no longer among the events that are kept", "faint"),))
        return lines
    lines.append(
        (
            Cell("slowest ", "muted"),
            Cell(_short(slowest.seconds), "waiting"),
            Cell(f"  job {slowest.job_id}  "),
            Cell(f"{slowest.kind} {moment(slowest.at, now)}  queue {slowest.queue}  on {slowest.worker}", "muted"),
        )
    )
    if slowest.error:
        lines.append((Cell("        "), Cell(slowest.error, "failed")))
    return lines


def _times(times: Times) -> list[Cell]:
    if not times.count:
        return [Cell("-", "faint")]
    half, most = _short(times.p50), _short(times.p95)
    return [Cell(f"half within {half}, 95% within {most}, all within {_short(times.max)}")]


def beside(found: Counted, sort: Sort) -> tuple[list[Chip], list[Chip]]:
    """What the title tells: how far back was read, in which order the rows are."""
    functions = found.functions
    left = []
    if not found.whole:
        left.append(chip(f"reading, {age((functions.until - functions.since).total_seconds())} so far", "muted"))
    if not functions.complete:
        left.append(chip("there is more than is read at a time", "warning", rank=1))
    return left, [chip(f"by {sort.name}", "muted", rank=2, action="screen.sort")]


def nothing(span: str) -> tuple[str, list[tuple[Cell, ...]]]:
    """What is said where no function was counted."""
    return f"no PantryWorker has ended a job in the last {span}", [
        (Cell("RQ's own workers count nothing by function; PantryWorkers do, in each minute, for a day:", "muted"),),
        (Cell("    pantry-console workers launch --no-burst", "in"),),
    ]


def filter_for(func: str) -> str:
    """The filter (`monitor.query`) for jobs of a function."""
    text = func.replace("\\", "\\\\").replace('"', '\\"')
    return f'func:"{text}"'
