"""The terminal we run in: whether it can show anything, how many colours it has, and that it is still there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.tui.copying.clipboard import multiplexer
from console.tui.themes import ANSI, DARK, LIGHT

_REFUSAL = (
    "The terminal interface needs a terminal, and {what}: use pantry-console status, which prints the same as text."
)

#: Seconds between two looks whether the terminal is still there, and how long we may take to end when it is not.
_LOOK, _PATIENCE = 1.0, 5.0

#: Textual's driver for a terminal in a browser, which `TEXTUAL_DRIVER` chooses.
WEB_DRIVER = "textual.drivers.web_driver:WebDriver"

#: What Python makes of `LC_CTYPE` by itself where the locale is C.
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")

#: Two letters to a terminal that takes each byte for one, neither of them anything it could obey.
_TWO_BYTES = "\u00e9"

#: What `PANTRY_THEME` may hold.
_THEMES = {"dark": DARK.name, "light": LIGHT.name, "ansi": ANSI.name}


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was found out about the terminal.

    Attributes:
        theme: name of the theme that suits its colours; None leaves it to what the terminal can show.
        ascii_only: it cannot be sent anything else.
        no_color: colours are not wanted.
        animations: whether things may move; not over a slow line.
        clipboard: text may be sent to its clipboard (OSC 52).
        mouse: it tells of the mouse from the start; `ctrl+o` changes that. Not in GNU screen, which then keeps Esc
            back until another key follows (seen with 4.9.0).
        restricted: nothing but the console may be used by who sits at it: it starts no other program and writes no
            file. For accounts that see the console alone.
    """

    theme: str | None = None
    ascii_only: bool = False
    no_color: bool = False
    animations: bool = True
    clipboard: bool = True
    mouse: bool = True
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says of the terminal; see `Terminal`. The environment may say the same."""

    no_color: bool = False
    clipboard: bool = True
    mouse: bool = True
    restricted: bool = False
    ascii_only: bool = False


_NONE = Wishes()


def refusal(environ: Mapping[str, str], *, stdin_tty: bool, screen_tty: bool) -> str | None:
    """Why the interface cannot start here, as a sentence; None when it can.

    Args:
        environ: environment variables.
        stdin_tty, screen_tty: whether keys come from a terminal, and whether the screen (standard error, where
            Textual writes) is one.
    """
    if environ.get("TERM", "") in ("dumb", "unknown"):
        return _REFUSAL.format(what=f"TERM={environ['TERM']} says that this one can show nothing but lines")
    if not stdin_tty:
        return _REFUSAL.format(what="standard input is none")
    if not screen_tty:
        return _REFUSAL.format(what="standard error, where it is drawn, is none")
    return None


def examine(environ: Mapping[str, str], encoding: str | None, wishes: Wishes = _NONE) -> Terminal:
    """What suits this terminal.

    Args:
        environ: environment variables.
        encoding: of the stream the screen is written to.
        wishes: what the command line says.
    """
    unicode = (encoding or "ascii").lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig", "cp65001")
    return Terminal(
        theme=_THEMES.get(environ.get("PANTRY_THEME", "")),
        ascii_only=not unicode or wishes.ascii_only or _is_set(environ, "PANTRY_ASCII"),
        no_color=wishes.no_color or bool(environ.get("NO_COLOR")),
        animations="SSH_CONNECTION" not in environ,
        clipboard=wishes.clipboard and not _is_set(environ, "PANTRY_NO_OSC52"),
        mouse=wishes.mouse and not _is_set(environ, "PANTRY_NO_MOUSE") and multiplexer(environ) != "screen",
        restricted=wishes.restricted or _is_set(environ, "PANTRY_RESTRICTED"),
    )


def drawn_as(environ: Mapping[str, str], encoding: str | None) -> str | None:
    """What the terminal takes bytes for, as far as it can be known.

    Python takes the locale C for UTF-8 (PEP 538 and 540). Most terminals are, whatever a host says; one that is not, as
    GNU screen started in that locale, would be sent garbage, some of which it obeys. So that one is asked.

    Args:
        environ: environment variables.
        encoding: of the stream the screen is written to.
    """
    named = environ.get("LC_ALL") or environ.get("LANG") or ""
    if environ.get("LC_CTYPE", "") not in ("", *_COERCED) and not environ.get("LC_ALL"):
        named = environ["LC_CTYPE"]
    if "utf" in named.lower():
        return encoding
    from console import terminal_link

    with terminal_link.link() as link:
        cells = link.widths(_TWO_BYTES) if link is not None else {}
    return "latin-1" if cells.get(_TWO_BYTES, 1) > 1 else encoding


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "") not in ("", "0")


def in_browser(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one in a browser, at the other end of standard input and output (`console.web`)."""
    return environ.get("TEXTUAL_DRIVER") == WEB_DRIVER


def is_there() -> bool:
    """Whether the terminal still exists: after a hang-up the descriptor is there and the terminal is not."""
    try:
        return os.isatty(sys.__stdin__.fileno()) if sys.__stdin__ else False
    except (OSError, ValueError):
        return False


def has_shell() -> bool:
    """Whether a shell that can continue stopped jobs started us: without one, who stops stays stopped."""
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the exit code when we are asked to end or the terminal hangs up.

    Without it a SIGTERM leaves the alternate screen, the hidden cursor and the mouse reports switched on.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, 128 + number)


def end_with_it(end: Callable[[int], None]) -> None:
    """Call `end` with the exit code when the terminal vanishes, and end the process if that does not end it.

    The kernel resumes what it hangs up (SIGCONT), upon which Textual starts a second writer; that one dies of the
    missing terminal and the event loop then waits for ever for room in its queue. So this is not left to the loop.
    """
    loop = asyncio.get_running_loop()

    def watch() -> None:
        while is_there():
            time.sleep(_LOOK)
        try:
            loop.call_soon_threadsafe(end, 128 + signal.SIGHUP)
        except RuntimeError:  # the loop is closed: we are ending already
            return
        time.sleep(_PATIENCE)
        os._exit(128 + signal.SIGHUP)

    threading.Thread(target=watch, name="terminal", daemon=True).start()
