"""Several servers in one console, on real ones: each as it was left, none acted on in place of another. Saved views."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, ClassVar

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from textual.pilot import Pilot

from console import views
from console.tui import app as module
from console.tui.acting.actor import RedisActor
from console.tui.app import ConsoleApp
from console.tui.screens.command import CommandLine
from console.tui.screens.confirm import Confirm
from console.tui.source import Answer, Needs, RedisSource
from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.tui import tasks
from tests.tui.support import DARK, line_with, lines, press, screen, settle


@dataclass(frozen=True)
class Two:
    """Two servers with a failed job each, one of production in the config file."""

    first: Settings
    one: Redis
    two: Redis


@pytest.fixture
def two(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    """The config file names both, and some that do not answer."""
    server = embedded.start(tmp_path / "second")
    second = replace(Settings(), redis_url=server.url)
    clients = [connect(one) for one in (settings, second)]
    for client in clients:
        queue = Queue("emails", connection=client)
        for number in range(3):
            queue.enqueue(tasks.fail, "x", job_id=f"job-{number}")
        SimpleWorker([queue], connection=client, name="w").work(burst=True)
    path = server.url.partition("://")[2]
    file = tmp_path / "config.toml"
    file.write_text(
        f'[profiles.shop]\nurl = "{server.url}"\nproduction = true\n'
        f'[profiles.open]\nurl = "{server.url}"\n'
        '[profiles.away]\nurl = "redis://127.0.0.1:1/0"\n'
        f'[profiles.wrong]\nurl = "unix://nobody:pw-s3cret@{path}"\n'
    )
    file.chmod(0o600)
    monkeypatch.setenv("PANTRY_CONFIG", str(file))
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    yield Two(settings, *clients)
    for client in clients:
        client.close()
    server.stop()


class SlowActor(RedisActor):
    """Lets a test look at what happens while a plan is made."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def plan(self, *about: Any) -> Any:
        self.begun.set()
        await self.go_on.wait()
        return await super().plan(*about)


class Console(ConsoleApp):
    """Keeps what it told last."""

    # Textual looks for the files beside the class.
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(module.__file__).parent / name for name in ConsoleApp.CSS_PATH]
    told = ""

    def tell(self, sentence: str, **how: Any) -> None:
        self.told = sentence
        super().tell(sentence, **how)


def console(two: Two, **options: Any) -> Console:
    return Console(two.first, look=DARK, auto_refresh=False, **options)


async def command(pilot: Pilot[Any], text: str) -> None:
    """Type a line behind `:`."""
    await press(pilot, "colon")
    assert isinstance(pilot.app.screen, CommandLine)
    pilot.app.screen.query_one("#command-text").value = text  # type: ignore[attr-defined]
    await press(pilot, "enter")


async def test_each_server_is_found_as_it_was_left(two: Two) -> None:
    app = console(two, notice="begun here")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "space", "space")
        await command(pilot, "connect shop")
        top = lines(app)[0]
        assert "shop PROD" in top
        assert "[READ-ONLY]" in top
        assert "begun here" not in top
        assert "Jobs  ›" not in screen(app)
        await press(pilot, "2", "right_square_bracket", "ctrl+r")
        app.screen.query_one("#answer").value = "shop"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert "[READ-ONLY]" not in lines(app)[0]
        for name, said in (("away", "No Redis answers"), ("wrong", "refused the password"), ("-", "begun here")):
            app.told = ""
            await command(pilot, f"connect {name}")
            assert said in (app.told if name != "-" else lines(app)[0])
            assert "s3cret" not in app.told
            assert app.told.startswith("Still at shop. ") == (name != "-")
        assert "2 marked" in line_with(app, "Jobs  ›")
        assert "PROD" not in lines(app)[0]
        await command(pilot, "connect shop")
        assert "started" in line_with(app, "nothing is started")
        assert "[READ-ONLY]" not in lines(app)[0], "it stays unlocked for its five minutes"
        await command(pilot, "connect shop")
        assert app.told.startswith("That is the server shown here. Profiles: shop, open, away, wrong")
        await press(pilot, "question_mark")
        app.connect("-")
        await settle(pilot)
        assert app.told.startswith("Still at shop. unix://")
        assert "a dialog is open here" in app.told
        await press(pilot, "escape")
        assert "PROD" in lines(app)[0]
        await command(pilot, "connect nowhere")
        assert "There is no profile 'nowhere'" in screen(app)


async def test_what_was_asked_for_on_one_server_is_done_there_or_nowhere(two: Two) -> None:
    actor = SlowActor(two.first)
    app = console(two, actor=actor)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f")
        await pilot.press("R")
        await actor.begun.wait()
        connecting = app.connect
        connecting("open")
        for _ in range(500):
            await pilot.pause(0.01)
            if app.session.profile == "open" and app.session.snapshot is not None:
                break
        actor.go_on.set()
        await settle(pilot)
        assert "Nothing was done: the console showed another server" in app.told
        assert app.told.startswith("On unix://")
        assert not isinstance(app.screen, Confirm)
        assert [client.llen("rq:queue:emails") for client in (two.one, two.two)] == [0, 0]
        await press(pilot, "3", "f", "R", "enter")
        assert [client.llen("rq:queue:emails") for client in (two.one, two.two)] == [0, 1]
        assert two.two.xrevrange("pantry:audit", count=1)
        assert not two.one.exists("pantry:audit")
        await command(pilot, "connect -")
        await press(pilot, "u")
        assert "Nothing was done from here" in app.told
        assert [client.llen("rq:queue:emails") for client in (two.one, two.two)] == [0, 1]


class SlowSource(RedisSource):
    """Answers when a test lets it, once it is `held`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.held, self.go_on, self.done = False, threading.Event(), threading.Event()

    def read(self, needs: Needs) -> Answer:
        answer = super().read(needs)
        if self.held:
            assert self.go_on.wait(20)
            self.done.set()
        return answer


async def test_a_late_answer_of_one_server_is_not_taken_for_the_other(two: Two) -> None:
    source = SlowSource(two.first)
    app = console(two, source=source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        switch, shown = app.switch_mode, list[str | None]()

        async def switch_late(mode: str) -> None:
            """The answer comes in the middle of the change."""
            source.go_on.set()
            await asyncio.to_thread(source.done.wait, 20)
            await asyncio.sleep(0.05)
            shown.append(app.session.snapshot.target if app.session.snapshot else None)
            await switch(mode)

        app.switch_mode = switch_late  # type: ignore[method-assign, assignment]
        source.held = True
        app.ask(overview=True)
        app.connect("open")
        await settle(pilot)
        assert source.done.is_set()
        assert app.session.profile == "open"
        assert shown == [app.session.target]


async def test_read_only_that_was_asked_for_holds_everywhere(two: Two) -> None:
    app = console(two, always_read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await command(pilot, "connect open")
        assert app.session.profile == "open"
        assert app.session.cannot_write().startswith("This console is read-only")
        await command(pilot, "connect shop")
        await press(pilot, "ctrl+r")
        assert "stays so" in app.told


async def test_views_are_saved_opened_and_deleted(two: Two) -> None:
    app = console(two)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await command(pilot, "jobs emails failed func:fail")
        await press(pilot, "b")
        app.screen.query_one("#answer").value = "no good"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert "one word of letters" in screen(app)
        app.screen.query_one("#answer").value = "no"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert views.load() == {"no": "jobs emails failed func:fail"}
        await press(pilot, "1")
        await command(pilot, "save home")
        await command(pilot, "activity events queue:emails")
        await press(pilot, "y", "2")
        assert app.clipboard.endswith("view 'activity events queue:emails'")
        await command(pilot, "@no")
        assert "func:fail" in line_with(app, "Filter:")
        await press(pilot, "b", "down", "enter")
        assert app.current_mode == "overview"
        await press(pilot, "ctrl+k", *"@no", "enter")
        assert "func:fail" in line_with(app, "Filter:")
        await press(pilot, "b", "d")
        assert "it was: jobs emails failed func:fail" in app.told
        assert views.load() == {"home": "overview"}
        await press(pilot, "colon", "at")
        assert isinstance(app.screen, CommandLine)
        await press(pilot, "tab")
        assert app.screen.query_one("#command-text").value == "@home"  # type: ignore[attr-defined]
        await press(pilot, "escape")
        views.path().write_text('{"views": {"home": "nowhere"}}')
        await command(pilot, "@home")
        assert "is no view" in screen(app)
        views.path().write_text("{")
        await press(pilot, "escape", "b")
        assert "are no JSON" in app.told


def test_the_command_line_opens_saved_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from console.cli.app import run
    from console.cli.view import _complete

    monkeypatch.setenv("PANTRY_CONFIG", str(tmp_path / "config.toml"))
    views.save("night", "jobs ocr failed")
    views.save("odd", "nowhere")
    ends: Callable[[list[str]], tuple[int, str]] = lambda words: (run(words), capsys.readouterr().err)  # noqa: E731
    assert ends(["view", "@none"])[0] == 3
    code, said = ends(["view", "@odd"])
    assert code == 2
    assert "is no view" in said
    code, said = ends(["view", "@night"])  # understood; there is no terminal to draw on
    assert code == 2
    assert "needs a terminal" in said
    assert _complete("@n") == ["@night"]
    assert "jobs" in _complete("")
