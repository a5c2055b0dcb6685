"""What fits where: columns of a table, chips of a line, the visible part of a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.tui.present.cells import Chip, Column, chip
from console.tui.present.columns import layout
from console.tui.present.line import fitted
from console.tui.present.viewport import Viewport

COLUMNS = (Column("A", 5, most=20), Column("B", 4, rank=2), Column("C", 6, rank=1, grow=1), Column("D", 3, rank=3))


def widths(width: int, longest: tuple[int, ...] = (5, 4, 6, 3)) -> dict[str, int]:
    return {COLUMNS[place].label: size for place, size in layout(COLUMNS, longest, width, gap=1)}


def test_columns_of_the_highest_rank_go_first() -> None:
    assert set(widths(40)) == {"A", "B", "C", "D"}
    assert set(widths(20)) == {"A", "B", "C"}
    assert set(widths(15)) == {"A", "C"}
    assert set(widths(8)) == {"A"}
    assert set(widths(1)) == {"A"}


def test_a_column_gets_what_its_longest_text_wants() -> None:
    assert widths(40, (12, 4, 6, 3))["A"] == 12
    assert widths(60, (99, 4, 6, 3))["A"] == 20


def test_what_is_left_over_goes_to_the_one_that_grows() -> None:
    assert widths(60)["C"] == 60 - 5 - 4 - 3 - 3
    assert widths(60)["A"] == 5


def test_turn_says_who_comes_first() -> None:
    columns = (Column("A", 5, most=20, turn=9), Column("B", 5, most=20, rank=1))
    assert dict(layout(columns, (20, 20), 27, gap=2)) == {0: 5, 1: 20}


@given(
    st.lists(
        st.builds(
            Column,
            st.just("X"),
            st.integers(1, 30),
            most=st.integers(0, 60),
            rank=st.integers(0, 5),
            grow=st.integers(0, 3),
            turn=st.integers(0, 5),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 300),
    st.integers(1, 2),
    st.data(),
)
def test_never_wider_than_the_line(columns: list[Column], width: int, gap: int, data: st.DataObject) -> None:
    longest = [data.draw(st.integers(0, 80)) for _ in columns]
    placed = layout(columns, longest, width, gap)
    used = sum(size for _, size in placed) + gap * (len(placed) - 1)
    must = [place for place, column in enumerate(columns) if column.rank == 0]
    assert {place for place, _ in placed} >= set(must) or len(placed) == 1
    if any(columns[place].rank for place, _ in placed) and len(placed) > 1:
        assert used <= width
    assert [place for place, _ in placed] == sorted(place for place, _ in placed)
    assert all(size >= columns[place].width for place, size in placed)


def test_chips_of_the_highest_rank_go_first_and_whole() -> None:
    left, right = [chip("aaaa"), chip("bbbb", rank=2), chip("cccc", rank=2)], [chip("dddd", rank=1)]

    def shown(width: int) -> str:
        kept = fitted(left, right, width, len)
        return "".join(part.cells[0].text[0] for side in kept for part in side)

    assert shown(22) == "abcd"
    assert shown(21) == "abd"
    assert shown(15) == "ad"
    assert shown(9) == "a"
    assert shown(1) == "a"


@given(
    st.lists(st.builds(lambda text, rank: chip(text, rank=rank), st.text(max_size=20), st.integers(1, 9))),
    st.integers(0, 99),
)
def test_chips_that_may_go_never_overflow(chips: list[Chip], width: int) -> None:
    left, right = fitted(chips[::2], chips[1::2], width, len)
    kept = left + right
    assert sum(len(part.cells[0].text) for part in kept) + 2 * max(0, len(kept) - 1) <= max(width, 0) or not kept


class TestViewport:
    def test_moving_scrolls_only_at_the_edges(self) -> None:
        view = Viewport(count=100, height=10)
        view.move_to(9)
        assert (view.top, view.cursor) == (0, 9)
        view.move_to(10)
        assert (view.top, view.cursor) == (1, 10)
        view.move_to(5)
        assert (view.top, view.cursor) == (1, 5)
        view.move_to(10**9)
        assert (view.top, view.cursor) == (90, 99)

    def test_a_row_that_moves_stays_on_its_line(self) -> None:
        view = Viewport(count=100, height=10, top=20, cursor=25)
        view.replace(107, 32)
        assert (view.top, view.cursor) == (27, 32)
        view.replace(90, 15)
        assert (view.top, view.cursor) == (10, 15)

    def test_at_the_top_the_cursor_goes_down_with_its_row(self) -> None:
        view = Viewport(count=100, height=10, top=0, cursor=3)
        view.replace(102, 5)
        assert (view.top, view.cursor) == (0, 5)
        view.replace(120, 23)
        assert (view.top, view.cursor) == (14, 23)

    def test_fewer_rows_than_before(self) -> None:
        view = Viewport(count=100, height=10, top=80, cursor=85)
        view.replace(4, None)
        assert (view.top, view.cursor) == (0, 3)
        view.replace(0, None)
        assert (view.top, view.cursor) == (0, 0)

    def test_the_thumb_shows_ends_only_at_the_ends(self) -> None:
        view = Viewport(count=1_000_000, height=20)
        assert view.thumb() == range(1)
        view.scroll(1)
        assert view.thumb() == range(1, 2)
        view.scroll(10**9)
        assert view.thumb() == range(19, 20)
        view.scroll(-1)
        assert view.thumb() == range(18, 19)
        assert Viewport(count=5, height=20).thumb() == range(0)

    @given(
        st.integers(0, 500),
        st.integers(1, 60),
        st.lists(
            st.one_of(
                st.tuples(st.just("move"), st.integers(-10, 600)),
                st.tuples(st.just("scroll"), st.integers(-99, 99)),
                st.tuples(st.just("resize"), st.integers(0, 99)),
                st.tuples(st.just("replace"), st.integers(0, 500)),
            )
        ),
    )
    def test_never_out_of_the_list(self, count: int, height: int, steps: list[tuple[str, int]]) -> None:
        view = Viewport(count=count, height=height)
        for step, value in steps:
            if step == "replace":
                view.replace(value, (value * 7) % (value + 1) if value else None)
            else:
                {"move": view.move_to, "scroll": view.scroll, "resize": view.resize}[step](value)
            assert 0 <= view.cursor < max(1, view.count)
            assert 0 <= view.top <= max(0, view.count - view.height)
            assert all(0 <= line < view.height for line in view.thumb())
