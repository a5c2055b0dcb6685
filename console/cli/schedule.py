"""`schedule list`, `schedule cron`: what is due, what repeats, and who sees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import filters, output
from console.cli.target import Target, of, reader
from console.documents.jobs import cron_json, due_json
from console.documents.values import iso

if TYPE_CHECKING:
    from pantry_queue.monitor.model import CronEntry, Due, Schedule

app = typer.Typer(help="What is due, and what repeats.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
AsJsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")]


def _read(target: Target, queues: list[str] | None, count: int) -> Schedule:
    from pantry_queue.monitor import schedule

    with reader(target.settings()) as client:
        return schedule.read(client, target.keys(), queues=queues or None, count=count)


@app.command("list")
def list_due(
    context: typer.Context,
    queue: filters.Queues = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
    as_jsonl: AsJsonl = False,
) -> None:
    """Scheduled jobs, the soonest first, with those that are late; rq-scheduler's too."""
    found = _read(of(context), queue, limit)
    if as_jsonl:
        for one in found.due:
            output.line(due_json(one))
    elif as_json:
        output.document([due_json(one) for one in found.due])
    else:
        output.table(
            ("DUE", "IN", "JOB", "QUEUE", "FUNCTION", "BY"),
            (_due(one, found) for one in found.due),
            cut=("FUNCTION", "BY"),
        )
    if found.total > len(found.due):
        output.note(f"the first {len(found.due):,} of {found.total:,}; {found.late:,} are late")
    for note in found.notes:
        output.note(note)


def _due(one: Due, found: Schedule) -> tuple[str, ...]:
    left = (one.row.at - found.at).total_seconds() if one.row.at else None
    when = "-" if left is None else f"late {output.ago(one.late)}" if one.late else output.ago(left)
    func = one.row.func or one.row.description or "-"
    return (iso(one.row.at) or "-", when, one.row.id, one.row.queue or "-", func, one.by)


@app.command("cron")
def list_cron(context: typer.Context, as_json: AsJson = False, as_jsonl: AsJsonl = False) -> None:
    """Entries of CronSchedulers and repeating jobs of rq-scheduler, with last and next run; missed ones are marked."""
    found = _read(of(context), None, 1000)
    if as_jsonl:
        for entry in found.cron:
            output.line(cron_json(entry))
    elif as_json:
        output.document([cron_json(entry) for entry in found.cron])
    else:
        columns = ("NAME", "RULE", "IN WORDS", "QUEUE", "LAST", "NEXT", "", "SCHEDULER")
        output.table(columns, map(_cron, found.cron), cut=("SCHEDULER", "IN WORDS"))
    for note in found.notes:
        output.note(note)


def _cron(entry: CronEntry) -> tuple[str, ...]:
    state = "scheduler gone" if entry.alive is False else f"missed {output.ago(entry.late)}" if entry.missed else ""
    times = (iso(entry.last_at) or "-", iso(entry.next_at) or "-")
    return (entry.name, entry.rule, entry.words, entry.queue, *times, state, entry.scheduler or entry.by)
