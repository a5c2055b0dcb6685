"""How soon the console is there, against the least app Textual can show: `python -m tests.benchmarks.tui_start`.

Both start in a terminal of 120x40, in turns: to the first frame of each, and to the first data of the console, which
it reads from a server with some queues. Prints medians and ratios; exits 1 when a ratio is worse than promised.
"""

from __future__ import annotations

import statistics
import sys
import time

from tests.benchmarks.consoles import LAST, PROGRAM, deployment, running
from tests.benchmarks.private import server

LEAST = """
from textual.app import App
from textual.widgets import Static
class Least(App):
    def compose(self):
        yield Static("hello")
Least().run()
"""
ROUNDS = 9
#: Times the least app's first frame.
FRAME, DATA = 2.6, 3.4


def main() -> int:
    least: list[float] = []
    frame: list[float] = []
    data: list[float] = []
    with server() as (settings, client):
        deployment(client)
        url = str(settings.redis_url)
        for _ in range(ROUNDS):
            began = time.monotonic()
            with running(url, program=(sys.executable, "-c", LEAST)) as pty:
                pty.wait("hello")
                least.append(time.monotonic() - began)
            began = time.monotonic()
            with running(url, program=PROGRAM) as pty:
                pty.wait("pantry")
                frame.append(time.monotonic() - began)
                pty.wait(LAST)
                data.append(time.monotonic() - began)
    peer, first, shown = (statistics.median(found) for found in (least, frame, data))
    print(f"Textual's least app   {peer * 1000:>6.0f} ms to its first frame; median of {ROUNDS}")
    print(f"console, first frame  {first * 1000:>6.0f} ms  {first / peer:.2f}x (at most {FRAME})")
    print(f"console, first data   {shown * 1000:>6.0f} ms  {shown / peer:.2f}x (at most {DATA})")
    return 0 if first / peer <= FRAME and shown / peer <= DATA else 1


if __name__ == "__main__":
    sys.exit(main())
