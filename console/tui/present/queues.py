"""Pure: queues -> rows of the overview."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.chart import blocks
from console.tui.present.states import number_cell
from console.tui.present.words import age, rate, seconds_between
from pantry_queue.monitor.alerts import Alert
from pantry_queue.monitor.model import Counts, QueueStat, Snapshot
from pantry_queue.monitor.rates import Flow, RateHistory

TREND = 12
COLUMNS = (
    Column("QUEUE", 12, most=40),
    Column("QUEUED", 6, most=10, align="right"),
    Column("TREND", TREND, rank=8),
    Column("STARTED", 7, align="right", rank=2),
    Column("FAILED", 6, most=9, align="right", rank=1),
    Column("FINISHED", 8, most=10, align="right", rank=6),
    Column("SCHED", 5, most=8, align="right", rank=7),
    Column("DEFER", 5, most=8, align="right", rank=10),
    Column("CANC", 4, most=8, align="right", rank=12),
    Column("IN/S", 5, align="right", rank=11),
    Column("OUT/S", 5, align="right", rank=9),
    Column("OLDEST", 6, align="right", rank=3),
    Column("DRAINS IN", 9, align="right", rank=5),
    Column("WORKERS", 7, align="right", rank=4),
    Column("NOTE", 13, most=24, rank=1, grow=1),
)
#: Ways to sort, in the order the key walks through them.
SORTS = ("name", "queued", "oldest", "failed")
_MARKS = {"critical": ("!! ", "failed"), "warning": ("! ", "warning"), "note": ("", "muted")}


def counts_of(snapshot: Snapshot | None, key: str | None) -> Counts:
    """Jobs per state of one queue by its key, of all when it is None; of none when there is no such queue."""
    if snapshot is None:
        return Counts()
    if key is None:
        return snapshot.totals
    return next((queue.counts for queue in snapshot.queues if queue_key(queue) == key), Counts())


def queue_key(queue: QueueStat) -> str:
    """The name Redis knows the queue by; odd bytes as lone surrogates, as the monitor takes them."""
    return queue.raw_name.decode("utf-8", "surrogateescape") if queue.raw_name else queue.name


def queue_rows(
    snapshot: Snapshot, history: RateHistory, alerts: Iterable[Alert], sort: str = "name"
) -> tuple[Row, ...]:
    """One row a queue.

    Args:
        snapshot: what is shown.
        history: where rates come from.
        alerts: what needs the operator; the worst of a queue becomes its note.
        sort: one of `SORTS`.
    """
    notes: dict[str, Alert] = {}
    for alert in alerts:
        if alert.kind == "queue":
            notes.setdefault(alert.subject, alert)
    ordered = sorted(snapshot.queues, key=lambda queue: _sort_key(queue, sort, snapshot.taken_at))
    return tuple(
        _row(queue, history.flow(queue.name), history.trend(queue.name, TREND), notes.get(queue.name), snapshot)
        for queue in ordered
    )


def _sort_key(queue: QueueStat, sort: str, now: datetime) -> tuple[float, str]:
    value = 0.0
    if sort == "queued":
        value = -queue.counts.queued
    elif sort == "failed":
        value = -queue.counts.failed
    elif sort == "oldest":
        value = -(seconds_between(queue.oldest_at, now) or 0.0)
    return value, queue.name


def _row(queue: QueueStat, flow: Flow, trend: Sequence[int], note: Alert | None, snapshot: Snapshot) -> Row:
    counts = queue.counts
    mark, tone = _MARKS[note.level] if note else ("", "")
    unserved = counts.queued > 0 and not queue.workers
    waited = seconds_between(queue.oldest_at, snapshot.taken_at) if counts.queued else None
    return Row(
        queue_key(queue),
        (
            Cell(queue.name, "strong"),
            number_cell(counts.queued, "queued"),
            Cell(_trend(trend), "trend"),
            number_cell(counts.started + counts.intermediate, "started"),
            number_cell(counts.failed, "failed"),
            number_cell(counts.finished, "finished"),
            number_cell(counts.scheduled, "scheduled"),
            number_cell(counts.deferred, "waiting"),
            number_cell(counts.canceled, "muted"),
            _rate(flow.in_per_s),
            _rate(flow.out_per_s),
            Cell(age(waited), "" if waited is not None else "faint"),
            _drains(flow, counts),
            Cell(str(len(queue.workers)), "failed" if unserved else "" if queue.workers else "faint"),
            Cell(mark + note.short, tone) if note else _calm_note(queue, snapshot.taken_at),
        ),
    )


def _calm_note(queue: QueueStat, now: datetime) -> Cell:
    """A pause is told even where nothing waits yet: it is what will hold the next job up."""
    if not queue.paused:
        return Cell("")
    ends = seconds_between(now, queue.paused_until)
    return Cell("paused" if ends is None else f"paused, {age(ends)} left", "waiting")


def _trend(depths: Sequence[int]) -> str:
    """The curve of a depth; one that did not change has none to show."""
    return blocks(depths, TREND) if len(set(depths)) > 1 else ""


def _rate(value: float | None) -> Cell:
    moves = value is not None and value * 60 >= 0.5
    return Cell(rate(value)) if moves else Cell("-", "faint")


def _drains(flow: Flow, counts: Counts) -> Cell:
    if not counts.queued:
        return Cell("-", "faint")
    if flow.drain == "never":
        return Cell("never", "warning")
    if flow.drain == "steady":
        return Cell("steady", "muted")
    if flow.drain == "draining":
        return Cell(age(flow.drains_in))
    return Cell("...", "faint")
