"""Pure: each state of a job by glyph, word and tone, so that none of the three carries it alone.

Glyphs are of neutral East Asian width, so they take one cell everywhere; ASCII mode has its own.
"""

from __future__ import annotations

from typing import NamedTuple

from console.tui.present.cells import Cell


class Look(NamedTuple):
    """How a state looks; `ascii` replaces `glyph` where a terminal shows nothing else."""

    glyph: str
    ascii: str
    tone: str


LOOKS: dict[str, Look] = {
    "created": Look("◌", ",", "muted"),
    "queued": Look("◦", ".", "queued"),
    "ready": Look("◦", ".", "queued"),
    "intermediate": Look("◦", ".", "queued"),
    "started": Look("▸", ">", "started"),
    "finished": Look("✓", "+", "finished"),
    "failed": Look("✗", "x", "failed"),
    "stopped": Look("⊗", "#", "stopped"),
    "deferred": Look("⊘", "/", "waiting"),
    "rate_limited": Look("⧗", "%", "waiting"),
    "scheduled": Look("◷", "@", "scheduled"),
    "canceled": Look("-", "-", "canceled"),
}
_UNKNOWN = Look("?", "?", "warning")

#: The lists of jobs in the order an operator walks through them: what waits, runs, went wrong, then the rest.
TABS = ("queued", "started", "failed", "finished", "scheduled", "deferred", "canceled", "ready", "intermediate")
#: Lists that stay out of the way while they are empty.
RARE_TABS = ("ready", "intermediate")


def look(state: str) -> Look:
    """The look of a state, also of one no version of RQ has had so far."""
    return LOOKS.get(state, _UNKNOWN)


def state_cell(state: str) -> Cell:
    """Glyph and word of a state."""
    it = look(state)
    return Cell(f"{it.glyph} {state}", it.tone)


def number_cell(number: int, tone: str = "") -> Cell:
    """A count; none at all steps back."""
    return Cell("-", "faint") if number == 0 else Cell(f"{number:,}", tone)
