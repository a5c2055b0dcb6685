"""Pure: a traceback as an operator reads it: what went wrong first, one's own code before that of libraries."""

from __future__ import annotations

from collections.abc import Sequence

from console.tui.present.cells import Cell

_FRAME = '  File "'
#: Parts of a path that say a frame is not the operator's own code.
_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3", "<frozen ")
#: What Python draws below the part of a line that failed.
MARKERS = frozenset("^~- ")


def headline(traceback: Sequence[str]) -> str:
    """The line that says what went wrong."""
    return next((line for line in reversed(traceback) if line and not line[0].isspace()), "")


def error_lines(traceback: Sequence[str]) -> list[tuple[Cell, ...]]:
    """The headline, then the traceback with frames of libraries set back."""
    decisive = headline(traceback)
    lines: list[tuple[Cell, ...]] = []
    if len(traceback) > 1 and decisive:
        lines += [(Cell(decisive, "failed"),), ()]
    foreign = False
    for line in traceback:
        if line.startswith(_FRAME):
            foreign = any(part in line for part in _LIBRARIES)
        if foreign and set(line) <= MARKERS:
            continue
        lines.append((Cell(line, _tone(line, foreign)),))
    return lines


def own_frames(traceback: Sequence[str]) -> list[tuple[Cell, ...]]:
    """The frames of one's own code alone, the innermost first; all of them when there are none."""
    frames: list[list[tuple[Cell, ...]]] = []
    kept: list[list[tuple[Cell, ...]]] = []
    for line in traceback:
        if line.startswith(_FRAME):
            frames.append([])
            if not any(part in line for part in _LIBRARIES):
                kept.append(frames[-1])
        if frames and line[:1].isspace() and not set(line) <= MARKERS:
            frames[-1].append((Cell(line, "muted" if line.startswith(_FRAME) else ""),))
    return [line for frame in reversed(kept or frames) for line in frame]


def _tone(line: str, foreign: bool) -> str:
    if line and not line[0].isspace():
        return "muted" if line.startswith("Traceback (") or line.endswith(":") else "failed"
    if foreign:
        return "faint"
    if line.startswith(_FRAME):
        return "key"
    return "stopped" if set(line) <= MARKERS else ""
