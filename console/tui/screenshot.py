"""Pictures of the real console, for the README: made without a terminal, from whatever the Redis given holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.tui.app import ConsoleApp
from console.tui.svg import tidied
from console.tui.terminal import Terminal
from console.tui.themes import DARK

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from console.tui.source import Source
    from pantry_queue.config import Settings

#: Readings before a picture is taken, so that rates and curves are there; the pause between two is `pace` seconds.
_READINGS = 2


def render_svg(
    settings: Settings,
    size: tuple[int, int] = (120, 40),
    keys: Sequence[str] = (),
    *,
    theme: str = DARK.name,
    notice: str | None = None,
    title: str = "pantry-console",
    watch_for: float = 0.0,
    source: Source | None = None,
) -> str:
    """One picture of the console as SVG.

    Args:
        settings: where Redis is.
        size: columns and lines.
        keys: pressed one after the other before the picture is taken, by Textual's names: `("3", "enter")` shows the
            newest failed job.
        theme: one of `console.tui.themes.THEMES` by name.
        notice: a word for the status line.
        title: what stands on the frame of the window.
        watch_for: seconds to watch first, so that rates and curves have something to show.
        source: where answers come from; Redis when left out.
    """
    return asyncio.run(_render(settings, size, keys, theme, notice, title, watch_for, source))


async def _render(
    settings: Settings,
    size: tuple[int, int],
    keys: Sequence[str],
    theme: str,
    notice: str | None,
    title: str,
    watch_for: float,
    source: Source | None,
) -> str:
    app = ConsoleApp(
        settings,
        notice=notice,
        source=source,
        look=Terminal(theme=theme, animations=False),
        auto_refresh=False,
    )
    async with app.run_test(size=size) as pilot:
        await _settle(pilot)
        for _ in range(max(_READINGS, round(watch_for))):
            await asyncio.sleep(1.0 if watch_for else 0.0)
            app.action_refresh_now()
            await _settle(pilot)
        for key in keys:
            await pilot.press(key)
            await _settle(pilot)
        return tidied(app.export_screenshot(title=title))


async def _settle(pilot: Pilot[int]) -> None:
    """Until what was asked for has been read and painted."""
    for _ in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
