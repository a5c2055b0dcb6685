"""Colours: dark, light, and the terminal's own sixteen.

The colours of states were searched for so that any two stay apart for people with any colour blindness (smallest
CIEDE2000 distance 20 in dark, 16 in light) at a contrast of 4.5:1 or more; lightness does the separating.
"""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme


def _scrollbars(background: str, bar: str, grip: str) -> dict[str, str]:
    """Scrollbars that keep to themselves."""
    track = {f"scrollbar-background{state}": background for state in ("", "-hover", "-active")}
    bars = {"scrollbar": bar, "scrollbar-hover": grip, "scrollbar-active": grip}
    return {**track, "scrollbar-corner-color": background, **bars}


_DARK = {
    **_scrollbars("#12151a", "#3a414b", "#8b929c"),
    "state-queued": "#a0a0a0",
    "state-started": "#3f97ff",
    "state-finished": "#cefde6",
    "state-failed": "#f0662a",
    "state-waiting": "#fdfc77",
    "state-scheduled": "#e8b4fc",
    "muted": "#8b929c",
    "faint": "#4a515b",
    "trend": "#6a7380",
    "rate-out": "#6fc3a0",
    "rate-in": "#3b7fd6",
    "key": "#6cb8ff",
    "badge": "#f2c14e",
    "badge-text": "#14171c",
    "tab": "#2c5f9e",
    "tab-text": "#ffffff",
    "alarm": "#d3540f",
    "alarm-text": "#ffffff",
    "header": "#1b2028",
    "cursor": "#22405f",
    "cursor-blurred": "#1e242d",
}
_LIGHT = {
    **_scrollbars("#fafbfc", "#c3c9d2", "#5d6470"),
    "state-queued": "#606060",
    "state-started": "#1660a1",
    "state-finished": "#0d5a3c",
    "state-failed": "#a83a03",
    "state-waiting": "#7d610b",
    "state-scheduled": "#5a189a",
    "muted": "#5d6470",
    "faint": "#b3b9c2",
    "trend": "#8b94a1",
    "rate-out": "#2e8b63",
    "rate-in": "#4a8fd0",
    "key": "#0b5cad",
    "badge": "#8a5a00",
    "badge-text": "#ffffff",
    "tab": "#1660a1",
    "tab-text": "#ffffff",
    "alarm": "#a83a03",
    "alarm-text": "#ffffff",
    "header": "#e3e7ed",
    "cursor": "#c5dcf5",
    "cursor-blurred": "#e6ebf2",
}
_ANSI = {
    "state-queued": "ansi_default",
    "state-started": "ansi_bright_cyan",
    "state-finished": "ansi_bright_green",
    "state-failed": "ansi_bright_red",
    "state-waiting": "ansi_bright_yellow",
    "state-scheduled": "ansi_bright_magenta",
    "muted": "ansi_white",
    "faint": "ansi_bright_black",
    "trend": "ansi_bright_black",
    "rate-out": "ansi_green",
    "rate-in": "ansi_cyan",
    "key": "ansi_bright_cyan",
    "badge": "ansi_yellow",
    "badge-text": "ansi_black",
    "tab": "ansi_blue",
    "tab-text": "ansi_bright_white",
    "alarm": "ansi_red",
    "alarm-text": "ansi_bright_white",
    "header": "ansi_default",
    "cursor": "ansi_default",
    "cursor-blurred": "ansi_default",
}

DARK = Theme(
    name="pantry-dark",
    primary="#6cb8ff",
    secondary="#3f97ff",
    accent="#f2c14e",
    warning="#fdfc77",
    error="#f0662a",
    success="#cefde6",
    foreground="#d8dde4",
    background="#12151a",
    surface="#161a20",
    panel="#1b2028",
    dark=True,
    variables=_DARK,
)
LIGHT = Theme(
    name="pantry-light",
    primary="#0b5cad",
    secondary="#1660a1",
    accent="#8a5a00",
    warning="#7d610b",
    error="#a83a03",
    success="#0d5a3c",
    foreground="#1d2126",
    background="#fafbfc",
    surface="#f3f5f8",
    panel="#e3e7ed",
    dark=False,
    variables=_LIGHT,
)
# Derived, because a hand-made ANSI theme lacks variables Textual needs; bright colours, since plain blue and red are
# unreadable on black in the palettes terminals come with.
ANSI = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="pantry-ansi",
    primary="ansi_bright_cyan",
    accent="ansi_bright_yellow",
    warning="ansi_bright_yellow",
    error="ansi_bright_red",
    success="ansi_bright_green",
    variables={**BUILTIN_THEMES["ansi-dark"].variables, **_ANSI},
)
THEMES: tuple[Theme, ...] = (DARK, LIGHT, ANSI)


def fallback_variables() -> dict[str, str]:
    """Our variables for a theme that does not know them, Textual's own for example."""
    return dict(_DARK)
