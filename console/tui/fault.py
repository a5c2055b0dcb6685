"""What a fault nobody has thought of leaves behind: one sentence, and a report in a private file."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from rich.text import Text
from textual.app import App

from pantry_queue.text import safe


class TellingFaults(App[int]):
    """The part of the app that ends it when there is no going on.

    Textual would print a traceback with the values of variables, among which are passwords and other people's data.
    """

    #: A report may be written to a file.
    reports = True
    _told = False

    def _fatal_error(self) -> None:
        if self._told:  # one fault leads to others on the way out
            return
        self._told, error = True, self._exception
        self.panic(Text(said(error, written(error) if self.reports and error is not None else None)))


def said(error: BaseException | None, report: Path | None) -> str:
    """What the operator is told.

    Args:
        error: what nobody has thought of.
        report: where more about it stands; None when nowhere.
    """
    what = f" ({type(error).__name__}: {safe(str(error), 200)})" if error is not None else ""
    more = f" What led to it is in {report}." if report is not None else ""
    then = "Start it again; `pantry-console audit` tells how far a change under way came."
    return f"pantry-console: an unforeseen fault ended the console{what}. {then}{more}"


def written(error: BaseException) -> Path | None:
    """A report of where it happened, without any value, in a file only this user may read; None if that fails."""
    lines = traceback.format_list(traceback.extract_tb(error.__traceback__))
    try:
        handle, name = tempfile.mkstemp(prefix="pantry-console-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines([*lines, f"{type(error).__name__}\n"])
    except OSError:
        return None
    return Path(name)
