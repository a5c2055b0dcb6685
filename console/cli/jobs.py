"""`jobs list`, `jobs show`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output
from console.cli.target import Target, of, reader
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.monitor.model import JobDetail, JobRow

app = typer.Typer(help="Jobs: list them, look at one.", no_args_is_help=True, rich_markup_mode=None)

#: Rows read in one round trip while a list is streamed.
_WINDOW = 200


@app.command("list")
def list_jobs(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="One state, as in the columns of status; all when left out.")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="One queue; all when left out.")] = None,
    newest: Annotated[bool, typer.Option("--newest/--oldest", help="Which come first.")] = True,
    limit: Annotated[int, typer.Option(min=0, help="How many at most; 0 is all.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, streamed.")] = False,
) -> None:
    """Jobs of one state or all, of one queue or all."""
    from pantry_queue.monitor.model import STATES

    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{state!r} is not one of {', '.join(STATES)}", param_hint="--state")
    rows = _rows(of(context), [state] if state else list(STATES), queue, newest, limit)
    if as_jsonl:
        for row in rows:
            output.line(row_json(row))
    elif as_json:
        output.document([row_json(row) for row in rows])
    else:
        output.table(("JOB", "STATE", "QUEUE", "FUNCTION", "ENQUEUED", "ERROR"), map(_row, rows))


def _rows(target: Target, states: list[str], queue: str | None, newest: bool, limit: int) -> Iterator[JobRow]:
    """Rows window by window, so that a list of any length needs the memory of one window."""
    from pantry_queue.monitor import jobs

    keys = target.keys()
    left = limit or None
    with reader(target.settings()) as client:
        for state in states:
            start = 0
            while left is None or left > 0:
                count = _WINDOW if left is None else min(_WINDOW, left)
                window = jobs.window(client, keys, state, queue=queue, start=start, count=count, newest_first=newest)
                yield from window.rows
                start += len(window.rows)
                left = None if left is None else left - len(window.rows)
                if len(window.rows) < count or start >= window.total:
                    break


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
    if as_json:
        output.document(detail_json(found))
    else:
        _show(found)


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
        "executions": [
            {
                "id": run.id,
                "worker": run.worker,
                "created_at": output.iso(run.created_at),
                "last_heartbeat_at": output.iso(run.last_heartbeat_at),
            }
            for run in job.executions
        ],
        "results": [
            {
                "at": output.iso(result.at),
                "kind": result.kind,
                "worker": result.worker,
                "value": result.value,
                "traceback": "\n".join(result.traceback) or None,
                "started_at": output.iso(result.started_at),
                "ended_at": output.iso(result.ended_at),
            }
            for result in job.results
        ],
        "position": job.position,
        "group": job.group,
        "repeats_left": job.repeats_left,
        "log": list(job.log),
    }


def _call(job: JobDetail) -> str:
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
            ("calls", _call(job)),
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
            ("note", "; ".join(job.payload.notes)),
        ]
    )
    if job.traceback:
        output.text("")
        for line in job.traceback:
            output.text(line)
