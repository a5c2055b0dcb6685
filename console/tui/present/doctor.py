"""Pure: an examination -> rows, what it comes to, and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.findings import SEVERITIES, mark_cell, remedy_words, severity_cell
from console.tui.present.words import age, count, took

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Check, Covered, Examination, Finding

TABS = ("findings", "checks")
COLUMNS = {
    "findings": (Column("", 2), Column("FINDING", 30, grow=1), Column("REMEDY", 10, most=36, rank=1)),
    "checks": (Column("", 2), Column("WHAT WAS LOOKED AT", 30, grow=1)),
}
#: Without the remedies: where this console can carry out none.
_NO_REMEDY = COLUMNS["findings"][:-1]
#: Steps in which the age of an examination is told, in seconds: a line that changes each second is sent each second.
_STEP = 10
#: What was looked at, in words that leave room on a narrow terminal.
_SHORT = {"jobs sampled": "jobs", "keys of jobs scanned": "keys scanned"}


def columns(found: Examination | None, tab: str) -> tuple[Column, ...]:
    """The columns of a list: remedies only where there are some."""
    some = tab != "findings" or found is None or any(one.act.name for one in found.findings)
    return COLUMNS[tab] if some else _NO_REMEDY


def finding_key(finding: Finding) -> str:
    """Which finding it is, whatever its numbers say."""
    return f"{finding.code}:{finding.place.name}:{finding.subject}"


def finding_rows(found: Examination) -> tuple[Row, ...]:
    """One row a finding, the worst first."""
    return tuple(
        Row(
            finding_key(one),
            (severity_cell(one), Cell(one.says), Cell(remedy_words(one) or "-", "key" if one.act.name else "faint")),
        )
        for one in found.findings
    )


def check_rows(found: Examination) -> tuple[Row, ...]:
    """One row for each thing that was judged."""
    return tuple(
        Row(one.code, (mark_cell(one), Cell(one.says, "" if one.finding else "muted"))) for one in found.checks
    )


def summary(found: Examination) -> list[Chip]:
    """How many findings of each gravity; nothing is wrong where there are none."""
    if not found.findings:
        return [chip("nothing is wrong", "finished")]
    numbers = Counter(one.severity for one in found.findings)
    chips = []
    for rank, (severity, (_, tone, one, many)) in enumerate(SEVERITIES.items()):
        if number := numbers.get(severity, 0):  # type: ignore[call-overload]
            chips.append(chip(f"{count(number)} {one if number == 1 else many}", tone, rank=2 * rank))
    return chips


def made(found: Examination, now: datetime) -> list[Chip]:
    """When it was made, and what it took."""
    since = max(0.0, (now - found.at).total_seconds()) // _STEP * _STEP
    ago = f"{age(since)} ago" if since else "just now"
    return [
        chip(f"{took(found.took_ms / 1000)}, {ago}", "muted", rank=3),
        Chip((Cell("r", "key"), Cell(" again", "muted")), 5, "app.refresh_now"),
    ]


def covered(parts: Sequence[Covered]) -> tuple[list[Chip], list[Chip]]:
    """What was looked at, and what was not and why."""
    looked = [chip("looked at", "faint")]
    left_out = [chip("not", "faint")]
    for place, part in enumerate(parts):
        if not part.looked and part.note:
            left_out.append(chip(f"{part.what}: {part.note}", "waiting"))
            continue
        total = f" of {count(part.total)}" if part.total is not None and part.total != part.looked else ""
        note = f", {part.note}" if part.note else ""
        looked.append(
            chip(f"{_SHORT.get(part.what, part.what)} {count(part.looked)}{total}{note}", "muted", rank=place)
        )
    return looked, left_out if len(left_out) > 1 else []


def check_of(found: Examination, code: str) -> Check | None:
    """The check of this code."""
    return next((one for one in found.checks if one.code == code), None)
