"""`view`: the terminal interface, opened on one view."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.opening import open_console
from console.cli.target import of


def _complete(incomplete: str) -> list[str]:
    """Places and saved views, for the shell."""
    from console import views
    from console.tui.address import PLACES
    from pantry_queue.errors import PantryError

    try:
        saved = [f"{views.SIGN}{name}" for name in views.load()]
    except PantryError:
        saved = []
    return [word for word in (*PLACES, *saved) if word.startswith(incomplete)]


def view(
    context: typer.Context,
    address: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS...",
            help="As behind : in the console: jobs [QUEUE] [STATE] [FILTER], queue NAME, job ID, why ID, "
            "workers [NAME], overview [by-SORT], failures, schedule [LIST], activity [LIST], doctor [LIST], "
            "functions [LIST] [by-SORT]; or @NAME, a saved view.",
            autocompletion=_complete,
        ),
    ],
) -> None:
    """Open the terminal interface on a view, as in: view jobs ocr failed func:send_mail."""
    from console import views
    from console.tui import saved
    from console.tui.address import AddressError, parse
    from pantry_queue.monitor.query import QueryError

    words = " ".join(address)
    try:
        start = saved.address(words) if words.startswith(views.SIGN) else parse(words)
    except (AddressError, QueryError) as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.Exit(open_console(of(context), start))
