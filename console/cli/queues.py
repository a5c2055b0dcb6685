"""`queues`: list them, pause, resume, empty and delete one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import output
from console.cli.actions import REQUIRED, AsJson, AsJsonl, command_of, manner, options_of
from console.cli.carrying_out import carry_out
from console.cli.looking import take
from console.cli.target import of
from console.documents.deployment import COUNTS, queue_json
from pantry_queue.control.actions import Action, applicable

app = typer.Typer(
    help="Queues: list them, pause, resume, empty, delete one.", no_args_is_help=True, rich_markup_mode=None
)
Names = Annotated[list[str], typer.Argument(metavar="NAME...")]


@app.command("list")
def list_queues(
    context: typer.Context,
    as_json: AsJson = False,
    as_jsonl: AsJsonl = False,
) -> None:
    """Queues with the number of their jobs in each state."""
    snapshot = take(of(context))
    rows = [queue_json(queue, snapshot) for queue in snapshot.queues]
    if as_json or as_jsonl:
        output.documents(rows, apart=as_jsonl)
    else:
        numbers = tuple(name.upper() for name in COUNTS[:7])
        output.table(("QUEUE", *numbers, "WORKERS", ""), map(_row, rows), right=(*numbers, "WORKERS"))


def _row(queue: dict[str, Any]) -> tuple[str, ...]:
    counts = [f"{queue[name]:,}" for name in COUNTS[:7]]
    return (queue["name"], *counts, str(queue["workers"]), _pause(queue))


def _pause(queue: dict[str, Any]) -> str:
    if not queue["paused"]:
        return ""
    left = queue["paused_seconds"]
    return "paused" if left is None else f"paused, {output.ago(left)} left"


def _run(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    selection = Selection(queues=tuple(given["names"]))
    return carry_out(of(given["context"]), action, selection, options_of(given), manner(given))


for _action in applicable("queues"):
    app.command(_action.verb)(command_of(_action, (("names", Names, REQUIRED),), _run, paced=False))
