"""What the last line names, what the help adds to it, and what somebody is told who is here for the first time."""

from __future__ import annotations

import pytest

from console import first_run
from console.tui.keys import KEYS
from console.tui.widgets.text_view import TextView
from tests.tui.support import SIZES, console, lines, press, screen, settle

_PLACES = [key.display for key in KEYS if key.id.startswith("go.")]

#: Scopes whose keys only say that there is nothing they could do, or that only one tab of a screen has.
_SOMETIMES = ("mode", "why", "event", "due", "remedy")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_footer_names_help_places_and_what_is_most_used(size: tuple[int, int]) -> None:
    app = console()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys, wanted in (
            (("2", *["right_square_bracket"] * 2), ("R requeue", "D delete", "/ filter")),
            (("4",), ()),
        ):
            await press(pilot, *keys)
            foot = lines(app)[-1]
            assert foot.rstrip().endswith("? keys"), "at the same place everywhere"
            assert f"{_PLACES[0]}-{_PLACES[-1]} screens" in foot or all(f" {place} " in foot for place in _PLACES)
            assert "enter" in foot
            assert not [word for word in wanted if word not in foot]
        if size[0] >= 200:
            assert "2 Jobs" in lines(app)[-1]
        else:
            await pilot.click("#keys", offset=(lines(app)[-1].index(" screens"), 0))
            await settle(pilot)
            assert "Keys here" in screen(app)


async def test_the_help_tells_every_key_that_does_something() -> None:
    known = {binding for key in KEYS for binding in (key.id, f"{key.id}.back")}
    app = console()
    async with app.run_test(size=SIZES[2]) as pilot:
        await settle(pilot)
        for place in _PLACES:
            await press(pilot, place)
            bound = {str(active.binding.id) for active in app.screen.active_bindings.values() if active.enabled}
            await press(pilot, "question_mark")
            # All of it, also what has to be scrolled to.
            text = app.screen.query_one("#help-text", TextView).lines
            shown = "\n".join("".join(cell.text for cell in line) for line in text)
            await press(pilot, "question_mark")
            missing = [
                key.id
                for key in KEYS
                if bound & {key.id, f"{key.id}.back"}
                and key.scope not in _SOMETIMES
                and " ".join(key.what.split()[:3]) not in shown
            ]
            assert not missing, place
            strange = {one for one in bound - known if not one.startswith("act.") and one != "None"}
            assert not strange, place


async def test_a_word_for_who_is_here_for_the_first_time() -> None:
    app = console()
    app.session.hint = first_run.HINT
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        assert "New here: ? tells" in lines(app)[-2]
        await press(pilot, "question_mark", "question_mark")
        assert "New here: ? tells" not in screen(app)


def test_it_is_said_once(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PANTRY_CONFIG", str(tmp_path / "new" / "config.toml"))
    assert first_run.greeting() == first_run.HINT
    assert first_run.greeting() == ""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PANTRY_CONFIG", str(tmp_path / "file" / "config.toml"))
    assert first_run.greeting() == "", "what cannot be kept is not said again and again"
