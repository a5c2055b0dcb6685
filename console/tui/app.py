"""The console: modes, wiring, reading. What is shown is the screens', what is read the source's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.command import Provider
from textual.filter import LineFilter, NoColor
from textual.screen import Screen

from console.alert_settings import AlertSettings
from console.tui import terminal
from console.tui.acting.actor import Actor
from console.tui.acting.verbs import Said
from console.tui.address import Address
from console.tui.commands import Command, obey, visit
from console.tui.connecting import Connecting
from console.tui.copying.texts import leading_to
from console.tui.fault import TellingFaults
from console.tui.grouping import MetNeed
from console.tui.guard import TerminalGuard
from console.tui.keys import bindings
from console.tui.needs import AlertsNeed, PastNeed
from console.tui.palette import ConsoleCommands
from console.tui.ringing import ring
from console.tui.sampling import Flows
from console.tui.screens.activity import Activity
from console.tui.screens.doctor import Doctor
from console.tui.screens.failures import Failures
from console.tui.screens.functions import Functions
from console.tui.screens.jobs import Jobs
from console.tui.screens.overview import Overview
from console.tui.screens.schedule import Schedule
from console.tui.screens.workers import Workers
from console.tui.session import READ_ONLY, Session
from console.tui.source import Answer, Needs, Source
from console.tui.themes import ANSI, DARK, THEMES, fallback_variables
from pantry_queue.connection import describe
from pantry_queue.errors import ConfigError, PantryError
from pantry_queue.monitor.alert_rules import NEW_FAILURE

if TYPE_CHECKING:
    from console.tui.screens.base import ConsoleScreen
    from pantry_queue.config import Settings
    from pantry_queue.monitor.model import Snapshot
    from pantry_queue.monitor.rates import Flow

#: An unfocused terminal is read for this many times less often.
_UNFOCUSED = 5.0


class ConsoleApp(TellingFaults, Connecting):
    """The terminal interface.

    Args:
        settings: where Redis is.
        notice: a word shown in the status line, for example what a demo does.
        source: where answers come from; Redis when left out.
        actor: what changes Redis.
        read_only: refuse everything that would change it.
        always_read_only: on other servers too, whatever their profiles say.
        production: what is changed is confirmed by typing its number.
        profile: name of the connection, for the audit.
        unlockable: read-only mode is a profile's own caution and can be left for a while.
        start: what is shown first; the overview when left out.
        alerts: when something needs the operator, and how the terminal tells it.
        own_keys: the operator's, see `console.tui.key_map`, which raises `ConfigError` for what cannot be.
        look: what suits the terminal.
        auto_refresh: read again and again; without it once at the start and whenever something else is wanted.
        watch_terminal: end when the terminal vanishes or a signal asks for it.
    """

    TITLE = "pantry-console"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        f"screens/{name}.tcss"
        for name in "base overview jobs job failures workers listing doctor why help dialogs".split()
    ]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "overview": Overview,
        "jobs": Jobs,
        "failures": Failures,
        "workers": Workers,
        "schedule": Schedule,
        "activity": Activity,
        "doctor": Doctor,
        "functions": Functions,
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
        always_read_only: bool = False,
        production: bool = False,
        profile: str = "",
        unlockable: bool = False,
        start: Address | None = None,
        alerts: AlertSettings | None = None,
        own_keys: Mapping[str, Any] | None = None,
        look: terminal.Terminal | None = None,
        auto_refresh: bool = True,
        watch_terminal: bool = False,
    ) -> None:
        look = look or terminal.Terminal()
        self.look = look
        self.reports = not look.restricted
        self._guard = TerminalGuard(look.ascii_only)
        # Without colours only the terminal's own default pair is left, which Textual's filter leaves alone.
        super().__init__(ansi_color=True if look.no_color else None)
        self.heed_keys(own_keys or {})
        self.always_read_only = always_read_only
        self._settings, self._listener, self._servers = settings, self, []
        session = Session(describe(settings), notice)
        session.read_only = READ_ONLY if read_only or always_read_only else ""
        session.production = production
        session.profile = profile
        session.options = leading_to(settings, profile)
        session.unlockable = unlockable and production and bool(profile)
        session.heed(alerts or AlertSettings())
        self.take(self.open_server(settings, session, source, actor))
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
        """Ours comes last, so that nothing is added behind it. Textual knows `NO_COLOR`, and not our option."""
        plain = [NoColor()] if self.look.no_color else []
        return [*super().get_line_filters(), *plain, self._guard]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our colours for themes that do not know them."""
        return fallback_variables()

    def on_mount(self) -> None:
        if self._watch:
            terminal.end_on_signals(self._end)
            terminal.end_with_it(self._end)
        self.app_resume_signal.subscribe(self, lambda _: self.resumed())
        self._read()
        if self._start is not None:
            self.call_later(visit, self, self._start)

    def on_unmount(self) -> None:
        self.close_servers()

    def obey(self, command: Command | Said) -> None:
        """See `OwnKeys.obey`."""
        obey(self, command)

    def _end(self, code: int) -> None:
        self.exit(code, return_code=code)

    # -- reading; see console.tui.refresher.Listener ----------------------------------------------------
    @work(exclusive=True, group="reader", exit_on_error=True)
    async def _read(self) -> None:
        await (self._refresher.run() if self._auto else self._refresher.once())

    def ask(self, *, overview: bool = False) -> None:
        """See `Going.ask`."""
        self._question += 1
        self._refresher.wake(overview=overview)
        if not self._auto and self.is_running:
            self._read()

    def restart(self) -> None:
        """See `Connecting.restart`."""
        self._read()
        self.ask(overview=True)

    def needs(self) -> Needs:
        """What the visible screen wants."""
        self._asked = self._question
        screen = self._ready_screen()
        needs = screen.needs() if screen else Needs()
        also = needs.also if self.session.recalled else (*needs.also, PastNeed())
        answered_for = () if any(isinstance(need, AlertsNeed) for need in also) else (AlertsNeed(),)
        kinds = (MetNeed(),) if self.session.rules.tells(NEW_FAILURE) else ()
        return replace(needs, also=also, beside=(*answered_for, *kinds))

    def answered(self, answer: Answer) -> None:
        """Take an answer in. One to a question that is no longer asked still tells how the deployment is."""
        session = self.session
        session.answered()
        for need, found in answer.found.items():
            if isinstance(need, AlertsNeed):
                session.kept = found
            elif isinstance(need, MetNeed):
                session.meet(found)
            elif isinstance(need, PastNeed):
                session.recall(found)
        if answer.snapshot is not None:
            session.accept(answer.snapshot)
            ring(self, session.ringing, session.changes)
            self._sample(answer.snapshot)
        screen = self._ready_screen()
        if screen is not None and self._asked == self._question:
            screen.accept(answer)
        self.paint()

    def _ready_screen(self) -> ConsoleScreen | None:
        """The screen that shows Redis, unless it is only being made: it has no parts yet to ask or to fill."""
        screen = self.console_screen()
        return screen if screen is not None and screen.is_mounted else None

    def _sample(self, snapshot: Snapshot) -> None:
        """Keep it for charts, now and then; a console that may not change anything does not."""
        sampler, history = self._here.sampler, self.session.history
        if sampler is not None and sampler.due and not self.session.cannot_write():
            flows: dict[str, Flow] = {queue.name: history.flow(queue.name) for queue in snapshot.queues}
            sampler.keep(snapshot, Flows(flows))

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
            self.paint()

    def resting(self) -> tuple[float, bool]:
        """See `console.tui.refresher.Listener`."""
        slower = 1.0 if self._focused else _UNFOCUSED
        return self.session.interval * slower, self.session.paused

    def on_app_blur(self, event: events.AppBlur) -> None:
        self._focused = False

    def on_app_focus(self, event: events.AppFocus) -> None:
        self._focused = True
        self._refresher.wake()
