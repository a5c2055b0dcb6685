"""How documents say times and values. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any


def iso(at: datetime | None) -> str | None:
    """A time as JSON shows it: UTC, milliseconds, `Z`."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_json(value: object) -> object:
    """How JSON says what it has no word for; for `json.dumps(default=...)`."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Decimal):
        return str(value)
    return str(value)


#: A cell that begins with one of these is a formula to a spreadsheet, and the text is foreign.
_FORMULA = ("=", "+", "-", "@")


def csv_line(cells: Iterable[object]) -> str:
    """One line of CSV (RFC 4180); text that a spreadsheet would take for a formula gets an apostrophe in front."""
    drawn = StringIO()
    csv.writer(drawn).writerow([_cell(value) for value in cells])
    return drawn.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_pairs(items: Iterable[Any]) -> dict[str, str]:
    """Named arguments as a JSON object."""
    return {str(item.name): str(item.value) for item in items}
