"""`jobs list`, `jobs show`, `jobs log`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import attempts, filters, output
from console.cli.target import of, reader
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.monitor.model import JobDetail, JobExecution, JobResult, JobRow

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
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """What a job wrote, where a PantryWorker kept it."""
    from pantry_queue.monitor import job, joblog
    from pantry_queue.text import safe

    target = of(context)
    keys, last = target.keys(), joblog.BEGINNING
    with reader(target.settings()) as client:
        while True:
            part = joblog.read(client, keys, job_id, after=last)
            for line in part.lines:
                output.line({"line": line}) if as_jsonl else output.text(line)
            more, last = part.last != last, part.last
            if not more and last == joblog.BEGINNING and job.read(client, keys, job_id) is None:
                raise NotFound(f"There is no job {safe(job_id)}, and nothing that it wrote.")
            if not more and not (follow and part.running):
                break
            if not more:
                time.sleep(_FOLLOW_SECONDS)
    if last == joblog.BEGINNING:
        output.note("Nothing is kept of what this job wrote: only a PantryWorker keeps it, for a day.")


#: Fields of a row, in the order `export` writes them.
COLUMNS = (
    "id",
    "state",
    "queue",
    "func",
    "description",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "worker",
    "error",
    "expired",
)


def row_json(row: JobRow) -> dict[str, Any]:
    """One job as a line of `jobs list --json`."""
    return {
        "id": row.id,
        "state": row.state,
        "queue": row.queue,
        "func": row.func or None,
        "description": row.description or None,
        "created_at": output.iso(row.created_at),
        "enqueued_at": output.iso(row.enqueued_at),
        "started_at": output.iso(row.started_at),
        "ended_at": output.iso(row.ended_at),
        "worker": row.worker,
        "error": row.error,
        "expired": row.expired,
    }


def _row(row: JobRow) -> tuple[str, ...]:
    state = "expired" if row.expired else str(row.state)
    at = row.enqueued_at or row.created_at
    when = at.strftime("%Y-%m-%d %H:%M:%SZ") if at else "-"
    return (row.id, state, row.queue, row.func or row.description or "-", when, row.error or "")


@app.command("show")
def show_job(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Everything about one job; its payload is read without running any of it."""
    from pantry_queue.monitor import job
    from pantry_queue.text import safe

    target = of(context)
    with reader(target.settings()) as client:
        found = job.read(client, target.keys(), job_id)
    if found is None:
        raise NotFound(
            f"There is no job {safe(job_id)}: it may have expired; pantry-console jobs list shows what is there."
        )
    runs = attempts.known(target.settings(), found)
    if as_json:
        output.document({**detail_json(found), "attempts": runs})
    else:
        _show(found)
        attempts.show(runs or [])


def detail_json(job: JobDetail) -> dict[str, Any]:
    """The document of `jobs show --json`."""
    return {
        **row_json(job.row),
        "args": [argument.value for argument in job.payload.args],
        "kwargs": output.as_pairs(job.payload.kwargs),
        "payload_format": job.payload.format,
        "payload_notes": list(job.payload.notes),
        "meta": output.as_pairs(job.meta),
        "result": job.result,
        "traceback": "\n".join(job.traceback) or None,
        "retries_left": job.retries_left,
        "retry_intervals": list(job.retry_intervals),
        "timeout": job.timeout,
        "ttl": job.ttl,
        "result_ttl": job.result_ttl,
        "failure_ttl": job.failure_ttl,
        "expires_in": job.expires_in,
        "depends_on": list(job.depends_on),
        "dependents": list(job.dependents),
        "executions": [_execution_json(run) for run in job.executions],
        "results": [_result_json(result) for result in job.results],
        "position": job.position,
        "group": job.group,
        "repeats_left": job.repeats_left,
        "number_of_retries": job.number_of_retries,
        "due_at": output.iso(job.due_at),
        "last_heartbeat_at": output.iso(job.last_heartbeat_at),
        "callbacks": output.as_pairs(job.callbacks),
        "webhooks": list(job.webhooks),
        "rate_limit": job.rate_limit,
        "notes": list(job.notes),
        "log": list(job.log),
    }


def _execution_json(run: JobExecution) -> dict[str, Any]:
    return {
        "id": run.id,
        "worker": run.worker,
        "created_at": output.iso(run.created_at),
        "last_heartbeat_at": output.iso(run.last_heartbeat_at),
    }


def _result_json(result: JobResult) -> dict[str, Any]:
    return {
        "at": output.iso(result.at),
        "kind": result.kind,
        "worker": result.worker,
        "value": result.value,
        "traceback": "\n".join(result.traceback) or None,
        "started_at": output.iso(result.started_at),
        "ended_at": output.iso(result.ended_at),
    }


def call(job: JobDetail) -> str:
    """The job as the call it would make."""
    arguments = [str(argument.value) for argument in job.payload.args]
    arguments += [f"{argument.name}={argument.value}" for argument in job.payload.kwargs]
    return f"{job.payload.func}({', '.join(arguments)})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


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
            ("created", output.iso(row.created_at) or ""),
            ("enqueued", output.iso(row.enqueued_at) or ""),
            ("started", output.iso(row.started_at) or ""),
            ("ended", output.iso(row.ended_at) or ""),
            ("worker", row.worker or ""),
            ("timeout", _number(job.timeout)),
            ("retries left", _number(job.retries_left)),
            ("retry intervals", ", ".join(map(str, job.retry_intervals))),
            ("expires in", output.ago(job.expires_in) if job.expires_in is not None else ""),
            ("depends on", ", ".join(job.depends_on)),
            ("dependents", ", ".join(job.dependents)),
            ("group", job.group or ""),
            ("meta", ", ".join(f"{item.name}={item.value}" for item in job.meta)),
            ("result", job.result or ""),
            ("due", output.iso(job.due_at) or ""),
            ("rate limit", job.rate_limit or ""),
            ("webhooks", "; ".join(job.webhooks)),
            ("callbacks", ", ".join(f"{item.name}: {item.value}" for item in job.callbacks)),
            ("runs", "; ".join(f"{output.iso(one.at)} {one.kind}" for one in job.results)),
            ("note", "; ".join([*job.payload.notes, *job.notes])),
        ]
    )
    if job.traceback:
        output.text("")
        for line in job.traceback:
            output.text(line)
