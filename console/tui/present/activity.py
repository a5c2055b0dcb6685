"""Pure: what was changed, what ran, what can be undone -> rows, and all that is known about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.words import age, amount, count, moment, size
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from pantry_queue.control.audit import Entry
    from pantry_queue.control.trash import Kept

TABS = ("changes", "events", "trash")
#: What is said where a tab has nothing to show.
EMPTY = {
    "changes": "nothing was changed from this console, its command line or its service yet",
    "trash": "nothing can be undone: the trash is empty",
}
COLUMNS = {
    "changes": (
        Column("WHEN", 9, most=20),
        Column("WHO", 8, most=24, rank=2),
        Column("ACTION", 10, most=22),
        Column("DONE", 5, most=9, align="right"),
        Column("LEFT", 5, most=9, align="right", rank=3),
        Column("FAILED", 6, most=9, align="right", rank=4),
        Column("CHOSEN", 10, most=60, rank=1, grow=1),
        Column("REASON", 8, most=40, rank=5),
    ),
    "trash": (
        Column("WHEN", 9, most=20),
        Column("ACTION", 10, most=22),
        Column("JOBS", 5, most=9, align="right"),
        Column("SIZE", 8, most=10, align="right", rank=3),
        Column("EXPIRES", 7, align="right", rank=1),
        Column("BY", 8, most=20, rank=4),
        Column("CHOSEN", 10, most=60, rank=2, grow=1),
        Column("REASON", 8, most=40, rank=5),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One operation: its intent and, when it has ended, its outcome.

    Attributes:
        facts: of both; what the outcome says last holds.
        ended: its outcome is there; without one it is under way, or was broken off.
    """

    operation: SafeText
    at: datetime
    action: SafeText
    who: SafeText
    via: SafeText
    facts: dict[str, SafeText]
    ended: bool


def changes(entries: Iterable[Entry]) -> tuple[Change, ...]:
    """Operations, the one that began last first.

    Args:
        entries: of the audit, oldest first.
    """
    found: dict[str, Change] = {}
    for entry in entries:
        # What a worker does of itself bears the name of what it did, each time the same.
        one = f"{entry.operation}:{entry.id}" if entry.operation == entry.action else entry.operation
        begun = found.get(one)
        facts = {**(begun.facts if begun else {}), **{str(name): value for name, value in entry.facts}}
        found[one] = Change(
            safe(one),
            begun.at if begun else entry.at,
            entry.action,
            safe(f"{entry.user}@{entry.host}"),
            entry.via,
            facts,
            entry.event == "outcome" or bool(begun and begun.ended),
        )
    return tuple(reversed(found.values()))


def change_rows(found: Iterable[Change], now: datetime) -> tuple[Row, ...]:
    """One row an operation."""
    return tuple(_change_row(change, now) for change in found)


def _change_row(change: Change, now: datetime) -> Row:
    facts = change.facts
    done = _number(facts.get("done")) if change.ended else "…"
    return Row(
        change.operation,
        (
            Cell(moment(change.at, now), "muted"),
            Cell(change.who, "muted"),
            Cell(change.action.replace("-", " "), "strong"),
            Cell(done, "finished" if done not in ("-", "…") else "faint"),
            Cell(_number(facts.get("skipped")), "warning" if _number(facts.get("skipped")) != "-" else "faint"),
            Cell(_number(facts.get("failed")), "failed" if _number(facts.get("failed")) != "-" else "faint"),
            Cell(facts.get("selection") or _job(facts)),
            Cell(facts.get("reason", ""), "muted"),
        ),
    )


def _job(facts: Mapping[str, SafeText]) -> str:
    """The one job it was done to, where a worker did it of itself."""
    if "job" not in facts:
        return ""
    became = f", now {facts['did']}" if "did" in facts else ""
    return f"job {facts['job']} of {facts.get('queue', 'no queue')}{became}"


def _number(text: str | None) -> str:
    """A count that was written down; `-` for none."""
    if text is None or not (text.isascii() and text.isdigit()):
        return text or "-"
    return count(int(text)) if text.strip("0") else "-"


def change_title(change: Change) -> str:
    """`queues.pause 1f03`; the action alone where nobody gave it a name of its own."""
    return change.action if change.operation.startswith(f"{change.action}:") else f"{change.action} {change.operation}"


def change_lines(change: Change, now: datetime) -> list[tuple[Cell, ...]]:
    """The whole entry."""
    lines: list[tuple[Cell, ...]] = [
        (Cell(f"{moment(change.at, now)}  ", "muted"), Cell(change.who), Cell(f"  with {change.via}", "muted"))
    ]
    if not change.ended:
        lines.append((Cell("under way, or broken off: its outcome was never written down", "warning"),))
    return lines + [(Cell(f"{name} ", "muted"), Cell(value)) for name, value in change.facts.items()]


def kept_rows(found: Iterable[Kept], now: datetime) -> tuple[Row, ...]:
    """One row an operation that can be undone."""
    return tuple(
        Row(
            kept.name,
            (
                Cell(moment(kept.at, now), "muted"),
                Cell(kept.action.replace("-", " "), "strong"),
                Cell(count(kept.jobs)),
                Cell(_size(kept), "muted"),
                Cell(age(kept.expires_in), "muted"),
                Cell(kept.user, "muted"),
                Cell(kept.selection),
                Cell(kept.reason, "muted"),
            ),
        )
        for kept in found
    )


def kept_lines(kept: Kept, now: datetime) -> list[tuple[Cell, ...]]:
    """All about an operation that can be undone."""
    facts = (
        ("done", f"{moment(kept.at, now)} by {kept.user or '-'}, to {amount(kept.done, 'job')}"),
        ("can be undone", f"{amount(kept.jobs, 'job')}, for {age(kept.expires_in)} more"),
        ("size", _size(kept)),
        ("chosen", kept.selection),
        ("reason", kept.reason),
    )
    return [(Cell(f"{name} ", "muted"), Cell(value)) for name, value in facts if value]


def _size(kept: Kept) -> str:
    """Of its deleted jobs; nothing for an operation that only moved some."""
    return "-" if kept.size is None else size(kept.size) if kept.size else ""
