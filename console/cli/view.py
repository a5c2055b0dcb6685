"""`view`: the terminal interface, opened on one view."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.target import of


def view(
    context: typer.Context,
    address: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS...",
            help="As behind : in the console: jobs [QUEUE] [STATE] [FILTER], queue NAME, job ID, why ID, "
            "workers [NAME], overview, failures, schedule, activity, doctor, functions.",
        ),
    ],
) -> None:
    """Open the terminal interface on a view, as in: view jobs ocr failed func:send_mail."""
    from console.cli.app import open_console
    from console.tui.address import parse
    from pantry_queue.errors import PantryError

    try:
        start = parse(" ".join(address))
    except PantryError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.Exit(open_console(of(context), start))
