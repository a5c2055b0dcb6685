"""`workers list`, `show`, `run`, and those of this machine: `launch`, `log`."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output, status
from console.cli.looking import take
from console.cli.target import Target, of
from console.documents.deployment import worker_json
from pantry_queue.errors import NotFound

if TYPE_CHECKING:
    from pantry_queue.workers.fleet import LocalWorker


def _named(queues: list[str] | None) -> list[str] | None:
    if queues and not all(queues):
        raise typer.BadParameter("a queue has a name")
    return queues


Queues = Annotated[
    list[str] | None,
    typer.Option("--queue", callback=_named, help="Queue to listen to, the first is taken first; repeat for more."),
]
Count = Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")]

app = typer.Typer(help="Workers: list them, run one here.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_workers(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Those launched on this machine, also the ended ones.")
    ] = False,
) -> None:
    """Workers, each with a verdict on whether it lives."""
    if local:
        _list_local(as_json, as_jsonl)
        return
    workers = take(of(context)).workers
    if as_jsonl:
        for worker in workers:
            output.line(worker_json(worker))
    elif as_json:
        output.document([worker_json(worker) for worker in workers])
    else:
        output.table(
            status.WORKER_COLUMNS, map(status.worker_row, workers), right=status.WORKER_NUMBERS, cut=status.WORKER_CUT
        )


@app.command("show")
def show_worker(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """One worker: its verdict, what that rests on, and what it runs."""
    from pantry_queue.text import safe

    found = next((one for one in take(of(context)).workers if safe(name) == one.name), None)
    if found is None:
        raise NotFound(f"There is no worker {safe(name)}: pantry-console workers list shows those there are.")
    document = worker_json(found)
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
    queue: Queues = None,
    burst: Annotated[bool, typer.Option("--burst", help="End when the queues are empty.")] = False,
    count: Count = 1,
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


@app.command("launch")
def launch(
    context: typer.Context,
    queue: Queues = None,
    burst: Annotated[
        bool, typer.Option("--burst/--no-burst", help="End when the queues are empty, or work until stopped.")
    ] = True,
    count: Count = 1,
) -> None:
    """Workers on this machine that live on when this command ends; their names are printed."""
    from pantry_queue.workers import fleet

    target = of(context)
    target.refuse_if_read_only("Launching workers")
    settings = target.settings()
    workers = fleet.launch(settings, count, queues=queue or (), burst=burst)
    record(target, "workers.launch", {"workers": " ".join(worker.name for worker in workers)})
    for worker in workers:
        output.text(worker.name)


@app.command("log")
def log(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the worker has ended.")] = False,
) -> None:
    """What a worker launched on this machine wrote."""
    from pantry_queue.workers import fleet

    for line in fleet.follow(fleet.find(name), lines, on=follow):
        output.text(line, flush=follow)


def record(target: Target, action: str, facts: dict[str, str | int]) -> None:
    """One line in the audit, for what is done to processes of this machine."""
    from pantry_queue.connection import connect, translated
    from pantry_queue.control import audit

    settings = target.settings()
    with translated(settings):
        connection = connect(settings, "operator")
        actor = audit.whoami("cli", profile=target.profile)
        audit.record(connection, target.keys(), secrets.token_hex(6), "outcome", action, actor, facts)
        connection.close()


def ended(worker: LocalWorker) -> str:
    """Its state, with its exit code where there is one."""
    return worker.state if worker.exit_code is None else f"{worker.state}, exit code {worker.exit_code}"


def _list_local(as_json: bool, as_jsonl: bool) -> None:
    from pantry_queue.workers import fleet

    workers = fleet.known()
    documents = [
        {
            "name": worker.name,
            "state": worker.state,
            "exit_code": worker.exit_code,
            "pid": worker.pid,
            "queues": list(worker.queues),
            "burst": worker.burst,
            "redis": worker.redis,
            "launched_at": worker.launched_at,
            "log": str(worker.log),
        }
        for worker in workers
    ]
    if as_jsonl:
        for document in documents:
            output.line(document)
    elif as_json:
        output.document(documents)
    else:
        rows = [(w.name, ended(w), str(w.pid), ", ".join(w.queues), w.redis) for w in workers]
        output.table(("WORKER", "STATE", "PID", "QUEUES", "REDIS"), rows, cut=("REDIS", "QUEUES"))
