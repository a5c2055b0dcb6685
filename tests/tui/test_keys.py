"""One table of keys: everything in it works, nothing is bound twice, everything shown comes from it."""

from __future__ import annotations

from collections import Counter

import pytest

from console.tui.app import ConsoleApp
from console.tui.keys import GROUPS, KEYS, Scope, bindings, footer, help_sections, offered
from console.tui.screens.activity import Activity
from console.tui.screens.command import CommandLine
from console.tui.screens.confirm import Confirm
from console.tui.screens.copy_menu import CopyMenu
from console.tui.screens.doctor import Doctor
from console.tui.screens.edit import EditArguments
from console.tui.screens.enqueue import Enqueue
from console.tui.screens.failures import Failures
from console.tui.screens.functions import Functions
from console.tui.screens.help import Help
from console.tui.screens.job import JobScreen
from console.tui.screens.jobs import Jobs
from console.tui.screens.launch import Launch
from console.tui.screens.overview import Overview
from console.tui.screens.past import Past
from console.tui.screens.progress import ProgressScreen
from console.tui.screens.saved_views import SavedViews
from console.tui.screens.schedule import Schedule
from console.tui.screens.sure import Sure
from console.tui.screens.unlock import Unlock
from console.tui.screens.why import Why
from console.tui.screens.workers import Workers
from console.tui.widgets.choice import Choice
from console.tui.widgets.filter_bar import FilterBar
from console.tui.widgets.row_table import RowTable
from console.tui.widgets.text_view import TextView
from console.tui.widgets.tick import Tick
from tests.tui.support import console, line_with, lines, press, screen, settle

#: Who answers to the actions of a scope.
OWNERS: dict[Scope, tuple[type, ...]] = {
    "app": (ConsoleApp,),
    "mode": (Overview, Jobs, Failures, Workers, Schedule, Activity, Doctor, Functions),
    "detail": (JobScreen,),
    "rows": (RowTable,),
    "text": (TextView,),
    "overview": (Overview,),
    "jobs": (Jobs,),
    "filter": (FilterBar,),
    "command": (CommandLine,),
    "job": (JobScreen,),
    "past": (Past,),
    "failures": (Failures,),
    "workers": (Workers,),
    "schedule": (Schedule,),
    "due": (Schedule,),
    "activity": (Activity,),
    "event": (Activity,),
    "doctor": (Doctor,),
    "functions": (Functions,),
    "remedy": (Doctor, Why),
    "answer": (Why,),
    "why": (Jobs, JobScreen, Failures, Workers, Schedule, Activity, Functions),
    "help": (Help,),
    "marks": (RowTable,),
    "dialog": (Confirm, Launch, Sure, Unlock),
    "confirm": (Confirm,),
    "edit": (EditArguments,),
    "enqueue": (Enqueue,),
    "tick": (Tick,),
    "choice": (Choice,),
    "progress": (ProgressScreen,),
    "copy": (CopyMenu,),
    "views": (SavedViews,),
}
#: Keys classic terminals cannot tell from others, or that multiplexers and browsers keep for themselves.
_FORBIDDEN = {"ctrl+i", "ctrl+m", "ctrl+h", "ctrl+a", "ctrl+b", "ctrl+s", "ctrl+w", "ctrl+t", "ctrl+n"}


def actions(scope: Scope) -> list[str]:
    return [binding.action for binding in bindings(scope)]


@pytest.mark.parametrize("scope", OWNERS)
def test_every_action_exists(scope: Scope) -> None:
    for action in actions(scope):
        name = action.partition("(")[0]
        owners = (ConsoleApp,) if name.startswith("app.") else OWNERS[scope]
        assert all(hasattr(owner, f"action_{name.removeprefix('app.')}") for owner in owners), action


def test_ids_are_unique_and_scopes_and_groups_are_known() -> None:
    assert max(Counter(key.id for key in KEYS).values()) == 1
    assert {key.scope for key in KEYS} == set(OWNERS)
    assert {key.group for key in KEYS} <= set(GROUPS)
    assert all(key.what for key in KEYS)


@pytest.mark.parametrize(
    "scopes",
    [
        ("app", "mode", "overview", "rows"),
        ("app", "mode", "jobs", "rows", "why"),
        ("app", "detail", "job", "text", "why"),
        ("app", "mode", "failures", "rows"),
        ("app", "mode", "workers", "rows", "why"),
        ("app", "mode", "schedule", "due", "rows"),
        ("app", "mode", "activity", "event", "rows"),
        ("app", "mode", "doctor", "remedy", "rows"),
        ("app", "mode", "functions", "why", "rows"),
        ("app", "detail", "answer", "remedy", "why", "rows"),
        ("help", "text"),
    ],
)
def test_no_key_means_two_things_on_one_screen(scopes: tuple[Scope, ...]) -> None:
    keys = [key for scope in scopes for binding in bindings(scope) for key in binding.key.split(",")]
    assert [key for key, number in Counter(keys).items() if number > 1] == []
    assert not _FORBIDDEN & set(keys)


def test_looking_keys_are_lower_case() -> None:
    # Launching workers on this machine changes no key of Redis, so it is in no table of actions; a canary
    # is another way of what a dialog asks about.
    looking = [
        entry
        for entry in KEYS
        if entry.id not in ("worker.launch", "dialog.canary", "remedy", "why") and entry.scope != "confirm"
    ]
    shown = {key for entry in looking for key in entry.keys if len(key) == 1 and key.isalpha()}
    assert {key for key in shown if key.isupper()} <= {"G"}


def test_help_tells_every_key_of_the_screen() -> None:
    scopes: tuple[Scope, ...] = ("jobs", "rows", "mode", "app")
    told = [key.id for _, keys in help_sections(scopes) for key in keys]
    assert sorted(told) == sorted(key.id for key in KEYS if key.scope in scopes)
    assert {key.id for key in footer(scopes)} <= set(told)


def test_the_palette_offers_only_what_the_app_can_do() -> None:
    assert offered()
    assert all(key.scope == "app" for key in offered())


async def test_every_screen_says_in_its_footer_how_to_get_help() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for keys in (("1",), ("2",), ("3",), ("enter",), ("4",)):
            await press(pilot, *keys)
            assert "? keys" in lines(app)[-1]


async def test_a_click_on_the_footer_does_what_the_key_does() -> None:
    app = console()
    async with app.run_test(size=(200, 40)) as pilot:
        await settle(pilot)
        for label, shown in (("2 Jobs", "Jobs  ›"), ("? keys", "Keys here")):
            await pilot.click(offset=(lines(app)[-1].index(label) + 1, 39))
            await settle(pilot)
            assert shown in screen(app)
        await press(pilot, "question_mark")
        await pilot.click(offset=(lines(app)[2].index("failed") + 1, 2))
        await settle(pilot)
        assert " ✗ failed 55 " in lines(app)[2]
        await pilot.click(offset=(lines(app)[1].index("newest first") + 1, 1))
        await settle(pilot)
        assert "oldest first" in lines(app)[1]


async def test_escape_goes_back_one_step_and_never_quits() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "j", "enter", "enter", "question_mark")
        assert isinstance(app.screen, Help)
        await press(pilot, "escape")
        assert isinstance(app.screen, JobScreen)
        await press(pilot, "escape")
        assert "Jobs  ›  emails" in lines(app)[1]
        await press(pilot, "escape")
        assert "Jobs  ›  all queues" in lines(app)[1]
        await press(pilot, "escape", "escape", "escape")
        assert app.current_mode == "overview"
        assert app.is_running


async def test_pause_holds_the_picture_and_pace_changes_it() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        assert "PAUSED" in lines(app)[0]
        await press(pilot, "p", "minus")
        assert "live 2s" in lines(app)[0]
        await press(pilot, "plus", "plus", "plus")
        assert "live 500ms" in lines(app)[0]


async def test_sorting_the_queues() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        firsts = []
        for _ in range(4):
            header = next(place for place, line in enumerate(lines(app)) if "DRAINS IN" in line)
            firsts.append(lines(app)[header + 1].lstrip("❯ ").split()[0])
            await press(pilot, "s")
        # By name, queued, oldest, failed; the cursor stays on its queue meanwhile.
        assert firsts == ["critical", "exports", "exports", "emails"]
        assert "critical" in line_with(app, "❯")


async def test_themes_follow_each_other() -> None:
    app = console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        seen = [app.theme]
        for _ in range(3):
            await press(pilot, "t")
            seen.append(app.theme)
        assert seen == ["pantry-dark", "pantry-light", "pantry-ansi", "pantry-dark"]


async def test_quit_ends_the_console_with_0() -> None:
    app = console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("q")
        await pilot.pause()
    assert (app.return_code or 0) == 0
    assert not app.is_running
