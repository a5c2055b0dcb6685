"""`terminal`: what the terminal can do, a card of what the console draws with, and `--reset`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output
from pantry_queue.errors import ConfigError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.text import Text

#: From so many milliseconds on a key is felt to be late.
_SLOW_MS = 150.0
#: From so many milliseconds on that tmux waits behind Esc, leaving a dialog is felt to be late.
_SLOW_ESCAPE = 100
_MIN_SIZE = (60, 15)
#: What to do about it; in GNU screen it is the locale it was started in that counts.
_NO_UTF8 = (
    "The locale is no UTF-8, so lines and marks are drawn in ASCII: LANG=C.UTF-8 changes that.",
    "GNU screen takes no UTF-8 here, so lines and marks are drawn in ASCII: ctrl+a :utf8 on changes that.",
)
_FORCED = "TEXTUAL_COLOR_SYSTEM"
_WHY = {
    "truecolor": "COLORTERM says so",
    "256": "TERM ends with -256color; COLORTERM=truecolor would allow more",
    "standard": "neither COLORTERM nor TERM names more",
}


def terminal(
    reset: Annotated[
        bool, typer.Option("--reset", help="Put a terminal right that a program has left in a bad state.")
    ] = False,
    clipboard: Annotated[
        bool, typer.Option("--clipboard", help="Send a word to the terminal's clipboard, to see whether it arrives.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """What this terminal can do, and how the console draws on it."""
    if reset:
        _reset()
        return
    found = facts(os.environ)
    if as_json:
        output.document(found)
        return
    output.facts(_told(found))
    for hint in hints(found, os.environ):
        output.text(f"! {hint}")
    if sys.stdout.isatty():
        _card(found)
    if clipboard:
        _try_clipboard(found)


def _reset() -> None:
    from console import terminal_link

    if not terminal_link.put_right():
        raise ConfigError("There is no terminal here that could be put right: type it into the one that is broken.")
    output.note("The terminal is as a shell wants it again.")


def facts(environ: Mapping[str, str]) -> dict[str, Any]:
    """The document of `terminal --json`; what was not found out is None."""
    from console import terminal_link
    from console.tui.copying.clipboard import multiplexer
    from console.tui.guard import DRAWN
    from console.tui.terminal import Wishes, drawn_as, examine
    from console.tui.themes import ANSI, DARK

    encoding = drawn_as(environ, sys.__stderr__.encoding if sys.__stderr__ else None)
    look, (depth, why) = examine(environ, encoding, Wishes(no_color=not output.colour)), _depth(environ)
    few = look.no_color or depth in (None, "standard")
    with terminal_link.link() as link:
        delays = link.delays() if link is not None else []
        kitty, synchronized = link.features() if link is not None and delays else (None, None)
        widths = link.widths(DRAWN) if link is not None and delays and not look.ascii_only else {}
        columns, lines = shutil.get_terminal_size((0, 0)) if link is not None else (None, None)
    return {
        "terminal": link is not None,
        "term": safe(environ.get("TERM")) or None,
        "colorterm": safe(environ.get("COLORTERM")) or None,
        "depth": depth,
        "depth_reason": why,
        "no_color": look.no_color,
        "theme": look.theme or (ANSI.name if few else DARK.name),
        "encoding": encoding,
        "ascii_only": look.ascii_only,
        "columns": columns,
        "lines": lines,
        "multiplexer": multiplexer(environ) or None,
        "ssh": "SSH_CONNECTION" in environ,
        "animations": look.animations,
        "latency_ms": terminal_link.median_ms(delays),
        "kitty_keyboard": kitty,
        "synchronized_output": synchronized,
        "wide_glyphs": [char for char, width in widths.items() if width != 1] if widths else None,
        "clipboard": look.clipboard,
        "mouse": look.mouse,
        "restricted": look.restricted,
    }


def _depth(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """How many colours Textual will use, and why: it asks Rich, over a stream that is taken for a terminal."""
    from rich.console import Console

    asked = environ.get(_FORCED, "auto")
    if asked != "auto":
        return asked or None, f"{_FORCED} says so"
    depth = Console(force_terminal=True, _environ=environ).color_system
    return depth, _WHY.get(depth or "", "TERM says that it can show nothing but lines")


def _told(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    def answer(name: str) -> str:
        return {True: "yes", False: "no", None: "not known"}[found[name]]

    ms, wide = found["latency_ms"], found["wide_glyphs"]
    size = f"{found['columns']}x{found['lines']}" if found["terminal"] else "there is no terminal"
    glyphs = "not known" if wide is None else f"too wide: {' '.join(wide)}" if wide else "each takes one cell"
    return [
        ("TERM", found["term"] or "-"),
        ("COLORTERM", found["colorterm"] or "-"),
        ("colours", f"{found['depth'] or 'none'}: {found['depth_reason']}{'; none are used' * found['no_color']}"),
        ("theme", found["theme"]),
        ("encoding", f"{found['encoding'] or '-'}{', so plain ASCII is drawn' * found['ascii_only']}"),
        ("size", size),
        ("multiplexer", found["multiplexer"] or "none"),
        ("over SSH", answer("ssh")),
        ("answers after", ("it does not answer" if found["terminal"] else "-") if ms is None else f"{ms:.1f} ms"),
        ("kitty keyboard", answer("kitty_keyboard")),
        ("synchronized", answer("synchronized_output")),
        ("glyphs", glyphs),
        ("mouse", "yes" if found["mouse"] else "off; ctrl+o takes it"),
        ("clipboard", "by OSC 52; try it with --clipboard" if found["clipboard"] else "switched off"),
    ]


def hints(found: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """What would make it better, one sentence each."""
    said = []
    if found["ascii_only"] and "PANTRY_ASCII" not in environ:
        said.append(_NO_UTF8[found["multiplexer"] == "screen"])
    if found["depth"] == "256" and found["multiplexer"] == "tmux":
        said.append("tmux passes COLORTERM on with: set -ga update-environment COLORTERM")
    if found["terminal"] and (found["columns"] < _MIN_SIZE[0] or found["lines"] < _MIN_SIZE[1]):
        said.append(f"The console needs {_MIN_SIZE[0]}x{_MIN_SIZE[1]}: make the window larger.")
    if (found["latency_ms"] or 0) > _SLOW_MS:
        said.append("The line is slow: keys are shown late; the console sends only what changed, - reads less often.")
    if found["wide_glyphs"]:
        said.append("Columns will not stand below each other where those glyphs are: PANTRY_ASCII=1 draws without.")
    if found["multiplexer"] == "screen":
        said.append("GNU screen brings back what it showed before only when it is told: altscreen on")
        said.append("GNU screen keeps Esc back while the mouse is on, so it is off: ctrl+o takes it.")
    if found["multiplexer"] == "tmux":
        said += _of_tmux(found["clipboard"])
    return said


def _of_tmux(clipboard: bool) -> Iterator[str]:
    """What tmux is set to that gets in the way."""
    if clipboard and _tmux_option("set-clipboard") != "on":
        yield "tmux passes copied text on with: set -s set-clipboard on"
    delay = _tmux_option("escape-time")
    if delay.isdigit() and int(delay) > _SLOW_ESCAPE:
        yield f"tmux waits {delay} ms behind each Esc: set -s escape-time 20 (backspace goes back at once)"


def _tmux_option(name: str) -> str:
    """What an option of the tmux server is set to; empty when it does not tell."""
    try:
        told = subprocess.run(
            ["tmux", "show-options", "-sv", name], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()


def _card(found: Mapping[str, Any]) -> None:
    """States, tones and lines as the console draws them on this terminal."""
    from rich.console import Console
    from rich.text import Text

    from console.tui.present.states import LOOKS
    from console.tui.themes import THEMES

    theme = next((theme for theme in THEMES if theme.name == found["theme"]), THEMES[0])
    plain = found["ascii_only"]
    console = Console(no_color=found["no_color"], highlight=False, markup=False, emoji=False)
    console.print()
    for state, look in LOOKS.items():
        tone = "failed" if look.tone == "stopped" else look.tone
        colour = theme.variables.get(f"state-{tone}", theme.variables["muted"])
        console.print(_coloured(f"  {look.ascii if plain else look.glyph} {state:<14}", colour), end="")
        if state in ("intermediate", "stopped"):
            console.print()
    ramp = Text("\n  ")
    for step in range(0, 48):
        ramp.append("#" if plain else "█", f"rgb({step * 5},{min(255, 90 + step * 3)},{255 - step * 5})")
    console.print(ramp)
    console.print("  +--+  |  ....::::####" if plain else "  ╭──╮ ├─ └─ │  ⣀⣤⣶⣿  ░▒█  ❯ ↑ ↓ …")


def _coloured(text: str, colour: str) -> Text:
    from rich.text import Text

    return Text(text, colour.removeprefix("ansi_") if not colour.endswith("default") else "")


def _try_clipboard(found: Mapping[str, Any]) -> None:
    from console.tui.copying.clipboard import sequence

    if not found["clipboard"]:
        output.note("The clipboard is switched off (--no-osc52 or PANTRY_NO_OSC52): nothing was sent.")
    elif not found["terminal"]:
        output.note("There is no terminal here whose clipboard could be tried.")
    else:
        with open("/dev/tty", "w", encoding="ascii") as screen:
            screen.write(sequence("pantry-console was here", os.environ))
        output.note("Sent 'pantry-console was here' to the terminal's clipboard: paste it to see whether it arrived.")
