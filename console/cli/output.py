"""The only writer of standard output, and of messages on standard error.

Data goes to standard output and nothing else does. Tables are drawn by Rich, plain when the output is no terminal;
JSON has ISO 8601 times in UTC, durations in seconds, and null for what is unknown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import StringIO
from typing import Literal

from console.documents.values import csv_line, plain_json
from console.streams import give_up_output, unwritable
from pantry_queue.errors import PantryError


class ReaderGone(Exception):  # noqa: N818 - an end, not an error
    """Whoever read our output has seen enough, as `head` does."""


#: Between two columns, and what is left of one that is cut, at the least.
_GAP, _LEAST_CUT = 3, 12

#: Set by the global option `--no-color`.
colour = True


def document(value: object) -> None:
    """One JSON document."""
    _write(json.dumps(value, indent=2, default=plain_json, ensure_ascii=_lacks_letters()) + "\n")


def line(value: object) -> None:
    """One JSON object on a line, sent at once so that a pipe's reader can start."""
    _write(json.dumps(value, default=plain_json, ensure_ascii=_lacks_letters()) + "\n", flush=True)


def documents(values: Sequence[object], *, apart: bool) -> None:
    """A list as one JSON document, or one object a line."""
    if not apart:
        document(values)
    for value in values if apart else ():
        line(value)


def _lacks_letters() -> bool:
    return not (sys.stdout.encoding or "").lower().startswith("utf")


def csv_row(cells: Iterable[object]) -> None:
    """A `csv_line`."""
    _write(csv_line(cells))


def text(value: str, *, flush: bool = False) -> None:
    """A line of plain text; `flush` sends it at once."""
    _write(value + "\n", flush=flush)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[str] = (),
    cut: Iterable[str] = (),
) -> None:
    """A table for people.

    Args:
        columns: headings; a heading in `right` is aligned to the right.
        rows: cells as safe text; markup in them is never read.
        cut: headings of the columns that are cut where a terminal is narrow, the first one first. The others are
            always whole: a table that is wider even so runs over the edge. Without a terminal nothing is cut.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    cells = [[Text(cell, style=_tone(cell)) for cell in row] for row in rows]
    widths = {
        column: max(len(column), *(row[index].cell_len for row in cells), 0) for index, column in enumerate(columns)
    }
    drawn = StringIO()
    console = Console(
        file=drawn, force_terminal=terminal, no_color=not colour, highlight=False, markup=False, emoji=False
    )
    too_wide = sum(widths.values()) + _GAP * (len(columns) - 1) - console.width if terminal else 0
    for column in cut:
        less = max(0, min(too_wide, widths[column] - _LEAST_CUT))
        widths[column] -= less
        too_wide -= less
    console.width = sum(widths.values()) + _GAP * len(columns)
    grid = Table(box=SIMPLE_HEAD if terminal else None, pad_edge=False, show_edge=False, header_style="bold")
    numbers = set(right)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in numbers else "left"
        grid.add_column(column, justify=justify, overflow="ellipsis", no_wrap=True, width=widths[column])
    for row in cells:
        grid.add_row(*row)
    console.print(grid)
    for line_text in drawn.getvalue().splitlines():
        _write(line_text.rstrip() + "\n")


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line, in two aligned columns; empty values are left out."""
    kept = [(name, value) for name, value in pairs if value]
    width = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        _write(f"{name.ljust(width)}  {value}\n")


def note(message: str) -> None:
    """A message for people, on standard error; what it repeats of a command line is made safe to look at."""
    from pantry_queue.text import safe

    lines = [safe(part, None) for part in message.split("\n")]
    with suppress(OSError):  # nobody can be told that nobody can be told
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()


def ago(seconds: float | None) -> str:
    """A duration in its two largest units: `7s`, `3m10s`, `2h05m`, `4d3h`; `-` when unknown."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


_TONES = {"failed": "red", "stopped": "red", "dead": "red", "ghost": "red", "deaf": "yellow", "late": "yellow"}
_TONES |= {"finished": "green", "completed": "green", "started": "cyan", "busy": "cyan"}


def _tone(cell: str) -> str:
    return _TONES.get(cell, "")


def _write(data: str, *, flush: bool = False) -> None:
    try:
        sys.stdout.write(data)
        if flush:
            sys.stdout.flush()
    except OSError as error:
        give_up_output()
        if isinstance(error, BrokenPipeError):
            raise ReaderGone from None
        raise PantryError(unwritable(error)) from None
