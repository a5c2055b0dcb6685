"""Why one job is where it is: the answer, what it rests on, and what would move the job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from console.tui.acting.chosen import Chosen, chosen_jobs
from console.tui.address import Address
from console.tui.commands import look_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.examining import WhyNeed
from console.tui.keys import Scope, bindings
from console.tui.present import why
from console.tui.present.cells import Rows, chip
from console.tui.present.findings import finding_lines, place_words
from console.tui.screens.base import ConsoleScreen
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Heading, Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.monitor.diagnosis import Explanation, Finding


class Why(ConsoleScreen):
    """Lies over the screen it was asked on.

    Args:
        job_id: its id in Redis.
    """

    SCOPES: ClassVar[tuple[Scope, ...]] = ("answer", "detail", "app")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("detail"), *bindings("answer"), *bindings("remedy")]
    AUTO_FOCUS = "#why-checks"

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self._need = WhyNeed(job_id)
        self._found: Explanation | None = None
        self._answered = self._gone = False

    def body(self) -> Iterable[Widget]:
        yield Line(id="why-title")
        yield Line(id="why-job")
        yield Heading(id="answer-title")
        yield TextView(id="answer")
        yield Heading(id="checks-title", left=[chip("Checks", "strong")])
        yield RowTable(why.COLUMNS, id="why-checks", header=False)

    def more_scopes(self) -> tuple[Scope, ...]:
        finding = self._finding() if self.is_mounted else None
        return ("rows", "remedy") if finding is not None and finding.act.name else ("rows",)

    def needs(self) -> Needs:
        return Needs(also=(self._need,))

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#answer", TextView).can_focus = False
        self.console_app.ask()

    def accept(self, answer: Answer) -> None:
        if answer.has(self._need):
            found = answer.of(self._need)
            self._answered, self._gone = True, found is None
            # What was told last stays readable when the job goes.
            self._found = found or self._found

    def view_address(self) -> Address:
        return Address("why", name=self._need.job_id)

    def chosen(self) -> Chosen | None:
        """This job."""
        if self._found is None or self._gone or not self._found.state:
            return None
        return chosen_jobs((self._need.job_id,), {self._need.job_id: self._found.state}, "")

    def acted(self, outcome: Outcome) -> None:
        """It may be elsewhere by now."""
        self.again()

    def again(self) -> None:
        """Look at it anew."""
        self._need = WhyNeed(self._need.job_id, self._need.turn + 1)

    def readable(self) -> Copyable | None:
        """The answer and all checks."""
        if self._found is None:
            return None
        rows = [row.cells for row in why.check_rows(self._found)]
        spaced = [[cell for part in row for cell in (part, part._replace(text=" "))] for row in rows]
        return texts.shown("report", [*finding_lines(self._found.answer), (), *spaced])

    def copyable(self) -> list[Copyable]:
        """The report, the same as JSON, and the command line that gives it."""
        report = self.readable()
        if report is None or self._found is None:
            return super().copyable()
        from console.documents.findings import explanation_json

        document = texts.as_json(explanation_json(self._found), f"why-{self._found.job_id}")
        return [*super().copyable(), report, document]

    # -- what it shows ----------------------------------------------------------------------------------
    def show(self, session: Session) -> None:
        found, name = self._found, safe(raw_of(self._need.job_id), 200)
        title = [chip("Why", "muted"), chip("›", "faint"), chip(name, "strong")]
        if self._gone:
            self.query_one("#why-title", Line).show(title, [chip(" gone: this was so last ", "alarm")] if found else [])
        elif found is None:
            title.append(chip("reading ...", "muted"))
        if found is None:
            self.query_one("#why-title", Line).show(title)
            self.query_one("#why-job", Line).show([chip(why.GONE, "warning")] if self._gone else [])
            return
        if not self._gone:
            self.query_one("#why-title", Line).show(title, why.made(found))
        self.query_one("#why-job", Line).show(why.job_chips(found))
        table = self.query_one("#why-checks", RowTable)
        first = table.cursor_key is None
        table.show(Rows(why.check_rows(found)), cursor_to=why.deciding(found) if first else None)
        finding = self._finding()
        if finding is not None:
            where = place_words(finding.place)
            more = [chip(f"enter: {where or 'everything about it'}", "faint", rank=1)]
            word = "Answer" if finding is found.answer else "Besides"
            self.query_one("#answer-title", Heading).show([chip(word, "strong")], more)
            self.query_one("#answer", TextView).show(finding_lines(finding))
        self.name_keys()

    def _finding(self) -> Finding | None:
        """What the check under the cursor has found, else the answer."""
        if self._found is None:
            return None
        return why.finding_at(self._found, self.query_one("#why-checks", RowTable).cursor_key)

    # -- keys -------------------------------------------------------------------------------------------
    @on(RowTable.Highlighted, "#why-checks")
    def _highlighted(self) -> None:
        self.paint()

    @on(RowTable.Chosen, "#why-checks")
    async def action_open(self) -> None:
        """What the finding speaks of; the job itself where it speaks of nothing else."""
        finding = self._finding()
        if finding is not None and finding.place.kind:
            await look_at(self.console_app, finding.place)
        elif not self._gone:
            await self.console_app.go_to_job(self._need.job_id)

    def action_remedy(self) -> None:
        """Do what is advised, after its plan was seen."""
        finding = self._finding()
        if finding is not None:
            self.console_app.acting.advise(finding.act)

    async def action_why(self) -> None:
        """It is told already: look at it anew."""
        self.again()
        self.console_app.ask()

    async def action_back(self) -> None:
        """Back to where it was asked."""
        await self.app.pop_screen()
        self.console_app.ask()
