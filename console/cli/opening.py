"""The terminal interface, as the command line opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli import output

if TYPE_CHECKING:
    from console.cli.target import Target
    from console.tui.address import Address


def open_console(target: Target, start: Address | None = None) -> int:
    """Run it until it is left; what it imports, only this imports.

    Returns:
        an exit code.
    """
    from console import profiles as config
    from console.tui.start import run_console
    from console.tui.terminal import Wishes

    return run_console(
        target.settings(),
        Wishes(not output.colour, target.clipboard, target.mouse, target.restricted, target.ascii_only),
        read_only=target.read_only,
        always_read_only=target.always_read_only,
        production=target.production,
        profile=target.profile,
        unlockable=target.unlockable,
        start=start,
        alerts=config.alerts(target.profile),
        own_keys=config.own_keys(),
    )
