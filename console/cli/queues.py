"""`queues`: list them, pause, resume, empty and delete one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import durations, output, status
from console.cli.actions import Alias, AsJson, DryRun, Reason, Yes, manner
from console.cli.carrying_out import carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS, applicable

app = typer.Typer(
    help="Queues: list them, pause, resume, empty, delete one.", no_args_is_help=True, rich_markup_mode=None
)
Names = Annotated[list[str], typer.Argument(metavar="NAME...")]


@app.command("list")
def list_queues(
    context: typer.Context,
    as_json: AsJson = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Queues with the number of their jobs in each state."""
    snapshot = status.take(of(context))
    rows = [status.queue_json(queue, snapshot) for queue in snapshot.queues]
    if as_jsonl:
        for row in rows:
            output.line(row)
    elif as_json:
        output.document(rows)
    else:
        numbers = tuple(name.upper() for name in status.COUNTS[:7])
        output.table(("QUEUE", *numbers, "WORKERS", ""), map(_row, rows), right=(*numbers, "WORKERS"))


def _row(queue: dict[str, Any]) -> tuple[str, ...]:
    counts = [f"{queue[name]:,}" for name in status.COUNTS[:7]]
    return (queue["name"], *counts, str(queue["workers"]), _pause(queue))


def _pause(queue: dict[str, Any]) -> str:
    if not queue["paused"]:
        return ""
    left = queue["paused_seconds"]
    return "paused" if left is None else f"paused, {output.ago(left)} left"


def _told(verb: str) -> str:
    action = ACTIONS[f"queues.{verb}"]
    return " ".join(part for part in (action.what, action.loses) if part)


@app.command("pause", help=_told("pause"))
def pause(
    context: typer.Context,
    names: Names,
    lasting: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="End by itself, after 10m or 2h.")
    ] = None,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    options = Options(seconds=durations.seconds(lasting, "--for") if lasting else None)
    end(carry_out(of(context), ACTIONS["queues.pause"], Selection(queues=tuple(names)), options, manner(given)))


def _register(verb: str) -> None:
    action = ACTIONS[f"queues.{verb}"]

    def command(
        context: typer.Context,
        names: Names,
        dry_run: DryRun = False,
        reason: Reason = "",
        alias: Alias = "",
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        from pantry_queue.control.plan import Options, Selection

        given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
        end(carry_out(of(context), action, Selection(queues=tuple(names)), Options(), manner(given)))

    app.command(verb, help=_told(verb))(command)


for _action in applicable("queues"):
    if _action.verb != "pause":
        _register(_action.verb)
