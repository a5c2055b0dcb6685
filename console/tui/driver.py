"""Our way to the terminal beside Textual's frames: its clipboard, and the mouse given back to it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from console.tui.thrift import thrifty

_OF: WeakKeyDictionary[App[Any], ConsoleDriver] = WeakKeyDictionary()


class ConsoleDriver(LinuxDriver):
    """Textual's driver, which can let go of the mouse while it runs. `App.get_driver_class` names it."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        _OF[app] = self

    def write(self, data: str) -> None:
        """See `LinuxDriver`."""
        super().write(thrifty(data))

    def stop_application_mode(self) -> None:
        """See `LinuxDriver`. Mosh, and GNU screen without `altscreen on`, have one page alone: it is left empty."""
        self.write("\x1b[0m\x1b[H\x1b[J")
        super().stop_application_mode()

    def use_mouse(self, on: bool) -> None:
        """Take the mouse, or leave it to the terminal, which then selects text with it."""
        if on != self._mouse:
            if not on:
                self._disable_mouse_support()
            self._mouse = on
            if on:
                self._enable_mouse_support()


def of(app: App[Any]) -> ConsoleDriver | None:
    """The driver of an app; None without a terminal, as in tests and in a browser."""
    return _OF.get(app)
