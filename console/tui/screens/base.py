"""What all screens share: the status line above, the keys below, and what is shown while there is no answer yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from console.tui.acting.chosen import Chosen
from console.tui.address import Address
from console.tui.copying import texts
from console.tui.copying.texts import Copyable
from console.tui.keys import Scope, act_bindings, act_key, bindings
from console.tui.present.cells import Chip, chip
from console.tui.present.status import Link, status
from console.tui.source import Answer, Needs
from console.tui.widgets.chart import Chart
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.line import Line

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp
    from console.tui.session import Session
    from pantry_queue.control.actions import Noun
    from pantry_queue.control.outcome import Outcome

MIN_WIDTH, MIN_HEIGHT = 60, 15


class ConsoleScreen(Screen[None]):
    """Base of all screens. A screen knows no Redis: it says what it needs, and is shown what was read."""

    SCOPES: ClassVar[tuple[Scope, ...]] = ("mode", "app")
    #: Id of the key that leads here.
    HERE: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mode"), *bindings("why"), *act_bindings()]

    def __init__(self) -> None:
        super().__init__()
        self._trouble: str | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Line(id="status")
            # Apart from the rest, because it changes every second and the rest does not.
            yield Line(id="clock")
        yield Static(id="trouble", markup=False)
        with Vertical(id="body"):
            yield from self.body()
        yield Line(id="waiting", center=True)
        yield Line(id="hint")
        yield KeyBar(id="keys")
        yield Line(id="floor", center=True)

    def body(self) -> Iterable[Widget]:
        """The widgets between status line and keys."""
        return ()

    def needs(self) -> Needs:
        """What has to be read for this screen."""
        return Needs()

    def show(self, session: Session) -> None:
        """Show what is known; called whenever it may have changed, and only while visible."""

    def accept(self, answer: Answer) -> None:
        """An answer to this screen's own needs has come; `show` follows."""

    def chosen(self) -> Chosen | None:
        """What an action would be done to here; None where nothing can be acted on."""
        return None

    def job_key(self) -> str | None:
        """The job under the cursor, by its id in Redis; None where there is none."""
        return None

    def view_address(self) -> Address:
        """What opens this view again."""
        return Address(self.HERE.removeprefix("go."))

    def sort_by(self, name: str) -> None:
        """Sort its rows in one of the ways of `address.SORTS`; called where this place has some."""

    def copyable(self) -> list[Copyable]:
        """What can be copied here, what is wanted most first."""
        chosen = self.chosen()
        found = texts.ids(chosen.selection) if chosen is not None else []
        return [*found, texts.command(self.session.options, self.view_address())]

    def readable(self) -> Copyable | None:
        """The text that is read here, for a pager; None where there is none."""
        return None

    def functions(self) -> set[str]:
        """Paths of functions shown here, to be suggested."""
        return set()

    def acted(self, outcome: Outcome) -> None:
        """An action that was begun here, or on another screen, has ended."""

    def again(self) -> None:
        """The operator wants everything read anew; for what is not read at each reading."""

    def hint(self, session: Session) -> list[Chip]:
        """What to show when there is nothing to show yet."""
        if session.trouble is None:
            return [chip(f"connecting to {session.target} ...", "muted")]
        return [chip("waiting for Redis; this goes on by itself as soon as it answers", "muted")]

    @property
    def console_app(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    @property
    def session(self) -> Session:
        """What the console knows."""
        return self.console_app.session

    def on_mount(self) -> None:
        self.name_keys()
        self.paint()

    def name_keys(self) -> None:
        """Let the footer name the keys of this screen and of the widgets in it."""
        self.query_one(KeyBar).name_keys((*self.SCOPES, *self.more_scopes()), self.HERE)

    def more_scopes(self) -> tuple[Scope, ...]:
        """Scopes of the widgets in it that have keys of their own."""
        return ()

    def on_screen_resume(self) -> None:
        if self.is_mounted:
            self.paint()

    def paint(self) -> None:
        """Bring everything visible up to date; what did not change is not drawn."""
        if not self.display:  # it is being taken away, as when the console is left: some of its parts are gone
            return
        session = self.session
        with self.app.batch_update():
            self._paint_frame(session)
            if session.snapshot is not None:
                self.show(session)
            self.query_one(KeyBar).name_acts([act_key(offer) for offer in self.console_app.acting.shown(self.chosen())])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key of the table of actions is bound once for each noun: only the one for what is chosen here applies."""
        if action != "act":
            return True
        return any((it.noun, it.key) == parameters for it in self.console_app.acting.offers(self.chosen()))

    def action_act(self, noun: Noun, key: str) -> None:
        """Do what a key of the table of actions does here."""
        self.console_app.acting.press(noun, key, self.chosen())

    def _paint_frame(self, session: Session) -> None:
        left, right = status(_link(session))
        self.query_one("#status", Line).show(left)
        self.query_one("#clock", Line).show((), right)
        trouble = session.trouble
        if trouble is not None and trouble != self._trouble:
            self.query_one("#trouble", Static).update(Content(trouble))
        self._trouble = trouble
        self.set_class(trouble is not None, "-trouble")
        self.set_class(bool(session.hint), "-hinted")
        if session.hint:
            self.query_one("#hint", Line).show([chip(session.hint, "notice")])
        waiting = session.snapshot is None
        self.set_class(waiting, "-waiting")
        if waiting:
            self.query_one("#waiting", Line).show(self.hint(session))
        size = self.app.size
        text = f"needs {MIN_WIDTH}x{MIN_HEIGHT}, has {size.width}x{size.height}"
        self.query_one("#floor", Line).show([chip(text)])

    async def action_why(self) -> None:
        """Why the job under the cursor is where it is."""
        key = self.job_key()
        if key is None:
            self.console_app.tell("There is no job under the cursor.")
        else:
            await self.console_app.go_to_why(key)

    def on_resize(self) -> None:
        self.call_after_refresh(self._repaint)

    @on(Chart.Resized)
    def _chart_resized(self) -> None:
        self.call_after_refresh(self._repaint)

    def _repaint(self) -> None:
        self.paint()
        if self.app.screen is not self:
            # What shows from under a dialog is drawn with the dialog.
            self.app.screen.refresh()

    async def action_back(self) -> None:
        """One step back; on a mode's own screen that is the overview."""
        await self.console_app.go("overview")


def _link(session: Session) -> Link:
    unlocked_for = session.unlocked_for
    return Link(
        target=session.target,
        notice=session.notice,
        interval=session.interval,
        paused=session.paused,
        snapshot=session.snapshot,
        trouble=session.trouble is not None,
        stale_for=session.stale_for,
        next_try_in=session.next_try_in,
        doing=session.doing,
        read_only=bool(session.read_only),
        profile=session.profile,
        production=session.production,
        unlocked_for=unlocked_for,
    )
