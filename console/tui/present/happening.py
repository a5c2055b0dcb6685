"""Pure: what jobs did and what operators did, as one stream -> rows, and all that is known about one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.tui.present.activity import Change, change_lines, changes
from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.words import count, moment, took, without_module

if TYPE_CHECKING:
    from console.tui.happening import Happening
    from pantry_queue.monitor.events import Event

COLUMNS = (
    Column("WHEN", 9, most=20),
    Column("EVENT", 10, most=18),
    Column("JOB", 12, most=40, turn=6),
    Column("QUEUE", 8, most=24, rank=3),
    Column("CALL", 10, most=50, rank=2),
    Column("TOOK", 6, align="right", rank=1),
    Column("WORKER", 10, most=30, rank=5),
    Column("ERROR", 10, most=60, rank=4, grow=1),
)
_KINDS = {
    "started": ("▸ started", "started"),
    "finished": ("✓ finished", "finished"),
    "failed": ("✗ failed", "failed"),
    "stopped": ("⊗ stopped", "stopped"),
    "retried": ("◷ retried", "scheduled"),
    "ended": ("- ended", "muted"),
}
#: Events that a look for failures stops at.
_BAD = frozenset({"failed", "stopped", "retried"})
EMPTY = "nothing has happened since this console looks on, and no list tells of what was before"


@dataclass(frozen=True, slots=True)
class Item:
    """What a job or what an operator did; a filter sees it as a job (`monitor.query.Subject`).

    Attributes:
        event: what a job did.
        change: what an operator did.
    """

    event: Event | None = None
    change: Change | None = None

    @property
    def key(self) -> str:
        """Which one it is."""
        return self.event.entry if self.event is not None else f"change {self.change.operation if self.change else ''}"

    @property
    def at(self) -> datetime:
        """When it was."""
        one = self.event or self.change
        assert one is not None
        return one.at

    @property
    def bad(self) -> bool:
        """Whether it is a failure, of a job or of an operation."""
        if self.event is not None:
            return self.event.kind in _BAD
        return self.change is not None and self.change.facts.get("failed", "").strip("0") != ""

    # -- as a filter sees it ----------------------------------------------------------------------------
    @property
    def id(self) -> str:
        return self.event.job_id if self.event is not None else self.change.operation if self.change else ""

    @property
    def state(self) -> str:
        return self.event.kind if self.event is not None else "changed"

    @property
    def listed(self) -> str:
        return ""

    @property
    def queue(self) -> str:
        return self.event.queue if self.event is not None else ""

    @property
    def raw_queue(self) -> bytes:
        return b""

    @property
    def func(self) -> str:
        return self.event.func if self.event is not None else self.change.action if self.change else ""

    @property
    def description(self) -> str:
        if self.change is None:
            return ""
        return " ".join((self.change.who, self.change.facts.get("selection", ""), self.change.facts.get("reason", "")))

    @property
    def args(self) -> str | None:
        return None

    @property
    def error(self) -> str | None:
        return self.event.error if self.event is not None and self.event.error else None

    @property
    def worker(self) -> str | None:
        return self.event.worker if self.event is not None else None

    @property
    def created_at(self) -> datetime | None:
        return self.at

    @property
    def enqueued_at(self) -> datetime | None:
        return None

    @property
    def started_at(self) -> datetime | None:
        seconds = self.event.seconds if self.event is not None else None
        return self.at - timedelta(seconds=min(seconds, 1e9)) if seconds is not None else None

    @property
    def ended_at(self) -> datetime | None:
        return self.at if self.started_at is not None else None

    @property
    def retries_left(self) -> int | None:
        return None


def stream(found: Happening, fits: Callable[[Item], bool] | None = None) -> tuple[Item, ...]:
    """Both in one, the newest first.

    Args:
        fits: what is wanted of it; everything when left out.
    """
    events = (Item(event=event) for event in found.events)
    items = [*events, *(Item(change=change) for change in changes(found.changes))]
    wanted = items if fits is None else [item for item in items if fits(item)]
    return tuple(sorted(wanted, key=lambda item: item.at, reverse=True))


@dataclass(frozen=True, slots=True, eq=False)
class ItemRows:
    """All of them, of which cells are made only for those that are seen; see `present.cells.RowWindow`."""

    items: tuple[Item, ...]
    now: datetime
    _places: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._places.update((item.key, place) for place, item in enumerate(self.items))

    @property
    def row_count(self) -> int:
        return len(self.items)

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        return [_row(item, self.now) for item in self.items[start:stop]]

    def index_of(self, key: str) -> int | None:
        return self._places.get(key)

    def item(self, key: str | None) -> Item | None:
        """The one of this key."""
        place = self._places.get(key) if key is not None else None
        return self.items[place] if place is not None else None

    def next_bad(self, place: int, step: int) -> int | None:
        """The next failure below (1) or above (-1) a place; None when there is none."""
        places = range(place + 1, len(self.items)) if step > 0 else range(place - 1, -1, -1)
        return next((index for index in places if self.items[index].bad), None)


def _row(item: Item, now: datetime) -> Row:
    when = Cell(moment(item.at, now), "muted")
    event, change = item.event, item.change
    if event is not None:
        kind, tone = _KINDS.get(event.kind, (event.kind, "muted"))
        return Row(
            item.key,
            (
                when,
                Cell(kind, tone),
                Cell(event.job_id, "strong"),
                Cell(event.queue, "muted"),
                Cell(event.func),
                Cell(took(event.seconds), "muted"),
                Cell(event.worker, "muted"),
                Cell(without_module(event.error), "failed"),
            ),
        )
    assert change is not None
    verb = change.action.partition(".")[2] or change.action
    cells = (Cell(change.facts.get("selection", "")), Cell(""), Cell("by an operator", "muted"), Cell(""))
    said = change.facts.get("reason", "")
    return Row(
        item.key,
        (when, Cell(f"» {verb.replace('-', ' ')}", "notice"), *cells, Cell(change.who, "muted"), Cell(said, "muted")),
    )


def item_lines(item: Item, now: datetime) -> list[tuple[Cell, ...]]:
    """All about one of them."""
    if item.change is not None:
        return change_lines(item.change, now)
    event = item.event
    if event is None:
        return []
    kind, tone = _KINDS.get(event.kind, (event.kind, "muted"))
    lasted = [Cell(f" after {took(event.seconds)}", "muted")] if event.seconds is not None else []
    facts = (("job", event.job_id), ("call", event.func), ("queue", event.queue), ("worker", event.worker))
    source = "told by its worker" if event.told else "seen in the lists of jobs; only PantryWorkers tell"
    if event.kind == "ended":
        source = "seen to run no more; it left no result that would tell how it ended"
    return [
        (Cell(f"{moment(event.at, now)}  ", "muted"), Cell(kind, tone), *lasted, Cell(f"   {source}", "faint")),
        *((Cell(f"{name} ", "muted"), Cell(value or "-")) for name, value in facts),
        *([(Cell("error ", "muted"), Cell(event.error, "failed"))] if event.error else []),
    ]


def source_chip(found: Happening) -> Chip:
    """Who tells what is shown."""
    alone = "told by workers" if found.told else "seen in the lists"
    text = "told and seen" if found.told and found.seen else alone
    return chip(text, "muted", rank=2)


def following(found: Happening, *, follows: bool, paused: bool, new: int, where: str) -> list[Chip]:
    """Whether the list follows what happens, what waits above, and what was missed.

    Args:
        paused: nothing is read until the operator goes on.
        new: rows that came in above since the list holds still.
        where: the filter.
    """
    chips = []
    if where:
        chips.append(chip(where, "key", rank=3, action="screen.filter"))
    if paused:
        chips.append(chip("paused: p goes on", "warning", rank=1, action="app.pause"))
    elif follows:
        chips.append(chip("following", "finished", rank=1, action="screen.follow"))
    else:
        waits = f" {count(new)} new: f " if new else "held: f follows"
        chips.append(chip(waits, "tab" if new else "warning", rank=1, action="screen.follow"))
    if found.missed:
        chips.append(chip("not all of it", "warning", rank=2))
    return chips
