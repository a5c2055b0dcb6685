"""Processor time of an idle console beside a 1 Hz system monitor: `python -m tests.benchmarks.tui_idle`.

The monitor is `htop` where it is installed, else `top`. The console shows the overview of twelve queues in which
nothing happens. Both run at the same time. Exits 1 when the console takes `LIMIT` percent of a processor or more.
"""

from __future__ import annotations

import shutil
import sys

from tests.benchmarks.consoles import LAST, cpu_seconds, deployment, running
from tests.benchmarks.private import server

#: Percent of one processor.
LIMIT = 3.0
SETTLED, SECONDS = 20, 40


def monitor() -> list[str]:
    """A system monitor that looks once a second."""
    if shutil.which("htop"):
        return ["htop", "-d", "10"]
    return ["top", "-s" if sys.platform == "darwin" else "-d", "1"]


def main() -> int:
    with server() as (settings, client):
        deployment(client)
        url, peer = str(settings.redis_url), monitor()
        with running(url) as console, running(url, program=peer) as other:
            console.wait(LAST)
            for pty in (console, other):
                pty.gather(SETTLED / 2)
            before = [cpu_seconds(pty.pid) for pty in (console, other)]
            # In turns, so that neither waits for room in its terminal.
            for _ in range(SECONDS * 5):
                for pty in (console, other):
                    pty.gather(0.1)
            used = [
                (cpu_seconds(pty.pid) - start) / SECONDS * 100
                for pty, start in zip((console, other), before, strict=True)
            ]
    print(f"console {used[0]:.2f} % of a processor (at most {LIMIT}), {peer[0]} {used[1]:.2f} %")
    print(f"  {used[0] / used[1]:.1f} times {peer[0]}" if used[1] else f"  {peer[0]} took nothing that can be measured")
    return 0 if used[0] < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
