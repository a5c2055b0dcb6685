"""Pure: what a diagnosis found -> lines and cells, the same for one job and for the whole deployment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.tui.present.cells import Cell
from console.wording import verb_words
from pantry_queue.control.actions import ACTIONS
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Check, Finding, Place

#: How grave a finding is: sign, tone, and the word for one and for many.
SEVERITIES = {
    "critical": ("!!", "failed", "critical", "critical"),
    "warning": ("! ", "warning", "warning", "warnings"),
    "info": ("i ", "scheduled", "note", "notes"),
    "ok": ("✓ ", "finished", "fine", "fine"),
}
_MARKS = {
    "fine": Cell("✓", "finished"),
    "cause": Cell("✗", "failed"),
    "warning": Cell("!", "warning"),
    "unknown": Cell("-", "faint"),
}
_INDENT = "    "


def severity_cell(finding: Finding) -> Cell:
    """How grave it is, as a sign."""
    sign, tone, *_ = SEVERITIES[finding.severity]
    return Cell(sign, tone)


def mark_cell(check: Check) -> Cell:
    """Whether a check is fine, as a sign."""
    return _MARKS[check.mark]


def finding_lines(finding: Finding) -> list[tuple[Cell, ...]]:
    """What it says, what that rests on, what to do, the command line that does it, and the key that does."""
    lines: list[tuple[Cell, ...]] = [(severity_cell(finding), Cell(" "), Cell(finding.says, "strong"))]
    lines += [(Cell("   "), Cell(sentence, "muted")) for sentence in finding.evidence]
    if finding.remedy:
        lines.append((Cell("Do: ", "key"), Cell(finding.remedy)))
    if finding.command:
        lines.append((Cell(_INDENT), Cell(finding.command, "in")))
    if finding.act.name:
        what = remedy_words(finding)
        lines.append((Cell("A   ", "key"), Cell(f"does it from here: {what}; you see the plan first", "muted")))
    return lines


def remedy_words(finding: Finding) -> str:
    """The action a finding advises, and to what: `rescue 3 jobs`, `resume queue ocr`; empty where none does it."""
    act = finding.act
    action = ACTIONS.get(act.name)
    if action is None:
        return ""
    verb = verb_words(action)
    if len(act.ids) > 1:
        return f"{verb} {len(act.ids):,} {action.noun}"
    if act.ids:
        return f"{verb} {action.noun.removesuffix('s')} {safe(raw_of(act.ids[0]), 60)}"
    if act.queues:
        return f"{verb} queue {', '.join(safe(raw_of(name), 60) for name in act.queues[:3])}"
    return f"{verb} all workers" if action.noun == "all" else verb


def place_words(place: Place) -> str:
    """Where the key that opens leads: `job 7`, `queue ocr`, `Workers`; empty where nowhere."""
    if place.kind in ("job", "queue", "worker"):
        return f"{place.kind} {safe(raw_of(place.name), 60)}"
    return place.kind.capitalize()


def check_lines(
    checks: Sequence[Check], width: int, fit: Callable[[str, int], str], *, columns: int = 2
) -> list[tuple[Cell, ...]]:
    """All checks in columns, read downwards.

    Args:
        width: cells of a line.
        fit: text and a number of cells -> the text in exactly so many.
    """
    rows = -(-len(checks) // columns)
    room = max(8, width // columns - 4)
    lines: list[tuple[Cell, ...]] = []
    for place in range(rows):
        cells: list[Cell] = []
        for check in checks[place::rows]:
            tone = "muted" if check.mark in ("fine", "unknown") else ""
            cells += [mark_cell(check), Cell(f" {fit(check.says, room)}  ", tone)]
        lines.append(tuple(cells))
    return lines
