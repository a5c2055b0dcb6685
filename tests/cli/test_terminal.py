"""What the terminal can do, found out from one that answers as it is told to; and a broken one put right."""

from __future__ import annotations

import json
import re
import sys

import pytest

from console.terminal_link import RESET
from console.tui.guard import DRAWN
from tests.cli.conftest import Done
from tests.cli.inside import cli as cli  # noqa: PLC0414 - a fixture
from tests.tui.ptykit import Pty

pytestmark = pytest.mark.timeout(60, method="signal")
_WHERE = "\x1b[6n"


class Answering(Pty):
    """A terminal that draws one glyph too wide and knows kitty's keyboard but no synchronized output."""

    def answer_until_it_ends(self) -> int:
        """Answer all questions; its exit code."""
        answered = 0
        while self.ended() is None:
            self.gather(0.02)
            asked = self.raw.decode("utf-8", "replace")
            questions = [match.start() for match in re.finditer(re.escape(_WHERE), asked)]
            for at in questions[answered:]:
                if asked[:at].endswith("\x1b[?u\x1b[?2026$p"):
                    self.send("\x1b[?1u\x1b[?2026;0$y")
                column = 3 if asked[:at].endswith("\r❯") else 2
                self.send(f"\x1b[7;{column}R")
            answered = len(questions)
        return self.wait_end()


def test_a_terminal_that_answers() -> None:
    env = {"TERM": "xterm-256color", "COLORTERM": "", "TMUX": "/tmp/x,1,0", "SSH_CONNECTION": "a 1 b 2"}
    terminal = Answering([sys.executable, "-m", "console", "terminal", "--json"], (90, 30), env)
    try:
        assert terminal.answer_until_it_ends() == 0
        found = json.loads(terminal.raw.decode()[terminal.raw.decode().index("{") :])
    finally:
        terminal.close()
    assert found["wide_glyphs"] == ["❯"]
    assert (found["kitty_keyboard"], found["synchronized_output"]) == (True, False)
    assert 0 < found["latency_ms"] < 5000
    assert (found["columns"], found["lines"]) == (90, 30)
    assert (found["depth"], found["theme"]) == ("256", "pantry-dark")
    assert (found["multiplexer"], found["ssh"], found["animations"]) == ("tmux", True, False)
    assert "❯" in DRAWN


def test_without_a_terminal(cli: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def none(path: str, *more: object) -> int:
        raise OSError(6, "No such device or address")

    for name in ("TMUX", "STY", "SSH_CONNECTION", "PANTRY_NO_OSC52"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "open", none)
    done: Done = cli("terminal", TERM="linux", COLORTERM="")  # type: ignore[operator]
    assert done.code == 0
    assert "standard: neither COLORTERM nor TERM names more" in done.out
    assert "\x1b" not in done.out
    found = cli("terminal", "--json", PANTRY_NO_OSC52="1").json()  # type: ignore[operator]
    assert found["terminal"] is found["clipboard"] is False
    assert found["latency_ms"] is found["kitty_keyboard"] is found["wide_glyphs"] is found["columns"] is None
    refused = cli("terminal", "--reset")  # type: ignore[operator]
    assert refused.code == 2
    assert "no terminal here" in refused.err
    assert cli("--no-color", "terminal", "--json", TERM="xterm").json()["no_color"]  # type: ignore[operator]


def test_a_broken_terminal_is_put_right() -> None:
    script = f"stty raw -echo -icrnl; {sys.executable} -m console terminal --reset; stty -a; echo after"
    terminal = Pty(["sh", "-c", script], (120, 40))
    try:
        terminal.wait_end()
        assert RESET.encode() in terminal.raw
        state = terminal.raw[terminal.raw.index(RESET.encode()) :].decode()
        assert all(re.search(rf"(?<!-)\b{flag}\b", state) for flag in ("icanon", "echo", "isig", "icrnl", "opost"))
        assert state.endswith("after\r\n")
    finally:
        terminal.close()
