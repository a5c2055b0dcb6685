"""Pure: why a job is where it is -> the job in one line, and rows of all that was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.findings import mark_cell
from console.tui.present.jobs import function_name
from console.tui.present.states import look
from console.tui.present.words import amount, count, took

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Check, Explanation, Finding

COLUMNS = (Column("", 2), Column("LOOKED AT", 30, grow=1), Column("", 14, rank=1))
GONE = "There is no such job any more: it was deleted (6 shows the trash), or it has expired."


def job_chips(found: Explanation) -> list[Chip]:
    """What the job calls, where it is, and when its turn comes."""
    func = found.func
    module = func[: len(func) - len(function_name(func))]
    chips = [Chip((Cell(module, "muted"), Cell(function_name(func) or "?", "strong")))]
    if found.queue:
        chips.append(Chip((Cell("queue ", "muted"), Cell(found.queue)), 1))
    state = look(found.state)
    chips.append(chip(f"{state.glyph} {found.state or 'unknown'}", state.tone))
    if found.position is not None:
        chips.append(chip(f"{count(found.position + 1)} of {count(found.waiting or 0)}", "muted", rank=2))
    return chips


def made(found: Explanation) -> list[Chip]:
    """How much was looked at, and how long that took."""
    return [chip(f"{amount(len(found.checks), 'check')}, {took(found.took_ms / 1000)}", "muted", rank=1)]


def check_rows(found: Explanation) -> tuple[Row, ...]:
    """One row for each thing that was looked at, in the order in which they decide."""
    return tuple(Row(f"{place}", (mark_cell(one), *_said(one))) for place, one in enumerate(found.checks))


def _said(check: Check) -> tuple[Cell, Cell]:
    if check.mark == "cause":
        return Cell(check.says, "strong"), Cell("◂ this decides", "key")
    if check.mark == "warning":
        return Cell(check.says), Cell("also" if check.finding else "", "warning")
    return Cell(check.says, "muted"), Cell("")


def deciding(found: Explanation) -> str | None:
    """The row of the check that decides; None where nothing stands in the job's way."""
    return next((f"{place}" for place, one in enumerate(found.checks) if one.mark == "cause"), None)


def finding_at(found: Explanation, key: str | None) -> Finding:
    """What the check in a row has found, else the answer."""
    at = next((one for place, one in enumerate(found.checks) if f"{place}" == key), None)
    return at.finding if at is not None and at.finding is not None else found.answer
