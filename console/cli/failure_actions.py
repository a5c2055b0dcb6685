"""The verbs of `failures`: requeue or delete groups of failures, clear them all."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import failures
from console.cli.actions import (
    Alias,
    AsJson,
    Canary,
    DryRun,
    Queue,
    Rate,
    Reason,
    Where,
    Yes,
    check_query,
    manner,
)
from console.cli.carrying_out import carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS

Signatures = Annotated[
    list[str] | None, typer.Argument(metavar="[SIGNATURE...]", help="Groups; all failed jobs when left out.")
]


@failures.app.command("clear")
def clear(
    context: typer.Context,
    queue: Queue = None,
    dry_run: DryRun = False,
    rate: Rate = None,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete all failed and stopped jobs, into the trash."""
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "rate": rate, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    selection = Selection(queues=tuple(queue or ()), everything=True)
    end(carry_out(of(context), ACTIONS["all.clear-failures"], selection, Options(), manner(given)))


def _run(context: typer.Context, name: str, given: dict[str, Any], **options: Any) -> None:
    from pantry_queue.control.plan import Options, Selection

    if given["where"]:
        check_query(given["where"])
    selection = Selection(
        states=("failed",),
        queues=tuple(given["queue"] or ()),
        where=given["where"],
        signatures=tuple(given["signatures"] or ()),
    )
    end(carry_out(of(context), ACTIONS[name], selection, Options(**options), manner(given)))


@failures.app.command("requeue", help=ACTIONS["jobs.requeue"].what)
def requeue(
    context: typer.Context,
    signatures: Signatures = None,
    queue: Queue = None,
    where: Where = "",
    at_front: Annotated[bool, typer.Option("--at-front", help="Next in the queue.")] = False,
    to: Annotated[str | None, typer.Option(metavar="QUEUE", help="Another queue.")] = None,
    dry_run: DryRun = False,
    canary: Canary = None,
    rate: Rate = None,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    given = {"signatures": signatures, "queue": queue, "where": where, "dry_run": dry_run, "canary": canary}
    given |= {"rate": rate, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    _run(context, "jobs.requeue", given, at_front=at_front, to=to)


@failures.app.command("delete", help=ACTIONS["jobs.delete"].what)
def delete(
    context: typer.Context,
    signatures: Signatures = None,
    queue: Queue = None,
    where: Where = "",
    dry_run: DryRun = False,
    canary: Canary = None,
    rate: Rate = None,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    given = {"signatures": signatures, "queue": queue, "where": where, "dry_run": dry_run, "canary": canary}
    given |= {"rate": rate, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    _run(context, "jobs.delete", given)
