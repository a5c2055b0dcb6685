"""`functions`: how each function fares, by what PantryWorkers have counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.durations import seconds
from console.cli.target import of, reader
from console.documents.deployment import function_json

if TYPE_CHECKING:
    from pantry_queue.monitor.functions import FunctionStat

app = typer.Typer(help="Run times, waiting times and failures of each function.", no_args_is_help=True)

#: Without the greatest values, which JSON has: so it fits 80 columns, and the slowest run is exact.
_COLUMNS = ("FUNCTION", "RUNS", "FAILED", "RUN P50/P95", "WAIT P50/P95", "SLOWEST")
_CUT = ("SLOWEST", "FUNCTION")


@app.callback()
def functions() -> None:
    """Run times, waiting times and failures of each function."""


@app.command("list")
def list_(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back, such as 10m or 24h; a day is kept.")] = "1h",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Runs, failures, run times and waiting times of each function, those that ran most first."""
    from pantry_queue.monitor import functions as monitor

    back = seconds(since, "--since")
    target = of(context)
    with reader(target.settings()) as client:
        found = monitor.read(client, target.keys(), back)
    if not found.minutes:
        looked = output.ago((found.until - found.since).total_seconds())
        output.note(
            f"No PantryWorker has written anything in the last {looked}: "
            "RQ's own workers count nothing by function; `pantry-console workers run` starts one that does."
        )
    if not found.complete:
        output.note("There are more counts than are read at a time: these are part of them.")
    if as_json:
        output.document([function_json(stat) for stat in found.functions])
    elif as_jsonl:
        for stat in found.functions:
            output.line(function_json(stat))
    elif found.functions:
        output.table(_COLUMNS, map(_row, found.functions), right=_COLUMNS[1:-1], cut=_CUT)


def _row(stat: FunctionStat) -> tuple[str, ...]:
    rate = stat.failure_rate
    return (
        stat.func,
        f"{stat.runs:,}",
        f"{stat.failures:,}" + (f" ({rate:.1%})" if rate else ""),
        *(f"{duration(times.p50)}/{duration(times.p95)}" for times in (stat.run, stat.wait)),
        f"{duration(stat.slowest.seconds)} {stat.slowest.job_id}" if stat.slowest else "-",
    )


def duration(value: float | None) -> str:
    """A duration that may be short: `0.8ms`, `34ms`, `2.1s`, `3m10s`."""
    if value is None:
        return "-"
    if value < 0.01:
        return f"{value * 1000:.1f}ms"
    if value < 1:
        return f"{value * 1000:.0f}ms"
    return f"{value:.1f}s" if value < 60 else output.ago(value)
