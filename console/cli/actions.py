"""The verbs of `jobs`, each made from its row in the table of actions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import durations, jobs
from console.cli.carrying_out import Manner, carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import Action, applicable
from pantry_queue.errors import PayloadError

if TYPE_CHECKING:
    from pantry_queue.control.plan import Options

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Jobs; - reads ids from standard input.")]
State = Annotated[list[str] | None, typer.Option(help="All jobs of a state; repeat for more.")]
Queue = Annotated[list[str] | None, typer.Option(help="Only jobs of this queue; repeat for more.")]
Where = Annotated[str, typer.Option(metavar="QUERY", help="Only jobs that fit a filter.")]
Everything = Annotated[bool, typer.Option("--all", help="All jobs it applies to.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, change nothing.")]
Canary = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Do N first, and the rest only when those end well.")
]
Rate = Annotated[str | None, typer.Option(metavar="N/s", help="So many jobs a second at most.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit.")]
Alias = Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are, for the audit.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
AsJsonl = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")]

#: Options of `plan.Options` as command-line options: parameter, type, default.
_OPTIONS: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "at_front": (("at_front", Annotated[bool, typer.Option("--at-front", help="Next in the queue.")], False),),
    "to": (("to", Annotated[str | None, typer.Option(metavar="QUEUE", help="Another queue.")], None),),
    "dependents": (
        (
            "dependents",
            Annotated[bool, typer.Option("--dependents", help="See above: jobs that wait for them.")],
            False,
        ),
    ),
    "parents": (
        ("parents", Annotated[bool, typer.Option("--parents", help="Drop them from the jobs they wait for.")], False),
    ),
    "due": (
        ("at", Annotated[str | None, typer.Option(metavar="TIME", help="When, as ISO 8601 in UTC.")], None),
        (
            "after",
            Annotated[str | None, typer.Option("--in", metavar="DURATION", help="From now, as 10m or 2h.")],
            None,
        ),
    ),
    "seconds": (
        (
            "lasting",
            Annotated[str | None, typer.Option("--for", metavar="DURATION", help="End by itself, after 10m or 2h.")],
            None,
        ),
    ),
    "call": (
        ("args", Annotated[str | None, typer.Option(metavar="JSON", help="Other arguments, as a JSON list.")], None),
        ("kwargs", Annotated[str | None, typer.Option(metavar="JSON", help="Other ones, as a JSON object.")], None),
    ),
}
#: The default of a parameter that has to be given.
REQUIRED = inspect.Parameter.empty
_PACE = ("canary", "rate")
#: A parameter of a command: name, type, default.
Parameter = tuple[str, Any, Any]

_FIRST: tuple[Parameter, ...] = (
    ("ids", Ids, None),
    ("state", State, None),
    ("queue", Queue, None),
    ("where", Where, ""),
    ("everything", Everything, False),
)
_LAST: tuple[Parameter, ...] = (
    ("dry_run", DryRun, False),
    ("canary", Canary, None),
    ("rate", Rate, None),
    ("reason", Reason, ""),
    ("alias", Alias, ""),
    ("yes", Yes, False),
    ("as_json", AsJson, False),
)


def command_of(
    action: Action,
    first: tuple[Parameter, ...],
    run: Callable[[Action, dict[str, Any]], int],
    *,
    paced: bool = True,
) -> Callable[..., None]:
    """The subcommand of an action, with the options its row names.

    Args:
        first: the parameters that choose what it is done to; one of the name of an option takes its place.
        run: given all of them, and `context`, does it; its answer is the exit code.
        paced: it is done to many jobs, so that some can be tried first, and so many a second.
    """
    taken = {name for name, _, _ in first}
    own = [option for name in action.options for option in _OPTIONS[name] if option[0] not in taken]
    last = [option for option in _LAST if paced or option[0] not in _PACE]
    params = [("context", typer.Context, REQUIRED), *first, *own, *last]

    def command(**given: Any) -> None:
        end(run(action, given))

    command.__doc__ = " ".join(part for part in (action.what, action.loses) if part)
    command.__name__ = action.verb.replace("-", "_")
    kind = inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # Typer reads it
        [inspect.Parameter(name, kind, default=default, annotation=hint) for name, hint, default in params]
    )
    command.__annotations__ = {name: hint for name, hint, _ in params}
    return command


def _run(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    ids = read_ids(given["ids"] or [])
    selection = Selection(
        ids=tuple(ids),
        states=tuple(given["state"] or ()),
        queues=tuple(given["queue"] or ()),
        everything=given["everything"],
        where=given["where"],
    )
    if selection.where:
        check_query(selection.where)
    if ids and selection != Selection(ids=tuple(ids)):
        raise typer.BadParameter("give either ids or a selection", param_hint="ID")
    if selection.queues and not (selection.states or selection.everything or selection.where):
        raise typer.BadParameter("--queue needs --state, --where or --all beside it", param_hint="--queue")
    if given["ids"] and not ids:
        typer.echo("No ids on standard input: nothing to do.", err=True)
        return 0
    options = options_of(given)
    if given.get("args") or given.get("kwargs"):
        options = replace(options, call=_call(ids, given))
    return carry_out(of(given["context"]), action, selection, options, manner(given))


def options_of(given: dict[str, Any]) -> Options:
    """How it is to be done, out of the options of a command; those of other actions are left out."""
    from pantry_queue.control.plan import Options

    return Options(
        at_front=given.get("at_front", False),
        to=given.get("to"),
        due=durations.moment(given.get("at"), given.get("after")),
        dependents=given.get("dependents", False),
        parents=given.get("parents", False),
        seconds=None if given.get("lasting") is None else durations.seconds(given["lasting"], "--for"),
    )


def check_query(text: str) -> None:
    """Understand a filter before anything is asked of Redis.

    Raises:
        typer.BadParameter: it cannot be understood.
    """
    from pantry_queue.monitor.query import QueryError, parse

    try:
        parse(text)
    except QueryError as error:
        raise typer.BadParameter(str(error), param_hint="--where") from None


def manner(given: dict[str, Any]) -> Manner:
    """The options that say how to go about it."""
    return Manner(
        dry_run=given.get("dry_run", False),
        yes=given.get("yes", False),
        canary=given.get("canary"),
        rate=durations.rate(given.get("rate")),
        reason=given.get("reason", ""),
        alias=given.get("alias", ""),
        as_json=given.get("as_json", False),
    )


def read_ids(words: list[str]) -> list[str]:
    """Ids from the command line; `-` stands for one a line on standard input."""
    found: list[str] = []
    for word in words:
        if word == "-":
            found += [line.strip() for line in sys.stdin if line.strip()]
        else:
            found.append(word)
    return found


def _call(ids: list[str], given: dict[str, Any]) -> tuple[bytes, str]:
    """What a copy calls, with arguments from the command line in place of those the job has."""
    from pantry_queue.control import copying

    if len(ids) != 1:
        raise typer.BadParameter("other arguments go with exactly one id", param_hint="--args")
    target = of(given["context"])
    from console.cli.carrying_out import writer

    with writer(target) as scripts:
        try:
            return copying.edited(
                scripts.connection, scripts.keys, ids[0], copying.parsed(given.get("args"), given.get("kwargs"))
            )
        except PayloadError as error:
            raise typer.BadParameter(str(error), param_hint="--args") from None


for _action in applicable("jobs"):
    if _action.states:  # done to jobs there are, not a new one
        jobs.app.command(_action.verb)(command_of(_action, _FIRST, _run))
