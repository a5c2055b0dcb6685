"""Whether the deployment is healthy: what is wrong, how that shows, what to do, and what all of it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from console.tui.commands import look_at
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.examining import DoctorNeed, Examined
from console.tui.keys import Scope, bindings
from console.tui.present import doctor
from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.findings import check_lines, finding_lines, place_words
from console.tui.present.words import count
from console.tui.screens.listing import Entry, Listing
from console.tui.source import Answer, Needs
from console.tui.widgets.line import Line
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.tones import fit

if TYPE_CHECKING:
    from datetime import datetime

    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome
    from pantry_queue.monitor.diagnosis import Examination, Finding


class Doctor(Listing):
    """Two lists: what was found, and all that was judged."""

    PLACE = "Doctor"
    TABS = doctor.TABS
    SCROLLS = True
    SCOPES: ClassVar[tuple[Scope, ...]] = ("doctor", "mode", "app")
    HERE = "go.doctor"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("doctor"), *bindings("remedy")]

    def __init__(self) -> None:
        super().__init__()
        self._need = DoctorNeed()
        self._examined: Examined | None = None
        self._found: Examination | None = None

    def body(self) -> Iterable[Widget]:
        yield from super().body()
        yield Line(id="covered")
        yield Line(id="uncovered")

    def more_scopes(self) -> tuple[Scope, ...]:
        finding = self._finding() if self.is_mounted else None
        return ("rows", "remedy") if finding is not None and finding.act.name else ("rows",)

    def job_key(self) -> str | None:
        """The job a finding speaks of."""
        finding = self._finding()
        return finding.place.name if finding is not None and finding.place.kind == "job" else None

    def needs(self) -> Needs:
        return Needs(also=(self._need,))

    def accept(self, answer: Answer) -> None:
        if not answer.has(self._need):
            return
        examined = answer.of(self._need)
        if examined is not self._examined:
            from pantry_queue.monitor.diagnosis import judge

            # What stands still or grows, and what is new, is seen by what this console saw before.
            followed = (*examined.facts.followed, *self.session.alerts)
            facts = replace(examined.facts, history=self.session.history, followed=followed)
            self._examined, self._found = examined, judge(facts, examined.took_ms, self.session.rules)
        if examined.rest == 0:
            self.call_later(self.console_app.ask)

    def acted(self, outcome: Outcome) -> None:
        """What was found may be put right by now."""
        self.again()

    def again(self) -> None:
        """Examine anew."""
        self._need = DoctorNeed(self._need.turn + 1)

    def copyable(self) -> list[Copyable]:
        """What is told of the finding, its command line, and the whole examination as JSON."""
        from console.documents.findings import examination_json

        finding, found = self._finding(), self._found
        does = [texts.copyable("remedy", finding.command)] if finding is not None and finding.command else []
        whole = [texts.as_json(examination_json(found), "doctor")] if found is not None else []
        return [*does, *super().copyable(), *whole]

    # -- what it shows ----------------------------------------------------------------------------------
    def columns(self) -> Sequence[Column]:
        return doctor.columns(self._found, self.tab)

    def rows(self, now: datetime) -> Sequence[Row] | None:
        if self._found is None:
            return None
        return doctor.finding_rows(self._found) if self.tab == "findings" else doctor.check_rows(self._found)

    def entry(self, key: str, now: datetime) -> Entry | None:
        finding = self._finding()
        if finding is None:
            check = doctor.check_of(self._found, key) if self._found is not None else None
            return Entry(check.says, tone="muted") if check is not None and self.tab == "checks" else None
        where = place_words(finding.place)
        # Where there is room, what is well stands below what is not.
        well = [(), (Cell("All that was judged", "strong"),), *self._checks()] if self.has_class("-tall") else []
        well = well if self.tab == "findings" else []
        return Entry(finding.subject, [*finding_lines(finding), *well], f"enter: {where}" if where else "")

    def nothing(self, now: datetime) -> Entry:
        return Entry("✓ nothing is wrong", self._checks(), tone="finished")

    def _checks(self) -> list[tuple[Cell, ...]]:
        checks = self._found.checks if self._found is not None else ()
        return check_lines(checks, self.size.width - 4, fit)

    def tab_word(self, name: str) -> str:
        if self._found is None:
            return name
        return f"{name} {count(len(self._found.findings if name == 'findings' else self._found.checks))}"

    def beside(self, now: datetime) -> tuple[Sequence[Chip], Sequence[Chip]]:
        found, examined = self._found, self._examined
        if found is None or examined is None:
            return (), ()
        left = doctor.summary(found)
        if examined.going:
            looked = examined.facts.lost.looked if examined.facts.lost is not None else 0
            return [*left, chip(f"scanning, {count(looked or 0)} keys so far, esc stops", "muted", rank=1)], ()
        stopped = [chip("stopped before its end", "warning", rank=1)] if examined.stopped else []
        return [*left, *stopped], doctor.made(found, now)

    def show(self, session: Session) -> None:
        super().show(session)
        looked, left_out = doctor.covered(self._found.covered) if self._found is not None else ([], [])
        self.query_one("#covered", Line).show(looked)
        self.query_one("#uncovered", Line).show(left_out)
        self.query_one("#uncovered").display = bool(left_out)
        self.name_keys()

    def _finding(self) -> Finding | None:
        """The finding under the cursor, or that of the check under it."""
        key, found = self.table.cursor_key, self._found
        if found is None or key is None:
            return None
        if self.tab == "findings":
            return next((one for one in found.findings if doctor.finding_key(one) == key), None)
        check = doctor.check_of(found, key)
        return check.finding if check is not None else None

    # -- keys -------------------------------------------------------------------------------------------
    @on(RowTable.Chosen, "#list-rows")
    async def action_open(self) -> None:
        """What the finding speaks of."""
        finding = self._finding()
        if finding is not None:
            await look_at(self.console_app, finding.place)

    def action_remedy(self) -> None:
        """Do what is advised, after its plan was seen."""
        finding = self._finding()
        if finding is not None:
            self.console_app.acting.advise(finding.act)

    async def action_back(self) -> None:
        """An examination stops first."""
        if self._examined is not None and self._examined.going and not self._need.stop:
            self._need = replace(self._need, stop=True)
            self.console_app.ask()
        else:
            await super().action_back()
