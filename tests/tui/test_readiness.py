"""A reading may come between a screen's being asked for and its being made, which ended the console once."""

from __future__ import annotations

from console.tui.screens.jobs import Jobs
from console.tui.source import Answer, Needs

from .support import console, settle


async def test_a_screen_that_is_only_being_made_is_neither_asked_nor_filled() -> None:
    app = console()
    async with app.run_test() as pilot:
        await settle(pilot)
        waiting = app.push_screen(Jobs())
        assert isinstance(app.console_screen(), Jobs)
        assert not app.needs().also
        app.answered(Answer(Needs()))
        await waiting
        assert app.needs().also
