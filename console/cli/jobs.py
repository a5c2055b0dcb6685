"""`jobs list`, `jobs show`, `jobs log`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import attempts, filters, output, relations
from console.cli.target import of, reader
from console.documents.jobs import call, detail_json, row_json, tree_json
from console.documents.values import iso
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from console.cli.target import Target
    from pantry_queue.monitor.model import JobDetail, JobRow
    from pantry_queue.text import SafeText

app = typer.Typer(help="Jobs: list them, look at one.", no_args_is_help=True, rich_markup_mode=None)

#: How often a log is looked at while it is followed.
_FOLLOW_SECONDS = 0.5


@app.command("list")
def list_jobs(
    context: typer.Context,
    state: filters.States = None,
    queue: filters.Queues = None,
    where: filters.Where = "",
    newest: filters.Newest = True,
    limit: filters.Limit = 50,
    scan: filters.Scan = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, streamed.")] = False,
) -> None:
    """Jobs of one state or all, of one queue or all, that fit a filter."""
    chosen = filters.Filter(state or (), queue or (), where, newest, scan, limit)
    chosen.query()
    rows = chosen.rows(of(context))
    if as_jsonl:
        for row in rows:
            output.line(row_json(row))
    elif as_json:
        output.document([row_json(row) for row in rows])
    else:
        output.table(
            ("JOB", "STATE", "QUEUE", "FUNCTION", "ENQUEUED", "ERROR"),
            map(_row, rows),
            cut=("ERROR", "FUNCTION", "QUEUE"),
        )


@app.command("log")
def log(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, when all of it is read.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """What a job wrote, where a PantryWorker kept it."""
    lines = _written(of(context), job_id, follow=follow)
    if as_json:
        output.document([{"line": line} for line in lines])
        return
    for line in lines:
        output.line({"line": line}) if as_jsonl else output.text(line, flush=follow)


def _written(target: Target, job_id: str, *, follow: bool) -> Iterator[SafeText]:
    """The lines of a job's log as they are read; to the end of the job, if it is followed."""
    from pantry_queue.monitor import job, joblog
    from pantry_queue.text import safe

    keys, last = target.keys(), joblog.BEGINNING
    with reader(target.settings()) as client:
        while True:
            part = joblog.read(client, keys, job_id, after=last)
            yield from part.lines
            more, last = part.last != last, part.last
            if not more and last == joblog.BEGINNING and job.read(client, keys, job_id) is None:
                raise NotFound(f"There is no job {safe(job_id)}, and nothing that it wrote.")
            if not more and not (follow and part.running):
                break
            if not more:
                time.sleep(_FOLLOW_SECONDS)
    if last == joblog.BEGINNING:
        output.note("Nothing is kept of what this job wrote: only a PantryWorker keeps it, for a day.")


def _row(row: JobRow) -> tuple[str, ...]:
    state = "expired" if row.expired else str(row.state)
    at = row.enqueued_at or row.created_at
    when = at.strftime("%Y-%m-%d %H:%M:%SZ") if at else "-"
    return (row.id, state, row.queue, row.func or row.description or "-", when, row.error or "")


@app.command("show")
def show_job(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Values of password, token and their kin, which are masked otherwise.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Everything about one job; its payload is read without running any of it."""
    from pantry_queue.monitor import job
    from pantry_queue.text import safe

    target = of(context)
    with reader(target.settings()) as client:
        found = job.read(client, target.keys(), job_id, reveal=reveal)
        if found is None:
            raise NotFound(
                f"There is no job {safe(job_id)}: it may have expired; pantry-console jobs list shows what is there."
            )
        above, below = relations.known(client, target.keys(), found)
    runs = attempts.known(target.settings(), found)
    if as_json:
        trees = {"dependency_tree": tree_json(above), "dependent_tree": tree_json(below)}
        output.document({**detail_json(found), **trees, "attempts": runs})
    else:
        _show(found)
        relations.show(above, below)
        attempts.show(runs or [])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else "without end" if value < 0 else output.ago(value)


def _show(job: JobDetail) -> None:
    row = job.row
    output.facts(
        [
            ("job", row.id),
            ("state", row.state),
            ("queue", row.queue),
            ("position", _number(job.position)),
            ("calls", call(job)),
            ("description", row.description),
            ("created", iso(row.created_at) or ""),
            ("enqueued", iso(row.enqueued_at) or ""),
            ("started", iso(row.started_at) or ""),
            ("ended", iso(row.ended_at) or ""),
            ("due", iso(job.due_at) or ""),
            ("worker", row.worker or ""),
            ("running", "; ".join(f"{one.worker or '-'} since {iso(one.created_at) or '-'}" for one in job.executions)),
            ("runs", "; ".join(f"{iso(one.at)} {one.kind}" for one in job.results)),
            ("result", job.result or ""),
            *_limits(job),
            ("depends on", ", ".join(job.depends_on)),
            ("dependents", ", ".join(job.dependents)),
            ("group", job.group or ""),
            ("meta", ", ".join(f"{item.name}={item.value}" for item in job.meta)),
            ("webhooks", "; ".join(job.webhooks)),
            ("callbacks", ", ".join(f"{item.name}: {item.value}" for item in job.callbacks)),
            ("note", "; ".join([*job.payload.notes, *job.notes])),
        ]
    )
    if job.traceback:
        output.text("")
        for line in job.traceback:
            output.text(line)


def _limits(job: JobDetail) -> list[tuple[str, str]]:
    """How long it may run and is kept, and how often it is tried and repeated."""
    return [
        ("timeout", _seconds(job.timeout)),
        ("retries left", _number(job.retries_left)),
        ("retry intervals", ", ".join(map(str, job.retry_intervals))),
        ("retried", _number(job.number_of_retries)),
        ("repeats left", _number(job.repeats_left)),
        ("ttl", _seconds(job.ttl)),
        ("result ttl", _seconds(job.result_ttl)),
        ("failure ttl", _seconds(job.failure_ttl)),
        ("expires in", output.ago(job.expires_in) if job.expires_in is not None else ""),
        ("rate limit", job.rate_limit or ""),
    ]
