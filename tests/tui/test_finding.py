"""Finding jobs in the console: the filter bar, a search that streams and stops, what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis
from rq import Queue

from console.cli.app import run
from console.tui.address import parse
from console.tui.app import ConsoleApp
from console.tui.finding import Found, SearchNeed
from console.tui.screens.jobs import Jobs
from console.tui.widgets.filter_bar import FilterBar, PlainInput
from pantry_queue.config import Settings
from tests.tui import tasks
from tests.tui.fixed import job_row
from tests.tui.support import DARK, FixedSource, console, line_with, lines, press, screen, settle


def _source(found: Found) -> FixedSource:
    source = FixedSource()
    source.others[SearchNeed] = found
    return source


async def test_a_filter_is_typed_completed_corrected_and_applied() -> None:
    source = _source(Found(tuple(job_row("queued", place) for place in (1, 2)), 3185, 3185, finished=True))
    app = console(source, with_past=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "slash", *"fu")
        assert "Filter:" in lines(app)[1]
        await press(pilot, "tab", *"send_mail", "space", *"foo:1")
        wrong = lines(app)[2]
        assert "there is no field foo" in wrong
        assert wrong.index("↑") == lines(app)[1].index("foo:1")
        await press(pilot, "enter")
        assert app.screen.query_one(FilterBar).has_class("-open"), "what cannot be understood is not looked for"
        await press(pilot, *["backspace"] * 6, "enter")
        assert isinstance(app.screen, Jobs)
        assert app.screen.filter_text == "func:send_mail"
        assert "2 hits" in lines(app)[1]
        assert "all 3,185 searched" in lines(app)[1]
        chosen = (await press(pilot, "asterisk"), app.screen.chosen())[1]
        assert chosen is not None
        assert chosen.selection.where == "func:send_mail"
        # Marks go first, then the filter, and the list is as before.
        await press(pilot, "escape", "escape")
        assert app.screen.filter_text == ""
        assert "1 of 3,185" in lines(app)[1]


async def test_an_unfinished_search_goes_on_until_it_is_stopped_and_the_cursor_stays() -> None:
    app = console(_source(Found((job_row("queued", 1),), 100, 3185)), with_past=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        jobs = app.screen
        assert isinstance(jobs, Jobs)
        jobs.look_at("queued", None, "func:send*")
        # It asks again and again, so it never settles.
        while "of 3,185" not in lines(app)[1]:
            await pilot.pause()
        assert "oldest 100 of 3,185 searched, esc stops" in lines(app)[1]
        await pilot.press("escape")
        await settle(pilot)
        assert "oldest 100 of 3,185 searched, stopped" in line_with(app, "1 hit")
        assert jobs.filter_text
        await press(pilot, "escape")
        assert not jobs.filter_text


async def test_pasted_control_characters_do_nothing() -> None:
    app = console(with_past=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "slash")
        app.screen.query_one(PlainInput).insert_text_at_cursor(
            "a\x1b]52;c;ZXZpbA==\x07\u202e[@click=app.quit]b[/]\x9b2J"
        )
        await settle(pilot)
        value = app.screen.query_one(PlainInput).value
        assert value.isprintable()
        assert "[@click=app.quit]" in screen(app)
        await press(pilot, "escape")
        assert "Filter:" not in screen(app)


async def test_real_jobs_are_found_as_they_are_read(
    live_console: Callable[..., ConsoleApp], redis_client: Redis
) -> None:
    queue = Queue("ocr", connection=redis_client)
    queue.enqueue_many([Queue.prepare_data(tasks.add, (place, place), job_id=f"job-{place}") for place in range(2500)])
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "slash", *"id:job-*77", "enter")
        wanted = [f"job-{place}" for place in range(2500) if f"{place}".endswith("77")]
        assert f"{len(wanted)} hits" in lines(app)[1]
        assert "all 2,500 searched" in lines(app)[1]
        assert all(f"{job} " in screen(app) for job in wanted[:20])
        await press(pilot, "right_square_bracket")
        assert "0 hits" in lines(app)[1], "the filter goes along to the next state"


async def test_a_command_goes_to_an_address_and_what_is_wrong_is_said() -> None:
    app = console(_source(Found((job_row("failed", 1),), 51, 51, finished=True)), with_past=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"jbos", "enter")
        assert "did you mean jobs?" in screen(app)
        await press(pilot, *["backspace"] * 4, *"jobs em", "tab", *" failed func:x", "enter")
        jobs = app.screen
        assert isinstance(jobs, Jobs)
        assert jobs.filter_text == "func:x"
        assert "emails" in lines(app)[1]
        assert "1 hit" in lines(app)[1]
        await press(pilot, "colon", *"theme pantry-light", "enter")
        assert app.theme == "pantry-light"
        await press(pilot, "colon", "up", "up")
        assert "jobs emails failed func:x" in screen(app)
        await press(pilot, "escape", "colon", *"quit", "enter")
    assert app.return_code == 0


async def test_the_console_opens_on_an_address() -> None:
    app = ConsoleApp(
        Settings(), source=FixedSource(), look=DARK, auto_refresh=False, start=parse("jobs exports failed")
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Jobs  ›  exports" in lines(app)[1]


def test_a_bad_address_is_one_sentence_and_exit_2(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["view", "jbos"]) == 2
    assert "did you mean jobs?" in " ".join(capfd.readouterr().err.split())
