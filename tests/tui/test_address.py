"""Addresses of views: what is written is understood again, whatever the names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.address import LISTS, PLAIN, SORTS, Address, AddressError, jobs_at, parse, plain_at, words
from console.tui.commands import likely, visit
from console.tui.present.states import TABS
from console.tui.screens.jobs import Jobs
from pantry_queue.errors import PantryError
from pantry_queue.monitor.query import QueryError
from tests.tui.support import console, press, settle

_names = st.one_of(st.text(min_size=1), st.sampled_from(["failed", "a b", '"', "func:x", "\ud83d", "\x1b[2J", "ocr"]))
_filters = st.sampled_from(["", "func:x", "failed", "queued or ocr", 'error:"time out" age>2h', '"a" b', "not (a)"])
_addresses = st.one_of(
    st.builds(jobs_at, st.sampled_from(TABS), st.none() | _names, _filters, st.sampled_from([None, True, False])),
    st.builds(Address, st.sampled_from(PLAIN)),
    st.sampled_from(
        [
            plain_at(place, name, sort)
            for place in PLAIN
            for name in ("", *LISTS.get(place, ()))
            for sort in ("", *SORTS.get(place, ()))
        ]
    ),
    st.builds(lambda where: Address("activity", state="events", where=where), _filters),
    st.builds(Address, st.sampled_from(["job", "why"]), name=_names),
    st.builds(lambda name: Address("workers", name=name), st.just("") | _names),
)


@given(_addresses)
def test_what_is_written_is_understood_again(address: Address) -> None:
    written = words(address)
    assert written.isprintable()
    assert parse(written) == address


@given(st.text() | st.builds(lambda rest: f"jobs {rest}", st.text()))
def test_any_text_is_an_address_or_one_sentence(text: str) -> None:
    said = None
    try:
        address = parse(text)
    except PantryError as error:
        said = str(error)
    if said is None:
        assert parse(words(address)) == address
    else:
        assert said.isprintable()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jobs", jobs_at("queued")),
        ("jobs failed", jobs_at("failed")),
        ("jobs ocr failed func:x age>2h", jobs_at("failed", "ocr", "func:x age>2h")),
        ("jobs failed oldest-first func:x", jobs_at("failed", None, "func:x", newest_first=False)),
        ("jobs func:x", jobs_at("queued", None, "func:x")),
        ('jobs "failed"', jobs_at("queued", "failed")),
        ("activity changes", Address("activity")),
        ("functions 1h by-runs", Address("functions")),
        ("functions by-failure-rate", Address("functions", sort="by-failure-rate")),
        ("activity events queue:ocr", Address("activity", state="events", where="queue:ocr")),
        ("queue webhooks:retry", jobs_at("queued", "webhooks:retry")),
    ],
)
def test_words_may_be_left_out(text: str, address: Address) -> None:
    assert parse(text) == address


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(AddressError, match="did you mean jobs"):
        parse("jbos failed")
    with pytest.raises(QueryError, match="no field foo"):
        parse("jobs failed foo:1")
    with pytest.raises(AddressError, match="takes at most one of due, cron, schedulers; leave out 'croon'"):
        parse("schedule croon")
    with pytest.raises(AddressError, match="leave out 'func:x'"):
        parse("activity trash func:x")
    with pytest.raises(AddressError, match=r"takes at most one of by-name, by-queued, .*; leave out 'queued'"):
        parse("overview queued")
    with pytest.raises(AddressError, match="failures takes no more words; leave out 'by-name'"):
        parse("failures by-name")
    with pytest.raises(AddressError, match="Say which job"):
        parse("job")


async def test_the_order_of_a_list_is_part_of_its_address() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "s")
        assert isinstance(app.screen, Jobs)
        turned = words(app.screen.view_address())
        assert turned == "jobs queued newest-first"
        await press(pilot, "s")
        assert words(app.screen.view_address()) == "jobs queued"
        await visit(app, parse(turned))
        assert words(app.screen.view_address()) == turned
    assert words(jobs_at("failed", None, "oldest-first x")) == 'jobs failed "oldest-first" x', "a filter, and no order"


async def test_how_queues_and_functions_are_sorted_is_part_of_their_address() -> None:
    app = console()

    def address() -> str:
        shown = app.console_screen()
        assert shown is not None
        return words(shown.view_address())

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "s")
        assert address() == "overview by-queued"
        await press(pilot, "8", "s", "left_square_bracket")
        assert address() == "functions 10m by-failures"
        for kept in ("overview", "functions", "overview by-failed", "functions 24h by-name"):
            await visit(app, parse(kept))
            assert address() == kept
        await press(pilot, "s")
        assert address() == "functions 24h", "the key goes on from what the address names"
    assert likely("functions 6h by-f", app.session) == ["functions 6h by-failures", "functions 6h by-failure-rate"]


async def test_what_was_taken_away_is_painted_no_more() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await visit(app, parse("job ocr-1"))
        shown = app.console_screen()
        assert shown is not None
        await app.pop_screen()
        shown.paint()  # an answer may come while the console is left
        assert app.console_screen() is not shown
