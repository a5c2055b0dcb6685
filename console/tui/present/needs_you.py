"""Pure: alerts -> rows of the panel that says what needs the operator."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.present.cells import Cell, Column, Row
from pantry_queue.monitor.alerts import Alert

COLUMNS = (Column("", 2), Column("", 8, most=26), Column("", 20, grow=1))
_LOOKS = {"critical": ("!!", "failed"), "warning": ("! ", "warning"), "note": ("i ", "scheduled")}


def alert_rows(alerts: Sequence[Alert]) -> tuple[Row, ...]:
    """One row an alert, the worst first."""
    rows: list[Row] = []
    for alert in alerts:
        mark, tone = _LOOKS[alert.level]
        rows.append(Row(alert.key, (Cell(mark, tone), Cell(alert.subject, "strong"), Cell(alert.text))))
    return tuple(rows)
