"""The first screen: every queue, what moves, what needs the operator, who works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen
from console.tui.address import SORTS, Address, plain_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, bindings
from console.tui.needs import AlertsNeed
from console.tui.present import needs_you, queues, workers
from console.tui.present.cells import Cell, Chip, Rows, chip
from console.tui.present.chart import blocks, most, smoothed
from console.tui.present.states import TABS
from console.tui.present.totals import span_for, tiles
from console.tui.present.words import count, per_second, reach
from console.tui.screens.base import ConsoleScreen
from console.tui.screens.past import Past
from console.tui.source import Needs
from console.tui.widgets.chart import Chart, Picture
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.tiles import Tiles
from pantry_queue.control.plan import Selection
from pantry_queue.monitor.rates import Flow, RateHistory
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome

#: Rates in charts are means over this many seconds: single jobs make no picture.
_SMOOTH_SECONDS = 10.0
_NO_QUEUES = "no queues yet: they appear with the first job, or when a worker starts"


class Overview(ConsoleScreen):
    """Queues with counts per state, totals, throughput, alerts, workers."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("overview", "mode", "app")
    HERE = "go.overview"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("overview")]
    AUTO_FOCUS = "#queues"

    def __init__(self) -> None:
        super().__init__()
        self._sort = 0
        self._turn = 0

    def body(self) -> Iterable[Widget]:
        yield Tiles(id="totals")
        with Vertical(id="panes"):
            with Vertical(id="queue-pane"):
                yield RowTable(queues.COLUMNS, id="queues")
                yield Line(id="queue-line", left=[chip(_NO_QUEUES, "muted")])
            with Horizontal(id="middle"):
                with Vertical(id="alert-pane"):
                    yield Heading(id="alert-title")
                    yield RowTable(needs_you.COLUMNS, id="alerts", header=False)
                with Vertical(id="chart-pane"):
                    yield Heading(id="chart-title")
                    yield Chart(id="chart")
                with Vertical(id="depth-pane"):
                    yield Heading(id="depth-title")
                    yield Chart(id="depth")
            with Vertical(id="worker-pane"):
                yield Heading(id="worker-title")
                yield RowTable(workers.SHORT_COLUMNS, id="workers")
        yield Line(id="spark")

    def needs(self) -> Needs:
        return Needs(also=(AlertsNeed(self._turn),))

    def acted(self, outcome: Outcome) -> None:
        """Who answers for what is read again at once."""
        self._turn += 1

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows",)

    def chosen(self) -> Chosen | None:
        """The alert under the cursor of that pane when it has the focus, else the queue under the cursor."""
        if self.focused is not None and self.focused.id == "alerts":
            key = self.query_one("#alerts", RowTable).cursor_key
            return Chosen("alerts", f"alert {safe(key)}", Selection(ids=(key,))) if key else None
        key = self.query_one("#queues", RowTable).cursor_key
        if key is None or (isinstance(self.focused, RowTable) and self.focused.id != "queues"):
            return None
        selection = Selection(queues=(key,))
        return Chosen("queues", f"queue {safe(raw_of(key))}", selection, frozenset({"queued"}))

    def view_address(self) -> Address:
        return plain_at("overview", sort=SORTS["overview"][self._sort])

    def copyable(self) -> list[Copyable]:
        """The queue under the cursor."""
        from console.documents.deployment import queue_json

        key, snapshot = self.query_one("#queues", RowTable).cursor_key, self.session.snapshot
        if snapshot is None:
            return super().copyable()
        listed = [queue for queue in snapshot.queues if queues.queue_key(queue) == key]
        return [*super().copyable(), *(texts.as_json(queue_json(one, snapshot), f"queue-{one.name}") for one in listed)]

    def show(self, session: Session) -> None:
        snapshot, history = session.snapshot, session.history
        if snapshot is None:
            return
        self.query_one(Tiles).show(tiles(snapshot, history))
        rows = queues.queue_rows(snapshot, history, session.alerts, queues.SORTS[self._sort])
        self.query_one("#queues", RowTable).show(Rows(rows))
        self.set_class(not rows, "-empty")
        self._show_alerts(session)
        self._show_charts(session)
        self.query_one("#worker-title", Heading).show([chip(workers.summary(snapshot), "strong")])
        self.query_one("#workers", RowTable).show(Rows(workers.worker_rows(snapshot, workers.SHORT_COLUMNS)))

    def _show_alerts(self, session: Session) -> None:
        answered = sum(session.ack(alert) is not None for alert in session.alerts)
        number = len(session.alerts) - answered
        title = chip(f"Needs you ({number})", "strong") if number else chip("Needs you", "muted")
        calm = [] if number else [chip("nothing", "finished")]
        seen = [chip(f"{answered} acknowledged", "muted")] if answered else []
        self.query_one("#alert-title", Heading).show([title, *calm, *seen])
        self.set_class(not session.alerts, "-calm")
        table = self.query_one("#alerts", RowTable)
        table.show(Rows(needs_you.alert_rows(session.alerts, session.ack)))
        table.can_focus = bool(session.alerts)

    def _show_charts(self, session: Session) -> None:
        """The charts that are visible at this size."""
        history, flow = session.history, session.history.flow()
        span = span_for(history.reach())
        if self.has_class("-short"):
            width = max(8, min(40, self.size.width - 40))
            out, _ = _curves(history, span, width)
            self.query_one("#spark", Line).show(_spark(blocks(out, width), flow, span))
            return
        chart = self.query_one("#chart", Chart)
        out, came = _curves(history, span, chart.points)
        chart.show(Picture(up=out, down=came, span=span))
        self.query_one("#chart-title", Heading).show(
            [
                chip("Throughput", "strong"),
                chip(f"↑ out {per_second(flow.out_per_s)}", "out"),
                chip(f"↓ in {per_second(flow.in_per_s)}", "in", rank=1),
            ],
            [chip(f"most {per_second(most(*out, *came))}", "muted", rank=2)],
        )
        if self.has_class("-wide"):
            depth = self.query_one("#depth", Chart)
            depths = history.depths(span / depth.points, depth.points)
            depth.show(Picture(up=depths, up_tone="trend", span=span))
            queued = session.snapshot.totals.queued if session.snapshot else 0
            self.query_one("#depth-title", Heading).show(
                [chip("Queued", "strong"), chip(count(queued), "queued")],
                [chip(f"most {count(int(most(*depths)))}", "muted", rank=1)],
            )

    # -- keys -------------------------------------------------------------------------------------------
    def action_sort(self) -> None:
        """The next way to sort the queues."""
        self._sort = (self._sort + 1) % len(queues.SORTS)
        self.paint()

    def sort_by(self, name: str) -> None:
        """See `ConsoleScreen.sort_by`."""
        self._sort = SORTS["overview"].index(name)
        self.paint()

    async def action_past(self) -> None:
        """What was: of the queue under the cursor, or of all where another pane has the focus."""
        chosen = self.chosen()
        queue = chosen.selection.queues[0] if chosen is not None and chosen.noun == "queues" else None
        await self.app.push_screen(Past(queue))

    async def action_open(self) -> None:
        """Go to what is under the cursor of the focused pane."""
        focused = self.focused
        if not isinstance(focused, RowTable) or focused.cursor_key is None:
            return
        if focused.id == "queues":
            await self._open_queue(focused.cursor_key)
        elif focused.id == "alerts":
            await self._open_alert(focused.cursor_key)
        elif focused.id == "workers":
            await self.console_app.go_to_worker(focused.cursor_key)

    @on(RowTable.Chosen)
    async def _chosen(self, event: RowTable.Chosen) -> None:
        event.stop()
        await self.action_open()

    async def action_show_state(self, state: str) -> None:
        """The jobs of a state in all queues."""
        await self.console_app.go_to_jobs(state, None)

    async def _open_queue(self, key: str) -> None:
        snapshot = self.session.snapshot
        found = [queue for queue in snapshot.queues if queues.queue_key(queue) == key] if snapshot else []
        state = next((state for queue in found for state in TABS if getattr(queue.counts, state)), TABS[0])
        await self.console_app.go_to_jobs(state, key)

    async def _open_alert(self, key: str) -> None:
        alert = next((alert for alert in self.session.alerts if alert.key == key), None)
        if alert is None:
            return
        if alert.kind == "queue":
            snapshot = self.session.snapshot
            names = [queues.queue_key(q) for q in snapshot.queues if q.name == alert.subject] if snapshot else []
            await self.console_app.go_to_jobs(alert.state or TABS[0], names[0] if names else None)
        elif alert.kind == "worker":
            await self.console_app.go_to_worker(alert.subject)
        else:
            await self.console_app.go("failures" if alert.kind == "failure" else "doctor")


def _curves(
    history: RateHistory, span: float, points: int
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Rates out and in over the last `span` seconds as `points` values, None in a gap."""
    bucket = span / points
    reach = max(1, round(_SMOOTH_SECONDS / bucket))
    flows = history.series(bucket, points)
    out = smoothed([flow.out_per_s for flow in flows], reach)
    came = smoothed([flow.in_per_s for flow in flows], reach)
    return tuple(out), tuple(came)


def _spark(curve: str, flow: Flow, span: float) -> list[Chip]:
    return [
        Chip((Cell("out ", "muted"), Cell(per_second(flow.out_per_s), "strong"))),
        Chip((Cell("in ", "muted"), Cell(per_second(flow.in_per_s), "strong"))),
        chip(curve, "out"),
        chip(f"last {reach(span)}", "faint", rank=1),
    ]
