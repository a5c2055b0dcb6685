"""`workers list`, `workers show`, `workers run`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from console.cli import output, status
from console.cli.target import of
from pantry_queue.errors import NotFound

app = typer.Typer(help="Workers: list them, run one here.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_workers(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Workers, each with a verdict on whether it lives."""
    workers = status.take(of(context)).workers
    if as_jsonl:
        for worker in workers:
            output.line(status.worker_json(worker))
    elif as_json:
        output.document([status.worker_json(worker) for worker in workers])
    else:
        output.table(status.WORKER_COLUMNS, map(status.worker_row, workers), right=status.WORKER_NUMBERS)


@app.command("show")
def show_worker(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """One worker: its verdict, what that rests on, and what it runs."""
    from pantry_queue.text import safe

    found = next((one for one in status.take(of(context)).workers if safe(name) == one.name), None)
    if found is None:
        raise NotFound(f"There is no worker {safe(name)}: pantry-console workers list shows those there are.")
    document = status.worker_json(found)
    if as_json:
        output.document(document)
        return
    output.facts([(field.replace("_", " "), _told(value)) for field, value in document.items()])


def _told(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return output.ago(value)
    return "" if value is None else str(value)


@app.command("run")
def run(
    context: typer.Context,
    queue: Annotated[
        list[str] | None, typer.Option(help="Queue to listen to, the first is taken first; repeat for more.")
    ] = None,
    burst: Annotated[bool, typer.Option("--burst", help="End when the queues are empty.")] = False,
    count: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")] = 1,
    name: Annotated[str | None, typer.Option(help="Worker name; made from host and pid when left out.")] = None,
    jobs_per_horse: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Jobs one process runs before it is replaced; 1 is RQ's way.")
    ] = None,
) -> None:
    """A worker in the foreground. SIGTERM or Ctrl-C ends it after its current job."""
    target = of(context)
    target.refuse_if_read_only("Running a worker")
    settings = target.settings()
    if count > 1:
        if name:
            raise typer.BadParameter("a name fits one worker only", param_hint="--name")
        from console.stack import run_workers

        if jobs_per_horse is not None:
            os.environ["WORKER_JOBS_PER_HORSE"] = str(jobs_per_horse)
        raise typer.Exit(run_workers(settings, count, queues=queue or (), burst=burst))
    from pantry_queue.workers.worker import make_forks_safe_on_mac, run_worker

    make_forks_safe_on_mac()
    raise typer.Exit(
        run_worker(settings, queues=queue or None, burst=burst or None, name=name, jobs_per_horse=jobs_per_horse)
    )
