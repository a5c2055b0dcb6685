"""Telling an operator who does not look at the console that an alert has started: bell and desktop notification.

Both are off unless the config file asks for them. Terminals show OSC 9 (iTerm2, kitty, Ghostty, WezTerm, VS Code,
Windows Terminal) or OSC 777 (rxvt-unicode, foot, VTE); one that knows neither drops it. tmux passes it on with
`set -g allow-passthrough on`, GNU screen as a device control string.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from console.tui import driver
from console.tui.copying.clipboard import multiplexer
from pantry_queue.text import safe

if TYPE_CHECKING:
    from textual.app import App

    from console.alert_settings import AlertSettings
    from pantry_queue.monitor.alarms import Change

Way = Literal["osc9", "osc777"]
_TITLE = "pantry-console"
_LONGEST = 200
#: Beginnings of TERM whose terminals show OSC 777 and not OSC 9.
_WITH_TITLE = ("rxvt", "foot")


def ring(app: App[int], settings: AlertSettings, changes: Iterable[Change]) -> None:
    """Tell of what has started or become worse, all of it at once."""
    told = [change.alert for change in changes if change.what != "ended"]
    if not told:
        return
    if settings.bell:
        app.bell()
    line = driver.of(app)
    if settings.desktop and line is not None:
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        way = way_for(os.environ) if settings.desktop == "auto" else settings.desktop
        line.write(sequence(f"{told[0].subject}: {told[0].text}{more}", way, os.environ))


def way_for(environ: Mapping[str, str]) -> Way:
    """What the terminal most likely shows."""
    is_vte = bool(environ.get("VTE_VERSION"))
    return "osc777" if is_vte or environ.get("TERM", "").startswith(_WITH_TITLE) else "osc9"


def sequence(text: str, way: Way, environ: Mapping[str, str]) -> str:
    """What has to be written to the terminal; nothing in the text can end it or begin another."""
    said = safe(text, _LONGEST)
    plain = f"\x1b]777;notify;{_TITLE};{said}\x07" if way == "osc777" else f"\x1b]9;{_TITLE}: {said}\x07"
    between = multiplexer(environ)
    if between == "tmux":
        return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return f"\x1bP{plain}\x1b\\" if between == "screen" else plain
