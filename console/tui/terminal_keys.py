"""What the app does with its terminal besides drawing on it: clipboard, mouse, lending it to a pager or an editor."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from console.tui import driver
from console.tui.copying import clipboard, lending
from console.tui.copying.texts import Copyable
from console.tui.key_map import Mapped
from console.tui.present.words import count
from console.tui.screens.copy_menu import CopyMenu, Wanted, Way
from console.tui.screens.write_file import WriteFile
from console.tui.terminal import has_shell
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.screens.base import ConsoleScreen
    from console.tui.terminal import Terminal


class WithTerminal(Mapped):
    """The part of the app that knows what kind of terminal this is.

    Attributes:
        look: what was found out about it.
    """

    look: Terminal
    _has_mouse: bool | None = None

    def ask(self, *, overview: bool = False) -> None:
        """See `console.tui.going.Going.ask`."""

    def get_driver_class(self) -> type[Driver]:
        """Ours where Textual's is the one for terminals."""
        found = super().get_driver_class()
        return driver.ConsoleDriver if found is LinuxDriver else found

    def tell(self, sentence: str, *, severity: Literal["information", "warning", "error"] = "information") -> None:
        """One sentence to the operator, over whatever is shown; never markup."""
        self.notify(
            safe(sentence, 600), severity=severity, markup=False, timeout=6.0 if severity == "information" else 10.0
        )

    def console_screen(self) -> ConsoleScreen | None:
        """The screen that shows Redis, also when help or palette lie over it."""
        from console.tui.screens.base import ConsoleScreen

        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, ConsoleScreen)), None)

    def ways(self) -> list[Way]:
        """Where a text may go: a restricted console keeps away from this machine; a browser has a clipboard alone."""
        if self.is_web:
            return ["clipboard"] if self.look.clipboard else []
        found: list[Way] = ["clipboard", "select"] if self.look.clipboard else ["select"]
        return found if self.look.restricted else [*found, "file", "pager", "editor"]

    def action_copy(self) -> None:
        """Offer what the visible screen shows as texts to take away."""
        screen, ways = self.console_screen(), self.ways()
        if not ways:
            self.tell("This console uses no clipboard: hold shift and select with the mouse.")
        elif screen is not None:
            self.push_screen(CopyMenu(screen.copyable(), ways, clipboard.caveat(os.environ)), self._take)

    def action_page(self) -> None:
        """The text of the visible screen in the operator's own pager."""
        screen = self.console_screen()
        text = screen.readable() if screen is not None else None
        if text is None:
            self.tell("There is no text here to open.")
        elif "pager" not in self.ways():
            self.tell("This console starts no other program: it is restricted, or in a browser.", severity="warning")
        else:
            self._take(Wanted(text, "pager"))

    def _take(self, wanted: Wanted | None) -> None:
        if wanted is None:
            return
        text, way = wanted
        try:
            if way == "clipboard":
                self._to_clipboard(text)
            elif way == "select":
                lending.show_to_select(self, text)
            elif way == "file":
                self.push_screen(WriteFile(text), self._written)
            else:
                lending.open_with(self, way, text)
        except lending.LendingError as error:
            self.tell(str(error), severity="warning")

    def edited(self, text: str, name: str) -> str | None:
        """What the operator's editor leaves of a text; None when there is no way to it, which is told."""
        if "editor" not in self.ways():
            self.tell("This console starts no other program: it is restricted, or in a browser.", severity="warning")
            return None
        try:
            return lending.edited(self, text, name)
        except lending.LendingError as error:
            self.tell(str(error), severity="warning")
            return None

    def _to_clipboard(self, text: Copyable) -> None:
        if text.size > clipboard.LIMIT:
            self.tell(
                f"{text.name} has {count(text.size)} bytes, more than terminals take to their clipboard "
                f"({count(clipboard.LIMIT)}): nothing was sent"
                + ("." if self.is_web else "; write it to a file (w) instead."),
                severity="warning",
            )
            return
        line = driver.of(self)
        if line is not None and clipboard.multiplexer(os.environ) == "screen":
            line.write(clipboard.sequence(text.body, os.environ))
        else:
            self.copy_to_clipboard(text.body)
        whose, otherwise = "terminal's", "y and then s shows it"
        if self.is_web:
            whose, otherwise = "browser's", "hold shift and select with the mouse"
        self.tell(f"{text.name} was sent to the {whose} clipboard; if it did not arrive, {otherwise}.")

    def _written(self, path: Path | None) -> None:
        if path is not None:
            self.tell(f"Written to {path}.")

    def action_mouse(self) -> None:
        """Leave the mouse to the terminal, so that it selects text, or take it again."""
        self._has_mouse = not (self.look.mouse if self._has_mouse is None else self._has_mouse)
        line = driver.of(self)
        if line is not None:
            line.use_mouse(self._has_mouse)
        said = "it selects text of the terminal; ctrl+o takes it back"
        if self._has_mouse:
            screen = clipboard.multiplexer(os.environ) == "screen"
            said = f"clicks do something here{'; GNU screen keeps Esc back meanwhile, backspace goes back' * screen}"
        self.tell(f"Mouse {'on' if self._has_mouse else 'off'}: {said}.")

    def action_suspend(self) -> None:
        """Stop, as ctrl+z stops other programs, until the shell continues us."""
        if self.look.restricted or self.is_web or not has_shell():
            self.tell("No shell started this console, so there is none to go back to.", severity="warning")
        else:
            self.action_suspend_process()

    def resumed(self) -> None:
        """The shell has continued us: the screen is empty, and what was on it is old."""
        self.refresh(layout=True)
        self.ask(overview=True)
