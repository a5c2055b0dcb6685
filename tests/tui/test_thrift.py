"""Fewer bytes for the same picture: what a terminal shows, cell by cell, is compared."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style

from console.tui.thrift import thrifty

_BYTE = st.integers(0, 255)
_COLOUR = st.one_of(
    st.none(),
    st.builds(Color.from_ansi, _BYTE),
    st.builds(Color.from_rgb, st.sampled_from([0, 18, 255]), _BYTE, st.sampled_from([7, 26])),
    st.just(Color.default()),
)
_FLAG = st.sampled_from([None, True, False])
_STYLE = st.builds(
    lambda colour, ground, bold, dim, italic, underline, reverse, strike: Style(
        color=colour,
        bgcolor=ground,
        bold=bold,
        dim=dim,
        italic=italic,
        underline=underline,
        reverse=reverse,
        strike=strike,
    ),
    _COLOUR,
    _COLOUR,
    *[_FLAG] * 6,
)
_PIECES = st.lists(
    st.one_of(
        st.builds(lambda style, text: style.render(text), _STYLE, st.text("ab─ ", min_size=1, max_size=4)),
        st.builds(lambda row, column: f"\x1b[{row};{column}H", st.integers(1, 6), st.integers(1, 20)),
        st.sampled_from(["\r\n", "\x1b[?2026h", "\x1b[?2026l", "\x1b[K", "\x1b[0m", "plain", "\x1b[H\x1b[J"]),
    ),
    max_size=12,
)


def shown(*frames: str) -> object:
    """All cells with their styles, and the cursor."""
    screen = pyte.Screen(20, 6)
    stream = pyte.Stream(screen)
    for frame in frames:
        stream.feed(frame)
    cells = [screen.buffer[row][column] for row in range(6) for column in range(20)]
    return cells, screen.cursor.x, screen.cursor.y, screen.cursor.attrs


@given(st.lists(_PIECES, min_size=1, max_size=3))
def test_the_picture_is_the_same(frames: list[list[str]]) -> None:
    written = ["".join(pieces) for pieces in frames]
    assert shown(*map(thrifty, written)) == shown(*written)
    assert all(len(thrifty(frame)) <= len(frame) for frame in written)


def test_what_two_pieces_have_in_common_is_said_once() -> None:
    ground, faint = "48;2;18;21;26", "38;2;8;8;8"
    first = f"\x1b[1;38;2;9;9;9;{ground}ma"
    written = f"{first}\x1b[0m\x1b[{faint};{ground}mb\x1b[0m\r\n\x1b[4;1H\x1b[{faint};{ground}mc\x1b[0m"
    assert thrifty(written) == f"{first}\x1b[22;{faint}mb\r\n\x1b[4;1Hc\x1b[0m"


def test_what_is_not_understood_is_left_alone() -> None:
    for data in ("\x1b[38;9;1mx\x1b[0m", "\x1b[4:3mx", "\x1b[58;5;1mx\x1b[0m", "\x1b]52;c;YQ==\x07", "\x1b[>25u"):
        assert thrifty(data) == data
