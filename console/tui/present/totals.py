"""Pure: the numbers at the head of the overview, and the data of its charts."""

from __future__ import annotations

from typing import NamedTuple

from console.tui.present.cells import Cell
from console.tui.present.states import look
from console.tui.present.words import count, per_second
from pantry_queue.monitor.model import Snapshot
from pantry_queue.monitor.rates import RateHistory

#: Seconds a chart may cover; it widens as there is more to show.
SPANS = (30.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0, 900.0)
_RECENT = 300.0


class Tile(NamedTuple):
    """A number with its name; tiles of the highest rank are left out first."""

    label: Cell
    value: tuple[Cell, ...]
    rank: int
    action: str = ""


def tiles(snapshot: Snapshot, history: RateHistory) -> list[Tile]:
    """The totals over all queues."""
    totals, flow = snapshot.totals, history.flow()
    busy = sum(1 for worker in snapshot.workers if worker.job_ids)
    alive = sum(1 for worker in snapshot.workers if worker.verdict not in ("dead", "ghost"))
    recent = history.failed_in(_RECENT)
    failed = [_number(totals.failed, "failed")]
    if recent:
        failed.append(Cell(f" +{recent:,}", "stopped"))
    return [
        _tile("queued", "queued", [_number(totals.queued, "strong")], 0),
        _tile("started", "started", [_number(totals.started + totals.intermediate, "started")], 0),
        _tile("failed", "failed", failed, 0),
        _tile("finished", "finished", [_number(totals.finished, "finished")], 3),
        _tile("scheduled", "scheduled", [_number(totals.scheduled, "scheduled")], 4),
        _tile("deferred", "deferred", [_number(totals.deferred, "queued")], 6),
        Tile(
            Cell("workers busy", "muted"),
            (Cell(f"{busy}", "strong" if busy else "faint"), Cell(f" of {alive}", "muted")),
            1,
            "go('workers')",
        ),
        Tile(Cell("in", "muted"), (Cell(per_second(flow.in_per_s), "strong"),), 5),
        Tile(Cell("out", "muted"), (Cell(per_second(flow.out_per_s), "strong"),), 2),
    ]


def _tile(state: str, label: str, value: list[Cell], rank: int) -> Tile:
    it = look(state)
    return Tile(Cell(f"{it.glyph} {label}", "muted"), tuple(value), rank, f"show_state('{state}')")


def _number(number: int, tone: str) -> Cell:
    return Cell(count(number), tone if number else "faint")


def span_for(remembered: float) -> float:
    """Seconds a chart covers when so many are remembered."""
    return next((span for span in SPANS if span >= remembered), SPANS[-1])
