"""The console as the actions of one server see it: they ask and show while that server is shown, and only then."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from textual.screen import Screen

if TYPE_CHECKING:
    from console.tui.going import Going
    from console.tui.session import Session
    from pantry_queue.control.outcome import Outcome

T = TypeVar("T")


class Stage:
    """What is done on a server goes on while another one is shown; it is told with the server's name then.

    Args:
        app: the console.
        session: of the server.
    """

    def __init__(self, app: Going, session: Session) -> None:
        self._app = app
        self.session = session
        self._untold: list[Outcome] = []

    @property
    def here(self) -> bool:
        """Whether this server is the one that is shown."""
        return self._app.session is self.session

    @property
    def may_read_files(self) -> bool:
        """Whether files of this machine may be read for the operator."""
        return not self._app.look.restricted

    @property
    def functions(self) -> set[str]:
        """Functions that the visible screen shows."""
        screen = self._app.console_screen() if self.here else None
        return screen.functions() if screen is not None else set()

    @property
    def screens(self) -> list[Screen[Any]]:
        """What lies over each other now; none while another server is shown."""
        return list(self._app.screen_stack) if self.here else []

    def tell(self, sentence: str, *, severity: Literal["information", "warning", "error"] = "information") -> None:
        """One sentence to the operator."""
        self._app.tell(sentence if self.here else f"On {self.session.place}: {sentence}", severity=severity)

    def show(self, screen: Screen[T], answered: Callable[[T | None], None] | None = None) -> bool:
        """Lay a dialog over what is shown.

        Returns:
            False when another server is shown: then nothing is asked.
        """
        if self.here:
            self._app.push_screen(screen, answered)
        return self.here

    def clear(self) -> None:
        """Take notifications away, which would lie over what is to be read now."""
        if self.here:
            self._app.clear_notifications()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it go on beside everything else."""
        self._app.run_worker(work, group="acting")

    def note_doing(self, doing: str | None) -> None:
        """Tell in the status line what goes on in the background."""
        self.session.doing = doing
        if self.here:
            self._app.paint()

    def acted(self, outcome: Outcome) -> None:
        """Something was done: let the screen know, as soon as it is shown, and read anew."""
        if not self.here:
            self._untold.append(outcome)
            return
        screen = self._app.console_screen()
        if screen is not None:
            screen.acted(outcome)
        self._app.ask(overview=True)

    def returned(self) -> None:
        """This server is shown again."""
        untold, self._untold = self._untold, []
        for outcome in untold:
            self.acted(outcome)
