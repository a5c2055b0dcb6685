"""The keys of the console itself, scope `app` of the table: what they do is the same on every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console import views
from console.tui import saved
from console.tui.acting.verbs import Said
from console.tui.address import Address, words
from console.tui.commands import Command, visit
from console.tui.going import Going
from console.tui.screens.command import CommandLine
from console.tui.screens.help import Help
from console.tui.screens.saved_views import Asked, SavedViews
from console.tui.screens.unlock import Unlock
from console.tui.themes import THEMES
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from console.tui.acting.flow import Acting
    from console.tui.acting.local_fleet import LocalFleet
    from console.tui.refresher import Refresher


class OwnKeys(Going):
    """The part of the console that its own keys move."""

    acting: Acting
    fleet: LocalFleet
    _refresher: Refresher

    def action_refresh_now(self) -> None:
        screen = self.console_screen()
        if screen is not None:
            screen.again()
        self.ask(overview=True)

    def action_pause(self) -> None:
        self.session.paused = not self.session.paused
        self.paint()
        if not self.session.paused:
            self.ask(overview=True)

    def action_unlock(self) -> None:
        """Leave the read-only mode of a production profile for a while, or go back to it."""
        session = self.session
        if session.unlocked_for:
            session.lock()
            self.paint()
        elif not session.read_only:
            self.tell("Nothing is locked: this console may change things.")
        elif not session.unlockable:
            self.tell("This console was started read-only and stays so.", severity="warning")
        else:
            self.push_screen(Unlock(session.profile), self._unlocked)

    def _unlocked(self, sure: bool | None) -> None:
        if sure:
            self.session.unlock()
            self.paint()

    def action_pace(self, step: int) -> None:
        self.session.pace(step)
        self._refresher.wake()
        self.paint()

    def action_next_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]

    def action_repaint(self) -> None:
        self.refresh(layout=True)

    def action_command(self) -> None:
        self.push_screen(CommandLine(), self._commanded)

    def obey(self, command: Command | Said) -> None:
        """Do what a command behind `:` says."""

    async def _commanded(self, meant: Address | Command | Said | None) -> None:
        if isinstance(meant, Command | Said):
            self.obey(meant)
        elif meant is not None:
            await visit(self, meant)

    def action_views(self) -> None:
        """The saved views."""
        screen = self.console_screen()
        try:
            known = views.load()
        except PantryError as error:
            self.tell(str(error), severity="error")
            return
        if screen is not None:
            self.push_screen(SavedViews(known, words(screen.view_address())), self._asked_of_view)

    async def _asked_of_view(self, asked: Asked | None) -> None:
        if asked is None:
            return
        if asked.what == "open":
            await self.open_saved(asked.name)
        else:
            (saved.save if asked.what == "save" else saved.forget)(self, asked.name)

    async def open_saved(self, name: str) -> None:
        """Show a saved view, or say why that cannot be done."""
        try:
            await visit(self, saved.address(name))
        except PantryError as error:
            self.tell(str(error), severity="error")

    def action_palette(self) -> None:
        self.action_command_palette()

    def action_help(self) -> None:
        screen = self.console_screen()
        self.session.hint = ""
        if screen is not None:
            self.clear_notifications()  # they would lie over what is to be read now
            self.push_screen(Help((*screen.SCOPES, *screen.more_scopes()), self.acting.offers(screen.chosen())))
