"""From the command line to the terminal interface and back."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from console import first_run
from console.tui import terminal
from console.tui.app import ConsoleApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.alert_settings import AlertSettings
    from console.tui.address import Address
    from pantry_queue.config import Settings


class Options(TypedDict, total=False):
    """What is passed on to `ConsoleApp`, which tells what it means."""

    notice: str | None
    read_only: bool
    always_read_only: bool
    production: bool
    profile: str
    unlockable: bool
    start: Address | None
    alerts: AlertSettings | None
    own_keys: Mapping[str, Any] | None


def run_console(settings: Settings, wishes: terminal.Wishes | None = None, **options: Unpack[Options]) -> int:
    """Open the terminal interface and stay in it until the operator leaves.

    Args:
        settings: where Redis is.
        wishes: what the command line says of the terminal.
        options: see `ConsoleApp`.

    Returns:
        the exit code: 0, 2 when there is no terminal to draw on, 128 + n when signal n ended it.
    """
    screen, web = sys.__stderr__, terminal.in_browser(os.environ)
    refused = None
    if not web:
        refused = terminal.refusal(
            os.environ, stdin_tty=terminal.is_there(), screen_tty=screen is not None and screen.isatty()
        )
    if refused:
        sys.stderr.write(f"pantry-console: {refused}\n")
        return 2
    encoding = "utf-8" if web else terminal.drawn_as(os.environ, screen.encoding if screen else None)
    look = terminal.examine(os.environ, encoding, wishes or terminal.Wishes())
    app = ConsoleApp(settings, look=look, watch_terminal=not web, **options)
    if not look.restricted and not terminal.in_browser(os.environ):
        app.session.hint = first_run.greeting()
    app.run(mouse=look.mouse)
    return app.return_code or 0
