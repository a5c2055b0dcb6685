"""`audit`: who did what to how many, when, from where, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.carrying_out import stopping, writer
from console.cli.target import of
from console.documents.acting import entry_json

if TYPE_CHECKING:
    from pantry_queue.control.audit import Entry

#: Seconds one question waits for news, less than a reader waits for any answer; Ctrl-C is noticed in between.
_WAIT = 0.5


def audit(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many of the last entries.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document; one object a line with --follow.")
    ] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Who did what to how many, when, from where, and why. Oldest first."""
    from pantry_queue.control import audit as record

    with writer(of(context), "reader") as scripts:
        entries = record.newest(scripts.connection, scripts.keys, limit)
        if as_json and not follow:
            output.document([entry_json(entry) for entry in entries])
            return
        show = _line if as_json or as_jsonl else _text
        for entry in entries:
            show(entry)
        last = entries[-1].id if entries else "0"
        with stopping() as stop:
            while follow and not stop.is_set():
                for entry in record.following(scripts.connection, scripts.keys, last, _WAIT):
                    show(entry)
                    last = entry.id


def _line(entry: Entry) -> None:
    output.line(entry_json(entry))


def _text(entry: Entry) -> None:
    facts = "  ".join(f"{name}={value}" for name, value in entry.facts)
    at = entry.at.strftime("%Y-%m-%d %H:%M:%SZ")
    who = f"{entry.user}@{entry.host} ({entry.via})"
    output.text(f"{at}  {entry.operation}  {entry.event:7}  {entry.action}  {who}  {facts}")
