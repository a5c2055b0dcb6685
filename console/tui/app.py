"""The console: modes, wiring, quit. What is shown is the screens', what is read the source's."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.command import Provider
from textual.filter import LineFilter
from textual.screen import Screen

from console.tui import terminal
from console.tui.acting.actor import Actor, RedisActor
from console.tui.acting.flow import Acting
from console.tui.acting.local_fleet import LocalFleet
from console.tui.address import Address
from console.tui.commands import Command, obey, visit
from console.tui.copying.texts import leading_to
from console.tui.guard import TerminalGuard
from console.tui.keys import bindings
from console.tui.palette import ConsoleCommands
from console.tui.refresher import Refresher
from console.tui.screens.activity import Activity
from console.tui.screens.command import CommandLine
from console.tui.screens.failures import Failures
from console.tui.screens.help import Help
from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.screens.overview import Overview
from console.tui.screens.schedule import Schedule
from console.tui.screens.unlock import Unlock
from console.tui.screens.workers import Workers
from console.tui.session import Session
from console.tui.source import Answer, Needs, RedisSource, Source
from console.tui.terminal_keys import WithTerminal
from console.tui.themes import ANSI, DARK, THEMES, fallback_variables
from pantry_queue.connection import describe
from pantry_queue.errors import ConfigError, PantryError
from pantry_queue.monitor.alert_rules import DEFAULT

if TYPE_CHECKING:
    from console.alert_settings import AlertSettings
    from pantry_queue.config import Settings
    from pantry_queue.control.outcome import Outcome

#: An unfocused terminal is read for this many times less often.
_UNFOCUSED = 5.0
#: Why nothing can be changed with `--read-only`, or in a profile that is so.
READ_ONLY = "This console is read-only: nothing is changed; start it with --read-write to allow it."


class ConsoleApp(WithTerminal):
    """The terminal interface.

    Args:
        settings: where Redis is.
        notice: a word shown in the status line, for example what a demo does.
        source: where answers come from; Redis when left out.
        actor: what changes Redis.
        read_only: refuse everything that would change it.
        production: what is changed is confirmed by typing its number.
        profile: name of the connection, for the audit.
        unlockable: read-only mode is a profile's own caution and can be left for a while.
        start: what is shown first; the overview when left out.
        alerts: when something needs the operator, and how the terminal tells it.
        look: what suits the terminal.
        auto_refresh: read again and again; without it once at the start and whenever something else is wanted.
        watch_terminal: end when the terminal vanishes or a signal asks for it.
    """

    TITLE = "pantry-console"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        f"screens/{name}.tcss" for name in "base overview jobs job failures workers listing help dialogs".split()
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "overview": Overview,
        "jobs": Jobs,
        "failures": Failures,
        "workers": Workers,
        "schedule": Schedule,
        "activity": Activity,
    }
    DEFAULT_MODE = "overview"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ConsoleCommands}
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as it is
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"),
        (15, "-short"),
        (30, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]

    def __init__(
        self,
        settings: Settings,
        *,
        notice: str | None = None,
        source: Source | None = None,
        actor: Actor | None = None,
        read_only: bool = False,
        production: bool = False,
        profile: str = "",
        unlockable: bool = False,
        start: Address | None = None,
        alerts: AlertSettings | None = None,
        look: terminal.Terminal | None = None,
        auto_refresh: bool = True,
        watch_terminal: bool = False,
    ) -> None:
        look = look or terminal.Terminal()
        self.look = look
        self._guard = TerminalGuard(look.ascii_only)
        # Without colours only the terminal's own default pair is left, which Textual's filter leaves alone.
        super().__init__(ansi_color=True if look.no_color else None)
        self.session = Session(describe(settings), notice)
        self.session.read_only = READ_ONLY if read_only else ""
        self.session.production = production
        self.session.profile = profile
        self.session.options = leading_to(settings, profile)
        self.session.unlockable = unlockable and production and bool(profile)
        self.session.rules = alerts.rules if alerts else DEFAULT
        self.acting = Acting(self, actor or RedisActor(settings, profile))
        self.fleet = LocalFleet(settings, profile)
        self._refresher = Refresher(source or RedisSource(settings), self)
        self._start = start
        self._auto = auto_refresh
        self._watch = watch_terminal
        self._focused = True
        self._question = 0
        self._asked = 0
        for theme in THEMES:
            self.register_theme(theme)
        few_colours = look.no_color or self.console.color_system in (None, "standard")
        self.theme = look.theme or (ANSI.name if few_colours else DARK.name)
        if not look.animations:
            self.animation_level = "none"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Ours comes last, so that nothing is added behind it."""
        return [*super().get_line_filters(), self._guard]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colours for themes that do not know them."""
        return fallback_variables()

    def on_mount(self) -> None:
        if self._watch:
            terminal.end_on_signals(self._end)
            terminal.end_with_it(self._end)
        self._read()
        if self._start is not None:
            self.call_later(visit, self, self._start)

    def on_unmount(self) -> None:
        self._refresher.close()
        self.acting.close()

    def note_doing(self, doing: str | None) -> None:
        """Tell in the status line what goes on in the background."""
        self.session.doing = doing
        self._paint()

    def acted(self, outcome: Outcome) -> None:
        """Something was done: let the screen know."""
        screen = self.console_screen()
        if screen is not None:
            screen.acted(outcome)

    def _end(self, code: int) -> None:
        self.exit(code, return_code=code)

    # -- reading; see console.tui.refresher.Listener ----------------------------------------------------
    @work(exclusive=True, group="reader", exit_on_error=True)
    async def _read(self) -> None:
        await (self._refresher.run() if self._auto else self._refresher.once())

    def ask(self, *, overview: bool = False) -> None:
        """Something else is wanted: read soon."""
        self._question += 1
        self._refresher.wake(overview=overview)
        if not self._auto and self.is_running:
            self._read()

    def needs(self) -> Needs:
        """What the visible screen wants."""
        self._asked = self._question
        screen = self.console_screen()
        return screen.needs() if screen else Needs()

    def answered(self, answer: Answer) -> None:
        """Take an answer in. One to a question that is no longer asked still tells how the deployment is."""
        self.session.answered()
        if answer.snapshot is not None:
            self.session.accept(answer.snapshot)
        screen = self.console_screen()
        if screen is not None and self._asked == self._question:
            screen.accept(answer)
        self._paint()

    def failed(self, error: PantryError, next_try_in: float) -> None:
        """There is no answer; the picture stays."""
        if isinstance(error, ConfigError):
            self.exit(2, return_code=2, message=str(error))
            return
        self.session.trouble = str(error)
        self.ticked(next_try_in)

    def ticked(self, next_try_in: float) -> None:
        """A second has gone by without an answer."""
        self.session.next_try_in = next_try_in
        if self.session.trouble is not None or self.session.paused:
            self._paint()

    def resting(self) -> tuple[float, bool]:
        """See `console.tui.refresher.Listener`."""
        slower = 1.0 if self._focused else _UNFOCUSED
        return self.session.interval * slower, self.session.paused

    def _paint(self) -> None:
        screen = self.console_screen()
        if screen is not None and screen.is_current and screen.is_mounted:
            screen.paint()

    def on_app_blur(self, event: events.AppBlur) -> None:
        self._focused = False

    def on_app_focus(self, event: events.AppFocus) -> None:
        self._focused = True
        self._refresher.wake()

    # -- going ------------------------------------------------------------------------------------------
    async def go(self, mode: str) -> None:
        """Switch to a mode, leaving the details open in it as they are."""
        if mode != self.current_mode:
            await self.switch_mode(mode)
            self.ask()

    async def go_to_jobs(self, state: str, queue: str | None, where: str = "") -> None:
        """The jobs of one state, of one queue or of all, that fit a filter."""
        await self._to_top("jobs")
        if isinstance(self.screen, Jobs):
            self.screen.look_at(state, queue, where)

    async def go_to_worker(self, name: str) -> None:
        """One worker in the list of workers."""
        await self._to_top("workers")
        if isinstance(self.screen, Workers):
            self.screen.look_at(name)

    async def go_to_job(self, job_id: str) -> None:
        """One job by its id in Redis, over whatever is shown."""
        await self.push_screen(JobScreen(job_id))

    async def _to_top(self, mode: str) -> None:
        if mode != self.current_mode:
            await self.switch_mode(mode)
        while len(self.screen_stack) > 1 and not isinstance(self.screen, (Jobs, Workers)):
            await self.pop_screen()

    async def action_go(self, mode: str) -> None:
        await self.go(mode)

    # -- keys of the console itself ---------------------------------------------------------------------
    def action_refresh_now(self) -> None:
        self.ask(overview=True)

    def action_pause(self) -> None:
        self.session.paused = not self.session.paused
        self._paint()
        if not self.session.paused:
            self.ask(overview=True)

    def action_unlock(self) -> None:
        """Leave the read-only mode of a production profile for a while, or go back to it."""
        session = self.session
        if session.unlocked_for:
            session.lock()
            self._paint()
        elif not session.read_only:
            self.tell("Nothing is locked: this console may change things.")
        elif not session.unlockable:
            self.tell("This console was started read-only and stays so.", severity="warning")
        else:
            self.push_screen(Unlock(session.profile), self._unlocked)

    def _unlocked(self, sure: bool | None) -> None:
        if sure:
            self.session.unlock()
            self._paint()

    def action_pace(self, step: int) -> None:
        self.session.pace(step)
        self._refresher.wake()
        self._paint()

    def action_next_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        place = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(place + 1) % len(names)]

    def action_repaint(self) -> None:
        self.refresh(layout=True)

    def action_command(self) -> None:
        self.push_screen(CommandLine(), self._commanded)

    async def _commanded(self, meant: Address | Command | None) -> None:
        if isinstance(meant, Command):
            obey(self, meant)
        elif meant is not None:
            await visit(self, meant)

    def action_palette(self) -> None:
        self.action_command_palette()

    def action_help(self) -> None:
        screen = self.console_screen()
        if screen is not None:
            self.push_screen(Help((*screen.SCOPES, *screen.more_scopes()), self.acting.offers(screen.chosen())))


def run_console(
    settings: Settings,
    *,
    notice: str | None = None,
    no_color: bool = False,
    read_only: bool = False,
    production: bool = False,
    profile: str = "",
    unlockable: bool = False,
    start: Address | None = None,
    clipboard: bool = True,
    restricted: bool = False,
    alerts: AlertSettings | None = None,
) -> int:
    """Open the terminal interface and stay in it until the operator leaves.

    Args:
        settings: where Redis is.
        notice: a word shown in the status line.
        no_color: no colours; `NO_COLOR` does the same.
        read_only, production, profile, unlockable, start, alerts: see `ConsoleApp`.
        clipboard, restricted: see `console.tui.terminal.Terminal`.

    Returns:
        the exit code: 0, 2 when there is no terminal to draw on, 128 + n when signal n ended it.
    """
    screen = sys.__stderr__
    refused = terminal.refusal(
        os.environ, stdin_tty=terminal.is_there(), screen_tty=screen is not None and screen.isatty()
    )
    if refused:
        sys.stderr.write(f"pantry-console: {refused}\n")
        return 2
    look = terminal.examine(os.environ, screen.encoding if screen else None, no_color=no_color)
    look = replace(look, clipboard=look.clipboard and clipboard, restricted=look.restricted or restricted)
    app = ConsoleApp(
        settings,
        notice=notice,
        look=look,
        read_only=read_only,
        production=production,
        profile=profile,
        unlockable=unlockable,
        start=start,
        alerts=alerts,
        watch_terminal=True,
    )
    app.run()
    return app.return_code or 0
