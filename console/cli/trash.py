"""`trash` and `undo`: what was done and can be brought back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.actions import Alias, AsJson, AsJsonl, DryRun, Reason, Yes, manner
from console.cli.carrying_out import carry_out, end, stopping, who, writer
from console.cli.target import of
from console.cli.telling import show_progress, tell
from console.documents.acting import operation_json
from pantry_queue.control.actions import ACTIONS

if TYPE_CHECKING:
    from pantry_queue.control.trash import Kept

app = typer.Typer(help="What was deleted or changed and can be undone.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_operations(context: typer.Context, as_json: AsJson = False, as_jsonl: AsJsonl = False) -> None:
    """Operations that can be undone, newest first."""
    from pantry_queue.control import trash

    with writer(of(context), "reader") as scripts:
        found = trash.operations(scripts)
    if as_json or as_jsonl:
        output.documents([operation_json(kept) for kept in found], apart=as_jsonl)
    else:
        columns = ("OPERATION", "ACTION", "WHEN", "BY", "JOBS", "SIZE", "EXPIRES IN", "CHOSEN", "REASON")
        output.table(columns, map(_operation_row, found), right=("JOBS", "SIZE", "EXPIRES IN"))


def _operation_row(kept: Kept) -> tuple[str, ...]:
    at = kept.at.strftime("%Y-%m-%d %H:%M:%SZ") if kept.at else "-"
    size = "-" if kept.size is None else f"{kept.size / 2**20:,.1f} MiB" if kept.size else ""
    expires = output.ago(kept.expires_in)
    return (kept.name, kept.action, at, kept.user, f"{kept.jobs:,}", size, expires, kept.selection, kept.reason)


@app.command("show")
def show(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(metavar="OP")],
    limit: Annotated[int, typer.Option(min=1, help="How many jobs at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """The jobs of an operation, as they were before it."""
    from pantry_queue.control import trash

    with writer(of(context), "reader") as scripts:
        found = trash.jobs(scripts, operation, count=limit)
    if as_json:
        output.document([{"id": job.id, "state": job.state, "queue": job.queue} for job in found])
    else:
        output.table(("JOB", "STATE", "QUEUE"), ((job.id, job.state, job.queue) for job in found))


@app.command("empty")
def empty(
    context: typer.Context,
    operations: Annotated[list[str] | None, typer.Argument(metavar="[OP...]", help="All when left out.")] = None,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is in the trash for good. It cannot be brought back then."""
    from pantry_queue.control.plan import Options, Selection

    selection = Selection(ids=tuple(operations or ()), everything=not operations)
    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    end(carry_out(of(context), ACTIONS["trash.empty"], selection, Options(), manner(given)))


def undo(
    context: typer.Context,
    operation: Annotated[str | None, typer.Argument(metavar="[OP]", help="The last one when left out.")] = None,
    reason: Reason = "",
    alias: Alias = "",
    as_json: AsJson = False,
) -> None:
    """Bring back what an operation deleted or changed, as far as it has not moved on."""
    from pantry_queue.control import undoing

    target = of(context)
    target.refuse_if_read_only("undo")
    with writer(target) as scripts, stopping() as stop:
        outcome = undoing.undo(
            scripts,
            operation,
            who(target, alias),
            reason=reason,
            progress=show_progress if sys.stderr.isatty() else None,
            stop=stop,
        )
    end(tell(outcome, named=True, as_json=as_json))
