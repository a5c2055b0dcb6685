"""`export`: the filtered rows as CSV or JSONL."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import Annotated

import typer

from console.cli import filters, output
from console.cli.target import of
from console.documents.jobs import COLUMNS, row_json


class Format(StrEnum):
    """What `export` writes."""

    csv = "csv"
    jsonl = "jsonl"


def export(
    context: typer.Context,
    state: filters.States = None,
    queue: filters.Queues = None,
    where: filters.Where = "",
    newest: filters.Newest = True,
    limit: filters.Limit = 0,
    scan: filters.Scan = 0,
    kind: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.csv,
) -> None:
    """Jobs that fit, written to standard output as they are found; all of them unless --limit or --scan says less."""
    chosen = filters.Filter(state or (), queue or (), where, newest, scan, limit)
    chosen.query()
    rows = chosen.rows(of(context))
    first = next(rows, None)  # nothing is written before Redis has answered
    if kind is Format.csv:
        output.csv_row(COLUMNS)
    for row in chain([first] if first else [], rows):
        found = row_json(row)
        if kind is Format.csv:
            output.csv_row([found[name] for name in COLUMNS])
        else:
            output.line(found)
