"""A receipt as its rows with the amounts of each, read once and shared by all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .amounts import Amount, find_amounts
from .currency import UNACCENTED, WHOLE_UNITS
from .rows import Row

# With no amount that has cents, this many amounts without them say that the currency has none.
_MIN_WHOLE_AMOUNTS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """``amounts[i]`` are the amounts of ``rows[i]``; ``whole_units``: the currency is printed without cents."""

    rows: tuple[Row, ...]
    amounts: tuple[tuple[Amount, ...], ...]
    currency: str | None
    whole_units: bool


def page_of(rows: Sequence[Row], currency: str | None) -> Page:
    """Read the amounts of all rows in the way the currency prints them."""
    if currency in UNACCENTED:
        rows = [row.folded() for row in rows]
    with_cents = [find_amounts(row.text) for row in rows]
    whole = [find_amounts(row.text, whole_units=True) for row in rows]
    no_cents = not any(with_cents) and sum(map(len, whole)) >= _MIN_WHOLE_AMOUNTS
    whole_units = currency in WHOLE_UNITS or no_cents
    amounts = whole if whole_units else with_cents
    return Page(tuple(rows), tuple(tuple(found) for found in amounts), currency, whole_units)
