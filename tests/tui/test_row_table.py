"""The table and the text: what they show, what they repaint, where the cursor goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from console.tui.present.cells import Cell, Column, Row, Rows
from console.tui.themes import DARK, fallback_variables
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView, folded
from tests.tui.support import line_with, lines, press, settle

COLUMNS = (Column("NAME", 6, most=30), Column("VALUE", 6, align="right"), Column("NOTE", 4, rank=1, grow=1))


def row(name: str, value: object = "", tone: str = "") -> Row:
    return Row(name, (Cell(name), Cell(str(value), tone), Cell("")))


def rows(*names: str, **values: object) -> Rows:
    return Rows(tuple(row(name, values.get(name, "")) for name in names))


class Counting(RowTable):
    """Counts the lines it repaints."""

    repainted = 0

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Counting:
        self.repainted += len(regions) if regions else 1000
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class Stage(App[None]):
    """A table alone on the screen."""

    CSS = "RowTable { height: 1fr; }"

    def __init__(self, *, follow_top: bool = False) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self._follow_top = follow_top
        self.heard: list[tuple[str, str | None]] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return fallback_variables()

    def compose(self) -> ComposeResult:
        yield Counting(COLUMNS, follow_top=self._follow_top)

    @property
    def table(self) -> Counting:
        return self.query_one(Counting)

    def on_row_table_highlighted(self, event: RowTable.Highlighted) -> None:
        self.heard.append(("highlighted", event.key))

    def on_row_table_chosen(self, event: RowTable.Chosen) -> None:
        self.heard.append(("chosen", event.key))


NAMES = tuple(f"row-{number:03d}" for number in range(100))


async def test_it_shows_rows_under_a_header_and_cuts_what_is_too_long() -> None:
    app = Stage()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.show(rows("short", "a" * 50, short=12))
        await settle(pilot)
        assert lines(app)[0].split() == ["NAME", "VALUE", "NOTE"]
        assert lines(app)[1].startswith("❯ short")
        assert lines(app)[1].rstrip().endswith("12")
        assert "…" in lines(app)[2]
        assert all(len(line) == 40 for line in lines(app))


async def test_only_lines_that_differ_are_repainted() -> None:
    app = Stage()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(rows(*NAMES[:15]))
        await settle(pilot)
        app.table.repainted = 0
        app.table.show(rows(*NAMES[:15]))
        assert app.table.repainted == 0
        app.table.show(Rows(tuple(row(name, 7 if name == NAMES[4] else "") for name in NAMES[:15])))
        assert app.table.repainted == 1
        await settle(pilot)
        app.table.repainted = 0
        await press(pilot, "j")
        assert app.table.repainted == 2


async def test_growing_out_of_sight_repaints_nothing_but_the_scroll_bar() -> None:
    app = Stage()
    async with app.run_test(size=(60, 20)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        app.table.repainted = 0
        app.table.show(rows(*NAMES, "one-more"))
        assert app.table.repainted <= 2


async def test_the_cursor_stays_on_its_row_and_the_row_on_its_line() -> None:
    app = Stage()
    async with app.run_test(size=(60, 21)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        await press(pilot, *["pagedown"] * 2)
        key = app.table.cursor_key
        before = lines(app).index(line_with(app, f"❯ {key}"))
        app.table.show(rows(*(f"new-{number}" for number in range(7)), *NAMES[2:]))
        await settle(pilot)
        assert app.table.cursor_key == key
        assert lines(app).index(line_with(app, f"❯ {key}")) == before


async def test_a_row_that_is_gone_leaves_the_cursor_where_it_was() -> None:
    app = Stage()
    async with app.run_test(size=(60, 21)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        await press(pilot, "j", "j")
        app.table.show(rows(*NAMES[:2], *NAMES[3:]))
        await settle(pilot)
        assert app.table.cursor_key == NAMES[3]
        app.table.show(rows())
        await settle(pilot)
        assert app.table.cursor_key is None
        await press(pilot, "j", "k", "G", "g", "pagedown")


@pytest.mark.parametrize(("follow", "expected"), [(True, "new"), (False, NAMES[0])])
async def test_new_rows_at_the_head(follow: bool, expected: str) -> None:
    app = Stage(follow_top=follow)
    async with app.run_test(size=(60, 21)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        app.table.show(rows("new", *NAMES))
        await settle(pilot)
        assert app.table.cursor_key == expected
        # Once the cursor was moved it stays with its row in either case.
        await press(pilot, "j")
        key = app.table.cursor_key
        app.table.show(rows("newer", "new", *NAMES))
        await settle(pilot)
        assert app.table.cursor_key == key


async def test_messages_tell_where_the_cursor_is() -> None:
    app = Stage()
    async with app.run_test(size=(60, 21)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        await press(pilot, "j")
        app.table.show(rows(*NAMES))
        await settle(pilot)
        assert app.heard == [("highlighted", NAMES[0]), ("highlighted", NAMES[1])]
        await pilot.click(Counting, offset=(5, 4), times=2)
        await settle(pilot)
        assert app.heard[2:] == [("highlighted", NAMES[3]), ("chosen", NAMES[3])]


async def test_the_wheel_and_the_bar_scroll_without_moving_the_cursor() -> None:
    app = Stage()
    async with app.run_test(size=(60, 21)) as pilot:
        app.table.show(rows(*NAMES))
        await settle(pilot)
        app.table.post_message(_wheel())
        await settle(pilot)
        assert app.table.visible_range == (3, 23)
        assert app.table.cursor_key == NAMES[0]
        await pilot.click(Counting, offset=(59, 20))
        await settle(pilot)
        assert app.table.visible_range == (80, 100)


def _wheel() -> object:
    from textual import events

    return events.MouseScrollDown(None, 5, 5, 0, 1, 0, False, False, False)


@dataclass(frozen=True, eq=False)
class Million:
    """A million rows of which only some are here."""

    here: range
    asked: list[int] = field(default_factory=list)
    row_count: int = 1_000_000

    def rows(self, start: int, stop: int) -> Sequence[Row | None]:
        self.asked.append(stop - start)
        return [row(f"r{place}") if place in self.here else None for place in range(start, min(stop, self.row_count))]

    def index_of(self, key: str) -> int | None:
        place = int(key[1:])
        return place if place in self.here else None


async def test_a_million_rows_cost_what_is_visible() -> None:
    app = Stage()
    async with app.run_test(size=(60, 21)) as pilot:
        window = Million(range(100))
        app.table.show(window)
        await settle(pilot)
        await press(pilot, "G")
        assert "···" in lines(app)[-1]
        assert app.table.cursor_key is None
        arrived = Million(range(999_900, 1_000_000))
        app.table.show(arrived)
        await settle(pilot)
        assert app.table.cursor_key == "r999999"
        assert "r999999" in lines(app)[-1]
        assert max(window.asked + arrived.asked) <= 20


class Reader(App[None]):
    """A text alone on the screen."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return fallback_variables()

    def compose(self) -> ComposeResult:
        yield TextView()


async def test_text_is_wrapped_at_blanks_or_cut() -> None:
    app = Reader()
    async with app.run_test(size=(30, 10)) as pilot:
        view = app.query_one(TextView)
        long = "the quick brown fox jumps over the lazy dog"
        view.show([(Cell("name ", "muted"), Cell(long)), (Cell("^" * 60),), (Cell("日本" * 20),)])
        await settle(pilot)
        assert lines(app)[0].rstrip() == "name the quick brown fox"
        assert lines(app)[1].rstrip() == "  jumps over the lazy dog"
        # What points at something above it is cut and not wrapped.
        assert lines(app)[2].startswith("^" * 29)
        assert lines(app)[3].startswith("日本日本")
        view.show([(Cell("retries       ", "muted"), Cell(long)), (Cell("waits for     ", "muted"), Cell("i" * 25))])
        await settle(pilot)
        assert lines(app)[1].rstrip() == " " * 14 + "fox jumps over", "beside its name"
        assert lines(app)[4].strip() == "i" * 25, "a word that fits only there is whole"
        view.show([(Cell("name ", "muted"), Cell(long)), (Cell("^" * 60),)])
        view.wrap = False
        await settle(pilot)
        assert lines(app)[0].startswith("name the quick brown fox jump")
        assert "jumps over" not in lines(app)[1]


async def test_text_scrolls() -> None:
    app = Reader()
    async with app.run_test(size=(30, 10)) as pilot:
        view = app.query_one(TextView)
        view.show([(Cell(f"line {number}"),) for number in range(100)])
        view.focus()
        await settle(pilot)
        for key, first in (("j", 1), ("pagedown", 10), ("G", 90), ("k", 89), ("g", 0)):
            await press(pilot, key)
            assert lines(app)[0].startswith(f"line {first} ")
        view.show([(Cell("short"),)], from_top=True)
        await settle(pilot)
        assert lines(app)[0].startswith("short")


@given(st.lists(st.text(alphabet="ab 日e\u0301^-", max_size=40), max_size=6), st.integers(8, 40))
def test_folding_loses_nothing_but_blanks_and_never_overflows(texts: list[str], width: int) -> None:
    parts = folded(tuple(Cell(text) for text in texts), width)
    whole = "".join(texts)
    assert "".join(cell.text for part in parts for cell in part).replace(" ", "") == whole.replace(" ", "")
    if not set(whole) <= set("^- "):
        assert all(sum(cell_len(cell.text) for cell in part) <= width for part in parts)
