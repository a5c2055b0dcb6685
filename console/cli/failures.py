"""`failures list`, `failures show`: failed jobs, grouped by what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import filters, output
from console.cli.target import Target, of, reader
from console.documents.jobs import group_json, row_json
from console.documents.values import iso
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.monitor.model import FailureGroup, FailureReport, JobDetail, JobRow

app = typer.Typer(
    help="Failed jobs by cause: list, show, requeue, delete or clear them.", no_args_is_help=True, rich_markup_mode=None
)

Scan = Annotated[int, typer.Option("--scan", min=1, help="How many failed jobs to look at, the newest first.")]
_SCAN = 200_000
_MOST_COVERED = 1000
_NUMBERS = ("COUNT", "1 H", "24 H", "7 D", "AGAIN")


@app.command("list")
def list_groups(
    context: typer.Context,
    queue: filters.Queues = None,
    scan: Scan = _SCAN,
    limit: filters.Limit = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Groups of failed jobs that have function, exception, message and place in common, the largest first."""
    report = _report(of(context), queue, scan)
    groups = report.groups[:limit] if limit else report.groups
    if as_jsonl:
        for group in groups:
            output.line(group_json(group))
    elif as_json:
        output.document([group_json(group) for group in groups])
    else:
        columns = ("SIGNATURE", *_NUMBERS, "LAST", "QUEUE", "FUNCTION", "EXCEPTION", "MESSAGE")
        output.table(
            columns,
            (_row(group, report) for group in groups),
            right=(*_NUMBERS, "LAST"),
            cut=("MESSAGE", "FUNCTION", "EXCEPTION"),
        )
    if report.looked < report.total:
        output.note(f"newest {report.looked:,} of {report.total:,} failed jobs looked at; --scan takes more")


def _report(target: Target, queues: list[str] | None, scan: int) -> FailureReport:
    from pantry_queue.monitor import failures

    with reader(target.settings()) as client:
        return failures.groups(client, target.keys(), queues=queues or None, scan=scan)


def _row(group: FailureGroup, report: FailureReport) -> tuple[str, ...]:
    more = f" +{len(group.queues) - 1}" if len(group.queues) > 1 else ""
    return (
        group.signature,
        *(f"{number:,}" for number in (group.count, group.last_hour, group.last_day, group.last_week, group.retried)),
        output.ago((report.at - group.last_at).total_seconds() if group.last_at else None),
        f"{group.queues[0][0]}{more}" if group.queues else "-",
        group.func or "-",
        group.exception or "-",
        group.message,
    )


@app.command("show")
def show_group(
    context: typer.Context,
    signature: Annotated[str, typer.Argument(metavar="SIGNATURE")],
    queue: filters.Queues = None,
    scan: Scan = _SCAN,
    limit: Annotated[int, typer.Option(min=1, max=_MOST_COVERED, help="How many of its jobs to list.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """One group: its numbers, the traceback of its newest job, and its newest jobs."""
    from pantry_queue.text import safe

    target = of(context)
    report = _report(target, queue, scan)
    group = next((group for group in report.groups if group.signature == signature), None)
    if group is None:
        raise NotFound(f"There is no group of failures {safe(signature)}: pantry-console failures list shows them.")
    sample, rows = _sample(target, group, queue, scan, limit)
    traceback = list(sample.traceback) if sample else []
    if as_json:
        shown = [row_json(row) for row in rows]
        output.document({**group_json(group), "traceback": "\n".join(traceback) or None, "jobs": shown})
        return
    output.facts([(name.replace("_", " "), _told(value)) for name, value in group_json(group).items()])
    output.text("")
    for line in traceback:
        output.text(line)
    output.table(("JOB", "QUEUE", "ENDED", "ERROR"), (_job(row) for row in rows), cut=("ERROR",))


def _sample(
    target: Target, group: FailureGroup, queues: list[str] | None, scan: int, limit: int
) -> tuple[JobDetail | None, list[JobRow]]:
    from pantry_queue.monitor import failures, job

    rows: list[JobRow] = []
    with reader(target.settings()) as client:
        keys = target.keys()
        sample = job.read(client, keys, group.raw_sample)
        for chunk in failures.members(client, keys, {group.signature}, queues=queues or None, scan=scan):
            rows += chunk.rows
            if len(rows) >= min(limit, group.count):
                break
    return sample, rows[:limit]


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def _job(row: JobRow) -> tuple[str, ...]:
    return (row.id, row.queue, iso(row.ended_at) or "-", row.error or "")
