"""Going from place to place: modes, and what is opened over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.screens.why import Why
from console.tui.screens.workers import Workers
from console.tui.terminal_keys import WithTerminal

if TYPE_CHECKING:
    from console.tui.session import Session


class Going(WithTerminal):
    """The part of the console that goes somewhere.

    Attributes:
        session: what is known of the server that is shown.
        suffix: of the names of its modes: each server has screens of its own.
    """

    session: Session
    suffix = ""

    def ask(self, *, overview: bool = False) -> None:
        """Something else is wanted: read soon.

        Args:
            overview: take a snapshot too, even if the last one is fresh.
        """

    def paint(self) -> None:
        """Bring the visible screen up to date."""
        screen = self.console_screen()
        if screen is not None and screen.is_current and screen.is_mounted:
            screen.paint()

    async def go(self, mode: str) -> None:
        """Switch to a mode, leaving the details open in it as they are."""
        self.session.hint = ""
        if mode + self.suffix != self.current_mode:
            await self.switch_mode(mode + self.suffix)
            self.ask()

    async def go_to_jobs(
        self, state: str, queue: str | None, where: str = "", newest_first: bool | None = None
    ) -> None:
        """The jobs of one state, of one queue or of all, that fit a filter, in an order."""
        await self._to_top("jobs")
        if isinstance(self.screen, Jobs):
            self.screen.look_at(state, queue, where, newest_first)

    async def go_to_worker(self, name: str) -> None:
        """One worker in the list of workers."""
        await self._to_top("workers")
        if isinstance(self.screen, Workers):
            self.screen.look_at(name)

    async def go_to_job(self, job_id: str) -> None:
        """One job by its id in Redis, over whatever is shown."""
        await self.push_screen(JobScreen(job_id))

    async def go_to_why(self, job_id: str) -> None:
        """Why a job is where it is, by its id in Redis, over whatever is shown."""
        await self.push_screen(Why(job_id))

    async def _to_top(self, mode: str) -> None:
        if mode + self.suffix != self.current_mode:
            await self.switch_mode(mode + self.suffix)
        while len(self.screen_stack) > 1 and not isinstance(self.screen, (Jobs, Workers)):
            await self.pop_screen()

    async def action_go(self, mode: str) -> None:
        await self.go(mode)
