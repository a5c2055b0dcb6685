"""Pure: workers of this machine -> rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.words import moment
from pantry_queue.text import safe

if TYPE_CHECKING:
    from pantry_queue.workers.fleet import LocalWorker

COLUMNS = (
    Column("WORKER", 14, most=24),
    Column("STATE", 12, most=16),
    Column("KIND", 6),
    Column("QUEUES", 10, most=40, rank=2, grow=1),
    Column("PID", 7, align="right", rank=3),
    Column("LAUNCHED", 9, most=20, rank=4),
    Column("REDIS", 10, most=40, rank=5),
)


def state_cell(worker: LocalWorker) -> Cell:
    """How its process is."""
    if worker.state == "running":
        return Cell("▸ running", "started")
    if worker.state == "vanished":
        return Cell("✗ vanished", "failed")
    return Cell("✓ ended", "finished") if worker.exit_code == 0 else Cell(f"✗ ended, {worker.exit_code}", "failed")


def local_rows(workers: Sequence[LocalWorker], now: datetime) -> tuple[Row, ...]:
    """One row a worker."""
    return tuple(
        Row(
            worker.name,
            (
                Cell(safe(worker.name, 60), "strong"),
                state_cell(worker),
                Cell("burst" if worker.burst else "steady", "muted"),
                Cell(safe(", ".join(worker.queues), 200), "muted"),
                Cell(str(worker.pid), "muted"),
                Cell(moment(datetime.fromtimestamp(worker.launched_at, UTC), now), "muted"),
                Cell(safe(worker.redis, 200), "muted"),
            ),
        )
        for worker in workers
    )
