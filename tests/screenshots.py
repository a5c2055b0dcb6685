"""Pictures for README and docs, made by the real console over a running demo: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from console import demo
from console.stack import Stack
from console.tui.screenshot import render_svg
from pantry_queue.config import Settings

_OUT = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
_GOOD_SAMPLES = 60
#: Receipts come in while the first picture is watched: a little faster than they are read, for a while.
_FIRST, _PAUSE_SECONDS = 10, 0.7


def main() -> int:
    """Draw receipts, have them read, and take the pictures while that goes on and after it."""
    _OUT.mkdir(parents=True, exist_ok=True)
    # A short, nameless place: its path is seen in the pictures.
    with tempfile.TemporaryDirectory(prefix="pantry-") as name:
        folder = Path(name)
        known = demo.draw(folder / "samples", _GOOD_SAMPLES)
        store_url = f"sqlite:///{folder / 'receipts.db'}"
        with Stack(folder, {"DATABASE_URL": store_url, "IMAGE_ROOTS": str(folder / "samples")}) as stack:
            server = stack.start_valkey()
            stack.environment["AGENT_URL"] = stack.start_agent(*demo.agent_command(known.values()))
            stack.start_workers(2)
            settings = replace(Settings(), redis_url=server.url, database_url=store_url)
            receipts = demo.DemoReceipts(known, settings)
            handing_in = threading.Thread(target=_hand_in, args=(receipts,))
            handing_in.start()
            _take("overview", settings, (), watch_for=55.0)
            handing_in.join()
            receipts.wait(stack, lambda line: print(line, file=sys.stderr))
            finished = ("2", *["right_square_bracket"] * 3)
            _take("jobs", settings, finished)
            # Not the failed one: its traceback would show where this checkout lies.
            _take("job", settings, (*finished, "enter"))
            _take("failures", settings, ("3",))
            _take("workers", settings, ("4",))
            _take("doctor", settings, ("7",))
            # The dialog is asked for and left alone: nothing is deleted.
            _take("confirmation", settings, (*finished, "space", "space", "space", "D"))
    return 0


def _hand_in(receipts: demo.DemoReceipts) -> None:
    known = list(receipts.known)
    receipts.enqueue(known[:_FIRST])
    for path in known[_FIRST:]:
        time.sleep(_PAUSE_SECONDS)
        receipts.enqueue([path])


def _take(name: str, settings: Settings, keys: Sequence[str], watch_for: float = 2.0) -> None:
    path = _OUT / f"{name}.svg"
    path.write_text(render_svg(settings, keys=keys, watch_for=watch_for) + "\n")
    print(path.relative_to(_OUT.parents[1]))


if __name__ == "__main__":
    sys.exit(main())
