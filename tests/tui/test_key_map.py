"""Keys of the operator's own: what they move, where they are shown, and what is refused before anything is drawn."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from console.tui.app import ConsoleApp
from console.tui.key_map import understood
from pantry_queue.config import Settings
from pantry_queue.errors import ConfigError
from tests.tui.ptykit import Pty
from tests.tui.support import DARK, FixedSource, lines, press, screen, settle


async def test_own_keys_do_it_and_are_shown() -> None:
    own = {"move": "down e", "queue.sort": "o", "go.jobs": "ctrl+f", "help": "f1", "queue.past": "s"}
    app = ConsoleApp(Settings(), source=FixedSource(), look=DARK, auto_refresh=False, own_keys=own)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)

        def cursor() -> int:
            return next(at for at, line in enumerate(lines(app)) if line.startswith("❯"))

        first = cursor()
        await press(pilot, "j")
        assert cursor() == first, "the key it had before does nothing"
        await press(pilot, "e")
        assert cursor() == first + 1
        assert "o sort" in lines(app)[-1]
        assert "f1 keys" in lines(app)[-1]
        await press(pilot, "f1")
        assert "Keys here" in screen(app)
        assert "e k" in screen(app)
        await press(pilot, "escape", "ctrl+f")
        assert app.current_mode == "jobs"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"queue.sort": "D"}, 'queue.sort = "D" clashes with delete, which changes Redis'),
        ({"queue.sort": "p"}, 'queue.sort = "p" clashes with pause (hold the picture, or go on)'),
        ({"refresh": "s"}, 'refresh = "s" clashes with queue.sort'),
        ({"queue.sort": "c"}, 'queue.sort = "c" clashes with queue.past'),
        ({"move.back": "g"}, 'move.back = "g" clashes with move.edge'),
        ({"queue.srot": "o"}, "did you mean queue.sort?"),
        ({"dialog.cancel": "x"}, "dialog.cancel is nothing that can have another key"),
        ({"queue.sort": "ctrl+m"}, "is no key every terminal has"),
        ({"queue.sort": "\x1b[31m"}, "is no key every terminal has"),
        ({"queue.sort": ""}, "should be its keys with blanks between"),
        ({"queue.sort": 5}, "should be its keys with blanks between"),
    ],
)
def test_what_cannot_be_is_refused_with_both_sides_named(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        understood(table)
    assert sentence in str(refused.value)
    assert str(refused.value).isprintable()


def test_what_is_never_shown_together_may_have_one_key() -> None:
    assert understood({"queue.sort": "o", "failures.list": "o"}) == {"queue.sort": ("o",), "failures.list": ("o",)}
    assert understood({"queue.sort": "c", "queue.past": "s"}), "they change places"


def test_the_config_file_is_where_they_stand(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    env = {"PANTRY_CONFIG": str(config), "PANTRY_REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    config.write_text('[keys]\n"queue.sort" = "p"\n')
    refused = Pty([sys.executable, "-m", "console"], env=env)
    try:
        assert refused.wait_end() == 2
        assert 'queue.sort = "p" clashes with pause' in refused.text
        assert b"\x1b[?1049h" not in refused.raw
    finally:
        refused.close()
    config.write_text('[keys]\nhelp = "f1"\n')
    taken = Pty([sys.executable, "-m", "console"], env=env)
    try:
        taken.wait("f1 keys")
    finally:
        taken.close()
