"""What was: depth, throughput and failures of a queue, or of all, over an hour, a day and a month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.present import past, queues
from console.tui.present.cells import Chip, chip
from console.tui.sampled import Sampled, SamplesNeed
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.chart import Chart, Picture
from console.tui.widgets.line import Heading, Line
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session

_CHARTS = ("depth", "flow", "failures")


class Past(ConsoleScreen):
    """Three charts over the same time, from the samples that are kept.

    Args:
        queue: one queue by its name in Redis, all when None.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = ("past", "detail", "app")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("past"), *bindings("detail")]
    DEFAULT_CSS = """
    Past #past-title { height: 1; margin-bottom: 1; }
    Past .past-pane { height: 1fr; }
    Past.-short #past-title { margin-bottom: 0; }
    """

    def __init__(self, queue: str | None = None) -> None:
        super().__init__()
        self._queue = queue
        self._span = next(iter(past.SPANS))
        self._samples: Sampled | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="past-title")
        for name in _CHARTS:
            with Vertical(classes="past-pane"):
                yield Heading(id=f"past-{name}-title")
                yield Chart(id=f"past-{name}")

    def view_address(self) -> Address:
        return Address("overview")

    def copyable(self) -> list[Copyable]:
        """The samples."""
        from console.documents.deployment import sample_json

        found = [sample_json(sample) for sample in self._samples.samples] if self._samples else []
        return [texts.as_json(found, "samples"), *super().copyable()]

    def _need(self) -> SamplesNeed:
        return SamplesNeed(past.SPANS[self._span], self._queue)

    def needs(self) -> Needs:
        return Needs(also=(self._need(),))

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need()):
            self._samples = answer.of(self._need())
            if self._samples.going:
                self.call_later(self.console_app.ask)

    def on_mount(self) -> None:
        super().on_mount()
        self.console_app.ask()

    def show(self, session: Session) -> None:
        snapshot, samples = session.snapshot, self._samples.samples if self._samples else ()
        if snapshot is None:
            return
        seconds = past.SPANS[self._span]
        reading = [chip("reading ...", "muted")]
        begun = self._samples is None or self._samples.going
        said = reading if begun else past.covered(samples, snapshot.taken_at, seconds)
        self.query_one("#past-title", Line).show(self._title(), said)
        points = self.query_one("#past-depth", Chart).points
        # A picture that moves on each second would be drawn and sent anew each second.
        step = max(10.0, seconds / points)
        now = snapshot.taken_at.timestamp() // step * step
        shown = past.curves(samples, snapshot.taken_at.fromtimestamp(now, snapshot.taken_at.tzinfo), seconds, points)
        for name, curve in zip(_CHARTS, shown, strict=True):
            self.query_one(f"#past-{name}-title", Heading).show(curve.title, [curve.most])
            picture = Picture(up=curve.up, down=curve.down, up_tone=curve.up_tone, span=seconds)
            self.query_one(f"#past-{name}", Chart).show(picture)

    def _title(self) -> list[Chip]:
        where = "all queues" if self._queue is None else safe(raw_of(self._queue))
        spans = [
            chip(f" {name} ", "tab" if name == self._span else "muted", action=f"screen.show_span('{name}')")
            for name in past.SPANS
        ]
        return [chip("History", "muted"), chip("›", "faint"), chip(where, "strong"), *spans]

    # -- keys -------------------------------------------------------------------------------------------
    def action_span(self, step: int) -> None:
        """A longer time, or a shorter one."""
        names = tuple(past.SPANS)
        self.action_show_span(names[(names.index(self._span) + step) % len(names)])

    def action_show_span(self, name: str) -> None:
        """The time of this name."""
        self._look(name, self._queue)

    def action_queue(self, step: int) -> None:
        """The next queue, or the one before; all of them stand before the first."""
        snapshot = self.session.snapshot
        known: list[str | None] = [None, *(queues.queue_key(one) for one in snapshot.queues)] if snapshot else [None]
        place = known.index(self._queue) if self._queue in known else 0
        self._look(self._span, known[(place + step) % len(known)])

    def _look(self, span: str, queue: str | None) -> None:
        if (span, queue) != (self._span, self._queue):
            self._span, self._queue, self._samples = span, queue, None
            self.paint()
            self.console_app.ask()

    async def action_back(self) -> None:
        """To the overview."""
        await self.app.pop_screen()
