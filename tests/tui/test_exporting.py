"""A list written to a file from the console: what the command line writes, whole or not at all."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rq import Queue
from textual.pilot import Pilot

from console.cli.app import run
from console.tui.app import ConsoleApp
from console.tui.exporting import ExportError, checked
from console.tui.terminal import Terminal
from pantry_queue.config import Settings
from tests.tui import tasks
from tests.tui.support import press, settle

if TYPE_CHECKING:
    from redis import Redis


async def export(pilot: Pilot[int], word: str, until: str, *, typed: bool = False) -> str:
    """Export, by words behind `:` if `typed`, and wait for what is told."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    told: list[str] = []
    app.tell = lambda sentence, **how: told.append(sentence)  # type: ignore[method-assign]
    if typed:
        await press(pilot, "colon")
        app.screen.query_one("#command-text").value = f"export {word}"  # type: ignore[attr-defined]
        await press(pilot, "enter")
    else:
        app.export(word)
    for _ in range(1000):
        if any(until in sentence for sentence in told):
            return told[-1]
        await pilot.pause(0.01)
    raise AssertionError(told)


async def test_what_is_written(
    live_console: Callable[..., ConsoleApp],
    redis_client: Redis,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue = Queue("emails", connection=redis_client)
    for number in range(250):
        queue.enqueue(tasks.add, number, b=1, description=f"=cmd|{number},\x1b[2J")
    Queue("other", connection=redis_client).enqueue(tasks.add, 1, b=1)
    monkeypatch.setenv("PANTRY_REDIS_URL", settings.redis_url or "")
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.go_to_jobs("queued", "emails", "func:add")
        for kind in ("csv", "jsonl"):
            file = tmp_path / f"all.{kind}"
            said = await export(pilot, str(file), "Wrote", typed=kind == "csv")
            assert said == f"Wrote 250 jobs to {file}."
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        first = json.loads((tmp_path / "all.jsonl").read_text().splitlines()[0])
        assert first["description"] == "=cmd|0,\\x1b[2J"
        before = file.read_bytes()
        assert "there is such a file" in await export(pilot, str(file), "Nothing was written")
        assert file.read_bytes() == before
        assert "No such file" in await export(pilot, f"{tmp_path}/none/x.csv", "Nothing was written")
        redis_client.execute_command("CLIENT", "PAUSE", 600, "ALL")
        app.export(str(tmp_path / "stopped.csv"))
        assert await export(pilot, "", "stopped") == "The export was stopped; nothing was written."
        assert sorted(one.name for one in tmp_path.iterdir()) == ["all.csv", "all.jsonl"]
        app.look = Terminal(restricted=True)
        assert "writes no files" in await export(pilot, "x.csv", "restricted")
        app.look = Terminal()
        await press(pilot, "1")
        assert "Only a list of jobs" in await export(pilot, "x.csv", "Only")
    for kind in ("csv", "jsonl"):
        capsys.readouterr()
        words = ["--state", "queued", "--queue", "emails", "--where", "func:add", "--oldest", "--format", kind]
        assert run(["export", *words]) == 0
        assert (tmp_path / f"all.{kind}").read_bytes().decode() == capsys.readouterr().out


def test_names_say_what_is_written() -> None:
    assert checked("") == ""
    with pytest.raises(ExportError, match=r"end with \.csv or \.jsonl"):
        checked("failed.xlsx")
