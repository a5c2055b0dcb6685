"""Pure: alerts -> rows of the panel that says what needs the operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.tui.present.cells import Cell, Column, Row
from pantry_queue.monitor.alarms import Ack
from pantry_queue.monitor.alerts import Alert

COLUMNS = (Column("", 2), Column("", 8, most=26), Column("", 20, grow=1))
_LOOKS = {"critical": ("!!", "failed"), "warning": ("! ", "warning"), "note": ("i ", "scheduled")}


def alert_rows(alerts: Sequence[Alert], ack: Callable[[Alert], Ack | None] = lambda _: None) -> tuple[Row, ...]:
    """One row an alert, the worst first; those that somebody answers for come last.

    Args:
        ack: who answers for an alert.
    """
    rows: list[Row] = []
    answered: list[Row] = []
    for alert in alerts:
        mark, tone = _LOOKS[alert.level]
        seen = ack(alert)
        if seen is None:
            rows.append(Row(alert.key, (Cell(mark, tone), Cell(alert.subject, "strong"), Cell(alert.text))))
        else:
            text = f"{seen.by} until {seen.until:%H:%M}Z: {alert.text}"
            answered.append(Row(alert.key, (Cell("  "), Cell(alert.subject, "muted"), Cell(text, "muted"))))
    return (*rows, *answered)
