"""From the command line to the terminal interface and back."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from console import first_run
from console.tui import terminal
from console.tui.app import ConsoleApp

if TYPE_CHECKING:
    from console.alert_settings import AlertSettings
    from console.tui.address import Address
    from pantry_queue.config import Settings


def run_console(
    settings: Settings,
    *,
    notice: str | None = None,
    no_color: bool = False,
    read_only: bool = False,
    always_read_only: bool = False,
    production: bool = False,
    profile: str = "",
    unlockable: bool = False,
    start: Address | None = None,
    clipboard: bool = True,
    mouse: bool = True,
    restricted: bool = False,
    alerts: AlertSettings | None = None,
) -> int:
    """Open the terminal interface and stay in it until the operator leaves.

    Args:
        settings: where Redis is.
        notice: a word shown in the status line.
        no_color: no colours; `NO_COLOR` does the same.
        read_only, always_read_only, production, profile, unlockable, start, alerts: see `ConsoleApp`.
        clipboard, mouse, restricted: see `console.tui.terminal.Terminal`.

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
    encoding = "utf-8" if web else screen.encoding if screen else None
    look = terminal.examine(os.environ, encoding, no_color=no_color)
    look = replace(
        look,
        clipboard=look.clipboard and clipboard,
        mouse=look.mouse and mouse,
        restricted=look.restricted or restricted,
    )
    app = ConsoleApp(
        settings,
        notice=notice,
        look=look,
        read_only=read_only,
        always_read_only=always_read_only,
        production=production,
        profile=profile,
        unlockable=unlockable,
        start=start,
        alerts=alerts,
        watch_terminal=not web,
    )
    app.session.hint = first_run.greeting()
    app.run(mouse=look.mouse)
    return app.return_code or 0
