"""Who works: each worker with a verdict on how it is, and what that verdict rests on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from console.tui.acting.chosen import Chosen
from console.tui.acting.local_fleet import Order
from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.job_needs import RunningNeed
from console.tui.keys import Scope, bindings
from console.tui.needs import LocalNeed
from console.tui.present import local_workers, workers
from console.tui.present.cells import Cell, Rows, chip
from console.tui.present.words import amount
from console.tui.screens.base import ConsoleScreen
from console.tui.screens.job import JobScreen
from console.tui.screens.launch import Launch
from console.tui.screens.sure import Sure
from console.tui.screens.worker_log import WorkerLog
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.control.plan import Selection
from pantry_queue.errors import PantryError
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.control.actions import Noun
    from pantry_queue.monitor.model import JobRow
    from pantry_queue.workers.fleet import LocalWorker

#: Running jobs that are asked about; the list names those of other workers by their ids.
_MOST_RUNNING = 500
#: The key of `workers.shutdown`.
_STOP = "S"


class Workers(ConsoleScreen):
    """The list of workers and what is known about the one under the cursor."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("workers", "mode", "app")
    HERE = "go.workers"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("workers")]
    AUTO_FOCUS = "#worker-rows"

    def __init__(self) -> None:
        super().__init__()
        self._wanted: str | None = None
        self._need = LocalNeed()
        self._running_need = RunningNeed()
        self._jobs: dict[str, JobRow] = {}
        self._locals: tuple[LocalWorker, ...] = ()
        self._here = False
        self._stopping: set[str] = set()

    def body(self) -> Iterable[Widget]:
        yield Line(id="workers-title")
        yield RowTable(workers.COLUMNS, id="worker-rows")
        yield RowTable(local_workers.COLUMNS, id="local-rows")
        with Vertical(id="verdict-pane"):
            yield Heading(id="verdict-title")
            yield TextView(id="verdict")

    def chosen(self) -> Chosen | None:
        """The worker under the cursor."""
        key = self._table().cursor_key
        return None if key is None else Chosen("workers", f"worker {safe(raw_of(key))}", Selection(ids=(key,)))

    def view_address(self) -> Address:
        key = None if self._here else self.query_one("#worker-rows", RowTable).cursor_key
        return Address("workers", name=key or "")

    def copyable(self) -> list[Copyable]:
        """The worker under the cursor."""
        from console.documents.deployment import worker_json

        key = self.query_one("#worker-rows", RowTable).cursor_key
        listed = self.session.snapshot.workers if self.session.snapshot is not None and not self._here else ()
        known = [texts.as_json(worker_json(one), one.name) for one in listed if workers.worker_key(one) == key]
        return [*super().copyable(), *known]

    def more_scopes(self) -> tuple[Scope, ...]:
        return ("rows", "why")

    def job_key(self) -> str | None:
        """The job the worker under the cursor runs."""
        key, snapshot = self.query_one("#worker-rows", RowTable).cursor_key, self.session.snapshot
        found = [w for w in snapshot.workers if workers.worker_key(w) == key] if snapshot and not self._here else []
        return found[0].job_ids[0] if found and found[0].job_ids else None

    def look_at(self, name: str) -> None:
        """Put the cursor on a worker, by its name in Redis."""
        self._wanted = name
        self._turn(False)

    def needs(self) -> Needs:
        snapshot = self.session.snapshot
        busy = {job for worker in snapshot.workers for job in worker.job_ids} if snapshot is not None else set()
        self._running_need = RunningNeed(tuple(sorted(busy)[:_MOST_RUNNING]))
        return Needs(also=(self._need, self._running_need))

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need):
            self._locals = answer.of(self._need)
        if answer.has(self._running_need):
            self._jobs = answer.of(self._running_need)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#verdict", TextView).can_focus = False
        self.query_one("#local-rows").display = False
        self.console_app.ask()

    def show(self, session: Session) -> None:
        snapshot = session.snapshot
        if snapshot is None:
            return
        running = sum(worker.state == "running" for worker in self._locals)
        places = (workers.summary(snapshot), f"here: {running} of {len(self._locals)} running")
        self.query_one("#workers-title", Line).show(
            [
                chip("Workers", "muted"),
                chip("›", "faint"),
                *(chip(f" {text} ", "tab" if place == self._here else "muted") for place, text in enumerate(places)),
            ]
        )
        self.query_one("#local-rows", RowTable).show(
            Rows(local_workers.local_rows(self._locals, snapshot.taken_at)),
        )
        table = self.query_one("#worker-rows", RowTable)
        columns = workers.columns(snapshot)
        table.set_columns(columns)
        table.show(Rows(workers.worker_rows(snapshot, columns, self._jobs)), cursor_to=self._wanted)
        self._wanted = None
        found = [worker for worker in snapshot.workers if workers.worker_key(worker) == table.cursor_key]
        heading, text = self.query_one("#verdict-title", Heading), self.query_one("#verdict", TextView)
        if self._here:
            self._show_local(heading, text)
            return
        if not found:
            heading.show([chip("no worker is known: L launches some here, rq worker does anywhere", "muted")])
            text.show([])
            return
        heading.show([chip(found[0].name, "strong")])
        text.show(workers.verdict_lines(found[0], snapshot, self._jobs))

    def _show_local(self, heading: Heading, text: TextView) -> None:
        worker = self._local()
        if worker is None:
            heading.show([chip("no worker was launched on this machine: L launches some", "muted")])
            text.show([])
            return
        heading.show([chip(worker.name, "strong")])
        asked = [(Cell("asked to end; S again ends it at once", "warning"),)] if self._is_stopping(worker) else []
        text.show([(local_workers.state_cell(worker),), *asked, (Cell("log ", "muted"), Cell(safe(str(worker.log))))])

    def _is_stopping(self, worker: LocalWorker) -> bool:
        return worker.name in self._stopping and worker.state == "running"

    def _local(self) -> LocalWorker | None:
        """The worker under the cursor, if it is one of this machine."""
        return next((worker for worker in self._locals if worker.name == self._table().cursor_key), None)

    def _table(self) -> RowTable:
        return self.query_one("#local-rows" if self._here else "#worker-rows", RowTable)

    def _turn(self, here: bool) -> None:
        self._here = here
        local, remote = self.query_one("#local-rows", RowTable), self.query_one("#worker-rows", RowTable)
        local.display, remote.display = here, not here
        (local if here else remote).focus()
        self.paint()

    def action_place(self) -> None:
        """Workers in Redis, or those of this machine."""
        self._turn(not self._here)

    @on(RowTable.Chosen, "#local-rows")
    def action_log(self) -> None:
        """What the worker under the cursor writes."""
        worker = self._local()
        if worker is None:
            self._not_local("log is read where it was launched")
            return
        self.app.push_screen(WorkerLog(worker.name))

    def _not_local(self, why: str) -> None:
        key = self.query_one("#worker-rows", RowTable).cursor_key
        if self._here or key is None:
            self.console_app.tell("There is no worker under the cursor.", severity="warning")
        else:
            self.console_app.tell(f"{safe(raw_of(key))} was not launched on this machine: its {why}.")

    def _may_change(self) -> bool:
        restricted = (
            "This console is restricted: it starts and ends no workers." if self.console_app.look.restricted else ""
        )
        reason = restricted or self.session.cannot_write()
        if reason:
            self.console_app.tell(reason, severity="warning")
        return not reason

    def action_launch(self) -> None:
        """Launch workers on this machine."""
        if self._may_change():
            snapshot = self.session.snapshot
            self.app.push_screen(Launch([queue.name for queue in snapshot.queues] if snapshot else []), self._launch)

    def _launch(self, wanted: Order | None) -> None:
        if wanted is not None and self._may_change():
            self.run_worker(self._launched(wanted), group="fleet", exit_on_error=True)

    async def _launched(self, wanted: Order) -> None:
        try:
            names = await self.console_app.fleet.launch(wanted)
        except PantryError as error:
            self.console_app.tell(str(error), severity="error")
        else:
            self.console_app.tell(
                f"Launched {amount(len(names), 'worker')}: {', '.join(names[:3])}. o shows the output."
            )
            self._turn(True)
        self.console_app.ask(overview=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """See `ConsoleScreen.check_action`; a worker of this machine can be ended whatever Redis says of it."""
        if action == "act" and parameters == ("workers", _STOP) and self._living() is not None:
            return True
        return super().check_action(action, parameters)

    def action_act(self, noun: Noun, key: str) -> None:
        """See `ConsoleScreen.action_act`; a worker of this machine is told by a signal, and waited for."""
        worker = self._living()
        if (noun, key) != ("workers", _STOP) or worker is None:
            super().action_act(noun, key)
        elif self._may_change():
            now = self._is_stopping(worker)
            text = "Its job goes back to its queue." if now else "Its job may end first; S again ends it at once."
            label = "end it now" if now else "end it"
            title = f"Stop worker {worker.name}{' at once' if now else ''}"
            self.app.push_screen(Sure(title, text, label), partial(self._stop, worker, now))

    def _living(self) -> LocalWorker | None:
        """The worker under the cursor, if it runs on this machine."""
        worker = self._local()
        return worker if worker is not None and worker.state == "running" else None

    def _stop(self, worker: LocalWorker, now: bool, sure: bool | None) -> None:
        if sure and self._may_change():
            self._stopping.add(worker.name)
            self.console_app.fleet.stop(worker, self._stopped, now=now)
            self.paint()

    def _stopped(self, sentence: str) -> None:
        if self.app.is_running:
            self.console_app.tell(sentence)
            self.console_app.ask(overview=True)

    @on(RowTable.Highlighted, "#local-rows")
    @on(RowTable.Highlighted, "#worker-rows")
    def _highlighted(self, event: RowTable.Highlighted) -> None:
        self.paint()

    @on(RowTable.Chosen, "#worker-rows")
    def action_open(self) -> None:
        """The job the worker under the cursor runs."""
        key = self.job_key()
        if key is not None:
            self.app.push_screen(JobScreen(key))
