"""Who works: each worker with a verdict on how it is, and what that verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen
from console.tui.keys import Scope, bindings
from console.tui.present import workers
from console.tui.present.cells import Rows, chip
from console.tui.screens.base import ConsoleScreen
from console.tui.screens.job import JobScreen
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session


class Workers(ConsoleScreen):
    """The list of workers and what is known about the one under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("workers", "mode", "app")
    HERE = "go.workers"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("workers")]
    AUTO_FOCUS = "#worker-rows"

    def __init__(self) -> None:
        super().__init__()
        self._wanted: str | None = None

    def body(self) -> Iterable[Widget]:
        yield Line(id="workers-title")
        yield RowTable(workers.COLUMNS, id="worker-rows")
        with Vertical(id="verdict-pane"):
            yield Heading(id="verdict-title")
            yield TextView(id="verdict")

    def chosen(self) -> Chosen | None:
        """The worker under the cursor."""
        key = self.query_one("#worker-rows", RowTable).cursor_key
        return None if key is None else Chosen("workers", f"worker {safe(raw_of(key))}", Selection(ids=(key,)))

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows",)

    def look_at(self, name: str) -> None:
        """Put the cursor on a worker, by its name in Redis."""
        self._wanted = name
        self.paint()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#verdict", TextView).can_focus = False

    def show(self, session: Session) -> None:
        snapshot = session.snapshot
        if snapshot is None:
            return
        number = workers.summary(snapshot)
        self.query_one("#workers-title", Line).show(
            [chip("Workers", "muted"), chip("›", "faint"), chip(number, "strong")]
        )
        table = self.query_one("#worker-rows", RowTable)
        table.set_columns(workers.columns(snapshot))
        table.show(Rows(workers.worker_rows(snapshot)), cursor_to=self._wanted)
        self._wanted = None
        found = [worker for worker in snapshot.workers if workers.worker_key(worker) == table.cursor_key]
        heading, text = self.query_one("#verdict-title", Heading), self.query_one("#verdict", TextView)
        if not found:
            heading.show([chip("no worker is known: start one with rq worker, or pantry-console workers run", "muted")])
            text.show([])
            return
        heading.show([chip(found[0].name, "strong")])
        text.show(workers.verdict_lines(found[0], snapshot))

    @on(RowTable.Highlighted, "#worker-rows")
    def _highlighted(self, event: RowTable.Highlighted) -> None:
        self.paint()

    @on(RowTable.Chosen, "#worker-rows")
    def action_open(self) -> None:
        """The job the worker under the cursor runs."""
        key = self.query_one("#worker-rows", RowTable).cursor_key
        snapshot = self.session.snapshot
        found = [w for w in snapshot.workers if workers.worker_key(w) == key] if snapshot else []
        if found and found[0].job_ids:
            self.app.push_screen(JobScreen(found[0].job_ids[0]))
