"""Pure: a window of jobs -> rows, each list with the columns that matter in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.marks import Marks
from console.tui.present.states import RARE_TABS, TABS, look, state_cell
from console.tui.present.words import age, count, seconds_between, took, without_module
from pantry_queue.monitor.model import Counts, JobRow, JobWindow

# An id of 36 cells says less than what stands beside it: it gets them when there is room.
_JOB = Column("JOB", 13, most=36, turn=9)
_STATE = Column("STATE", 11, rank=5)
_QUEUE = Column("QUEUE", 8, most=24, rank=4)
_FUNCTION = Column("FUNCTION", 10, most=32, rank=1)
_ARGUMENTS = Column("ARGUMENTS", 10, most=60, rank=7, grow=1)
_WORKER = Column("WORKER", 8, most=28, rank=6)
_TOOK = Column("TOOK", 5, align="right", rank=3)
_ERROR = Column("ERROR", 28, most=70, rank=2, grow=3)


def _when(label: str) -> Column:
    return Column(label, max(6, len(label)), align="right", rank=1)


#: Columns of each list. Their order is the order of cells in `_cells`.
_LISTS: dict[str, tuple[Column, ...]] = {
    "queued": (_JOB, _QUEUE, _FUNCTION, _when("WAITS"), _ARGUMENTS),
    "started": (_JOB, _QUEUE, _FUNCTION, _when("RUNS"), _WORKER, _ARGUMENTS),
    "failed": (_JOB, _QUEUE, _FUNCTION, _when("AGO"), _TOOK, _ERROR, _WORKER, _ARGUMENTS),
    "finished": (_JOB, _QUEUE, _FUNCTION, _when("AGO"), _TOOK, _when("KEPT"), _WORKER, _ARGUMENTS),
    "scheduled": (_JOB, _QUEUE, _FUNCTION, Column("DUE IN", 9, align="right", rank=1), _ARGUMENTS, _ERROR),
    "deferred": (_JOB, _QUEUE, _FUNCTION, _when("SINCE"), _ARGUMENTS),
    "canceled": (_JOB, _QUEUE, _FUNCTION, _when("AGO"), _ARGUMENTS),
}
_OTHER = (_JOB, _STATE, _QUEUE, _FUNCTION, _when("SINCE"), _ARGUMENTS)


def columns(state: str, *, one_queue: bool) -> tuple[Column, ...]:
    """The columns of a list; of one queue alone its name is not repeated in every row."""
    return tuple(column for column in _LISTS.get(state, _OTHER) if not (one_queue and column is _QUEUE))


def newest_first_by_default(state: str) -> bool:
    """Where what happens next matters, it comes first; elsewhere what happened last."""
    return state not in ("queued", "scheduled")


def order_word(state: str, *, newest_first: bool) -> str:
    """What the order of a list is called."""
    if state == "queued":
        return "newest first" if newest_first else "next to run first"
    if state == "scheduled":
        return "latest first" if newest_first else "soonest first"
    return "newest first" if newest_first else "oldest first"


def job_key(row: JobRow) -> str:
    """The id Redis knows the job by; odd bytes as lone surrogates, as the monitor takes them."""
    return row.raw_id.decode("utf-8", "surrogateescape") if row.raw_id else row.id


def function_name(func: str) -> str:
    """The last part of a dotted path, which is what people call it by."""
    return func.rpartition(".")[2] or func


def arguments(row: JobRow) -> str:
    """What it is called with: RQ's description without the name of the function."""
    text = row.description
    head = f"{row.func}("
    if row.func and text.startswith(head):
        return text[len(head) :].removesuffix(")")
    return text


@dataclass(frozen=True, slots=True, eq=False)
class JobRows:
    """The part of a long list that was read; see `console.tui.present.cells.RowWindow`."""

    row_count: int = 0
    start: int = 0
    items: tuple[Row, ...] = ()
    jobs: dict[str, JobRow] = field(default_factory=dict)

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        end = self.start + len(self.items)
        return [
            self.items[place - self.start] if self.start <= place < end else None
            for place in range(start, min(stop, self.row_count))
        ]

    def index_of(self, key: str) -> int | None:
        return next((self.start + place for place, row in enumerate(self.items) if row.key == key), None)


def job_rows(window: JobWindow, state: str, now: datetime, *, one_queue: bool) -> JobRows:
    """The rows of a window.

    Args:
        window: what was read.
        state: the list it is of.
        now: the server's time.
        one_queue: see `columns`.
    """
    shown = columns(state, one_queue=one_queue)
    items = tuple(Row(job_key(row), tuple(_cell(column, row, state, now) for column in shown)) for row in window.rows)
    total = max(window.total, window.start + len(items))
    return JobRows(total, window.start, items, {job_key(row): row for row in window.rows})


def _cell(column: Column, row: JobRow, state: str, now: datetime) -> Cell:
    if row.expired and column not in (_JOB, _QUEUE, _STATE):
        return Cell("expired, only its id is left", "faint") if column is _FUNCTION else Cell("")
    if column is _JOB:
        return Cell(row.id, "faint" if row.expired else "")
    if column is _STATE:
        return state_cell(row.state)
    if column is _QUEUE:
        return Cell(row.queue, "muted")
    if column is _FUNCTION:
        # A job whose record says something else than the list it stands in is worth a colour.
        return Cell(function_name(row.func) or "?", "" if row.state == state else look(row.state).tone)
    if column is _ARGUMENTS:
        return Cell(arguments(row), "muted")
    if column is _WORKER:
        return Cell(row.worker or "-", "muted" if row.worker else "faint")
    if column is _TOOK:
        return Cell(took(seconds_between(row.started_at, row.ended_at)))
    if column is _ERROR:
        return Cell(without_module(row.error or ""), "stopped")
    return _time_cell(column, row, state, now)


def _time_cell(column: Column, row: JobRow, state: str, now: datetime) -> Cell:
    if column.label == "KEPT":
        return Cell(age(seconds_between(now, row.at)) if row.at else "-", "muted")
    if state == "scheduled" and row.at is not None:
        if row.at < now:
            return Cell(f"late {age((now - row.at).total_seconds())}", "warning")
        return Cell(age((row.at - now).total_seconds()))
    since = {
        "queued": row.enqueued_at or row.created_at,
        "started": row.started_at,
        "failed": row.ended_at,
        "finished": row.ended_at,
        "canceled": row.at or row.ended_at or row.created_at,
    }.get(state, row.enqueued_at or row.created_at)
    return Cell(age(seconds_between(since, now)), "" if since else "faint")


def state_tabs(counts: Counts, current: str, *, compact: bool) -> list[Chip]:
    """The lists there are, with how many jobs each holds, the current one marked.

    Args:
        counts: of the queue that is looked at, or of all.
        current: the list shown.
        compact: only the current one by its word.
    """
    chips: list[Chip] = []
    for place, state in enumerate(TABS):
        number = getattr(counts, state)
        here = state == current
        if state in RARE_TABS and not number and not here:
            continue
        it = look(state)
        text = f"{it.glyph} {count(number)}" if compact and not here else f"{it.glyph} {state} {count(number)}"
        tone = "tab" if here else it.tone if number else "faint"
        if here:
            text = f" {text} "
        chips.append(chip(text, tone, rank=0 if here else place + 1, action=f"screen.show_state('{state}')"))
    return chips


def marked_chip(marks: Marks) -> Chip | None:
    """How many are marked; None when none are."""
    if not marks:
        return None
    return chip(" all marked " if marks.all else f" {count(len(marks))} marked ", "tab")
