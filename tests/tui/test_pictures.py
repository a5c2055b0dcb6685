"""A few screens with their colours, as SVG: what the text of a golden cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.answers import source
from tests.tui.support import console, press, settle

PICTURES = {"overview": (), "failures": ("3",), "job": ("3", "f", "enter"), "light": ("t",)}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str, snap_compare: Callable[..., bool]) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *PICTURES[name])

    assert snap_compare(console(source()), terminal_size=(120, 40), run_before=before)
