"""Numbers as areas and blocks, always from zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.present.chart import area, blocks, ceiling, smoothed


def test_an_area_stands_on_zero() -> None:
    assert area([1, 2, 3, 4], 2, 1, 4) == ("⣠⣾",)
    assert area([4, 4, 4, 4], 2, 2, 8) == ("  ", "⣿⣿")


def test_a_flat_line_looks_flat() -> None:
    (top, *_) = area([990, 1000, 995, 990], 2, 4, 1000)
    assert top == "⣿⣿"


def test_hanging_down() -> None:
    assert area([1, 2, 3, 4], 2, 1, 4, down=True) == ("⠙⢿",)


def test_the_newest_is_at_the_right_end() -> None:
    assert area([4, 4], 3, 1, 4) == ("  ⣿",)
    assert area([9, 9, 0, 0], 1, 1, 9) == (" ",)


def test_what_is_there_is_seen_however_small() -> None:
    assert area([0.001, 1000], 1, 1, 1000) == ("⣸",)
    assert blocks([0, 1, 1000], 3) == " ▁█"


def test_blocks() -> None:
    assert blocks([1, 2, 4, 8], 4) == "▁▂▄█"
    assert blocks([5], 3) == "  █"
    assert blocks([], 3) == "   "
    assert blocks([0, 0], 2) == "  "


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (5.1, 10), (10, 10), (70, 100), (1234, 2000)]
)
def test_ceilings_are_round(value: float, top: float) -> None:
    assert ceiling(value) == top


def test_smoothing_is_a_mean_of_what_came_before() -> None:
    assert smoothed([0, 10, 20, 30], 2) == [0, 5, 15, 25]
    assert smoothed([], 5) == []


@given(
    st.lists(st.floats(-1, 10**9), max_size=100),
    st.integers(1, 40),
    st.integers(1, 12),
    st.floats(0, 10**9),
    st.booleans(),
)
def test_always_as_large_as_asked_for(values: list[float], width: int, height: int, top: float, down: bool) -> None:
    lines = area(values, width, height, top, down=down)
    assert len(lines) == height
    assert all(len(line) == width for line in lines)
    assert len(blocks(values, width)) == width
