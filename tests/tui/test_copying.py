"""What is taken out of the console: by the terminal's clipboard, as text to select, into files and programs."""

from __future__ import annotations

import base64
import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Queue

from console.tui.address import parse
from console.tui.copying import clipboard, texts
from console.tui.screens.write_file import write
from console.tui.terminal import examine
from pantry_queue.config import Settings
from pantry_queue.control.plan import Selection
from tests.tui import tasks
from tests.tui.ptykit import Pty
from tests.tui.support import FixedSource, console, press, screen, settle
from tests.tui.test_hostile import HOSTILE, HostileSource, safe

_JOB = "0d1e-4f5b-9f0a-77d1c0b1e2aa"
_OSC52 = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


async def test_every_screen_has_something_to_copy_and_the_command_leads_back(tmp_path: Path) -> None:
    app = console()
    app.session.options = ("--profile", "prod")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for keys, command in (
            ((), "overview"),
            (("4", "j"), "'workers web-2.4101'"),
        ):
            await press(pilot, *keys, "y", "2")
            assert app.clipboard == f"pantry-console --profile prod view {command}"
        await press(pilot, "3", "f", "enter", "y")
        shown = screen(app)
        assert all(name in shown for name in ("id", "command", "JSON", "traceback", "call"))
        await press(pilot, "enter")
        assert app.clipboard == "ocr-1042"
        await press(pilot, "y", "j", "j", "y")
        assert json.loads(app.clipboard)["kwargs"]["api_token"] == "***"
        await press(pilot, "y", "4")
        assert app.clipboard.startswith("Traceback (most recent call last):\n  File ")
        file = tmp_path / "kept.txt"
        await press(pilot, "y", "j", "w")
        app.screen.query_one("#answer").value = str(file)  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert file.read_text() == "pantry-console --profile prod view 'job ocr-1042'\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write(file, texts.copyable("x", "x"))


async def test_marked_jobs_are_copied_together_and_too_much_is_not_sent() -> None:
    source = FixedSource()
    app = console(source)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "space", "space", "y", "1")
        assert app.clipboard.split("\n") == ["ocr-1042", f"9e3779b1-{_JOB}"]
        await press(pilot, "y", "3")
        rows = [json.loads(line) for line in app.clipboard.split("\n")]
        assert [row["state"] for row in rows] == ["failed", "failed"]
        detail = source.detail
        source.detail = lambda row: replace(detail(row), log=(safe("x" * 499),) * 300)  # type: ignore[type-var]
        await press(pilot, "backslash", "r", "enter", "y", "6")
        assert "nothing was sent" in screen(app)
        assert len(app.clipboard) < 1000


async def test_nothing_hostile_is_copied() -> None:
    evil = safe("".join(HOSTILE[:4] + HOSTILE[8:11]))
    app = console(HostileSource(evil))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f", "y", "3")
        assert json.loads(app.clipboard)["func"] == evil
        assert all(char.isprintable() or char == "\n" for char in app.clipboard)
    one = texts.copyable("x", "".join(HOSTILE), "../../" + "".join(HOSTILE))
    assert all(char.isprintable() or char == "\n" for char in one.body)
    assert re.fullmatch(r"[\w.-]+", one.file)
    assert not one.file.startswith(".")
    (command,) = texts.ids(Selection(ids=("a\x1b]52;c;x\x07\nb",)))
    assert command.body == "a\\x1b]52;c;x\\x07\\nb"


@pytest.mark.parametrize("address", ["jobs ocr failed func:'a b'", 'queue "a\\nb"', "job x", "overview"])
def test_the_command_is_read_back_as_the_same_view(address: str) -> None:
    import shlex

    wanted = parse(address)
    *_, view, word = shlex.split(texts.command(("--url", "redis://h/1"), wanted).body)
    assert view == "view"
    assert parse(word) == wanted


def test_gnu_screen_gets_it_in_pieces_it_passes_on() -> None:
    text = "é" * 1000
    sent = clipboard.sequence(text, {"STY": "1.pts"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL)
    assert max(map(len, pieces)) < 256
    found = _OSC52.fullmatch("".join(pieces).encode())
    assert found is not None
    assert base64.b64decode(found[1]).decode() == text


def test_a_restricted_console_keeps_to_itself() -> None:
    app = console()
    app.look = examine({"PANTRY_RESTRICTED": "1", "PANTRY_NO_OSC52": "1"}, "utf-8")
    assert app.ways() == ["select"]


def comes_back(pty: Pty) -> None:
    """Until the console has its terminal again and hears keys; it hides the cursor when it does."""
    pty.wait(lambda _: pty.raw.rindex(b"\x1b[?25l") > pty.raw.rindex(b"\x1b[?25h"))


def asks_what(pty: Pty) -> None:
    """Open the list of what can be copied, once an earlier one is gone."""
    pty.wait(lambda text: "BEGINS WITH" not in text)
    pty.send("y")
    pty.wait("BEGINS WITH")


@pytest.mark.timeout(90, method="signal")
def test_the_terminal_gets_the_text_and_is_lent(settings: Settings, redis_client: object, tmp_path: Path) -> None:
    import sys

    Queue("emails", connection=redis_client).enqueue(tasks.add, "\x1b]52;c;ZXZpbA==\x07", b=1, job_id="one")
    editor = tmp_path / "editor"
    changes = """sed -i.bak 's/"b": 1/"b": 2/' "$1\""""
    editor.write_text(
        f'#!/bin/sh\ncp "$1" {tmp_path}/seen; echo "$1" > {tmp_path}/where; {changes}; echo edits with $0; read line\n'
    )
    editor.chmod(0o755)
    pager = tmp_path / "pager"
    pager.write_bytes(b"\x7fnothing that runs")
    pager.chmod(0o755)
    env = {"PANTRY_REDIS_URL": settings.redis_url or "", "PAGER": str(pager), "EDITOR": str(editor)}
    pty = Pty([sys.executable, "-m", "console", "--no-mouse", "view", "job", "one"], (120, 40), env)
    try:
        pty.wait("Facts")
        asks_what(pty)
        pty.send("\r")
        pty.wait("was sent to the terminal's clipboard")
        assert [base64.b64decode(one) for one in _OSC52.findall(pty.raw)] == [b"one"]
        asks_what(pty)
        pty.send("jjs")
        pty.wait(lambda _: b"enter goes back" in pty.raw and pty.raw.endswith(b"--\r\n"))
        assert pty.raw.rindex(b"\x1b[?1049l") < pty.raw.rindex(b'"tests.tui.tasks.add"')
        assert b"\x1b[?1003h" not in pty.raw
        pty.send("\r")
        comes_back(pty)
        pty.send("o")
        pty.wait("That could not be run")
        comes_back(pty)
        asks_what(pty)
        pty.send("jje")
        pty.wait("edits with")
        pty.send("\x03\r")  # Ctrl-C is the editor's, and does not end the console
        copy = Path((tmp_path / "where").read_text().strip())
        comes_back(pty)
        pty.wait(lambda _: not copy.exists())  # the editor's copy goes when the editor has
        assert json.loads((tmp_path / "seen").read_text())["id"] == "one"
        # The arguments of a copy, too: what the editor leaves is shown as what differs before anything is done.
        pty.send("Y")
        pty.wait("Copy 1 job as new?")
        pty.gather(0.4)  # the quarter of a second in which no dialog listens to keys typed ahead
        pty.send("A")
        pty.wait("Arguments of the copy")
        pty.send("\x1bOS")  # F4
        pty.wait("edits with")
        pty.send("\r")
        comes_back(pty)
        pty.wait('+     "b": 2')
        pty.send("\x1b")
        pty.wait(lambda text: "Arguments of the copy" not in text)
        pty.send("\x1b")
        pty.wait(lambda text: "as new?" not in text)
        pty.send("\x0f")
        pty.wait("Mouse on")
        assert b"\x1b[?1003l" not in pty.raw[pty.raw.rindex(b"\x1b[?1003h") :]
        pty.send("\x0f")
        pty.wait("Mouse off")
        assert b"\x1b[?1003l" in pty.raw[pty.raw.rindex(b"\x1b[?1003h") :]
        pty.send("\x11")
        assert pty.wait_end() == 0
        assert [base64.b64decode(one) for one in _OSC52.findall(pty.raw)] == [b"one"]
    finally:
        pty.close()
