"""`enqueue`: one new job, by the path of its function."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli import durations, output
from console.cli.actions import Alias, Reason
from console.cli.carrying_out import who, writer
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS

ACTION = ACTIONS["jobs.enqueue"]
#: For the command line: what help says of it is what the table of actions does.
HOW = {"help": f"{ACTION.what} Prints its id."}


def enqueue(
    context: typer.Context,
    func: Annotated[str, typer.Argument(metavar="FUNC", help="Path of the function, as package.module.function.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARG...]", help="text, :json, %literal; named: key=text, key:=json, key%=literal."),
    ] = None,
    queue: Annotated[str, typer.Option("--queue", "-q", help="Its queue.")] = "default",
    at_front: Annotated[bool, typer.Option("--at-front", help="Next in the queue.")] = False,
    after: Annotated[str | None, typer.Option("--in", metavar="DURATION", help="From now, as 10m or 2h.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When, as ISO 8601 in UTC.")] = None,
    retry: Annotated[
        str, typer.Option(metavar="N[:SECONDS,...]", help="Tries after a failure, and the seconds between them.")
    ] = "0",
    job_id: Annotated[str | None, typer.Option(help="Its id; a new one when left out.")] = None,
    unique: Annotated[bool, typer.Option("--unique", help="Not if a job of this id exists at all.")] = False,
    timeout: Annotated[str | None, typer.Option(help="How long it may run, as 90, 10m or -1 for ever.")] = None,
    depends_on: Annotated[list[str] | None, typer.Option(metavar="ID", help="After this job; repeat for more.")] = None,
    reason: Reason = "",
    alias: Alias = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    from pantry_queue.control import arguments as words
    from pantry_queue.control import new_job

    target = of(context)
    target.refuse_if_read_only(ACTION.verb)
    args, kwargs = words.parsed(arguments or ())
    retries, intervals = durations.retries(retry)
    request = new_job.Request(
        func=func,
        args=args,
        kwargs=kwargs,
        queue=queue,
        at_front=at_front,
        due=durations.moment(at, after),
        retries=retries,
        intervals=intervals,
        job_id=job_id,
        unique=unique,
        timeout=timeout,
        depends_on=tuple(depends_on or ()),
    )
    new_job.validate(request)
    with writer(target) as scripts:
        made = new_job.enqueue(scripts, scripts.settings, request, who(target, alias), reason=reason)
    if as_json:
        output.document({"id": made, "queue": queue, "description": new_job.describe(request)})
    else:
        output.text(made)
