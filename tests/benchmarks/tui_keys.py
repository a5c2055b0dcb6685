"""From a key to what it does on the screen, over a line of 8 KB/s: `python -m tests.benchmarks.tui_keys`.

The cursor goes up and down in the overview and in the list of jobs of a deployment in which every second two queues
change, so that keys have to share the line with what is painted anyway. Exits 1 when the median of either is `LIMIT`
or more.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable

from tests.benchmarks.consoles import LAST, SlowPty, deployment, running
from tests.benchmarks.private import server
from tests.tui.ptykit import Pty

#: Milliseconds.
LIMIT = 300
KEYS = 30
POINTER = "❯"


def cursor(text: str) -> int:
    """The line the cursor is on."""
    return next(number for number, line in enumerate(text.split("\n")) if line.startswith(POINTER))


def delays(pty: Pty) -> list[float]:
    """Milliseconds from each key to the cursor on another line."""
    dice, found = random.Random(3), []
    for number in range(KEYS):
        pty.gather(dice.uniform(0.2, 1.2))
        before = cursor(pty.text)
        pressed = time.monotonic()
        pty.send("j" if number % 2 == 0 else "k")
        pty.wait(_moved(before))
        found.append((time.monotonic() - pressed) * 1000)
    return found


def _moved(before: int) -> Callable[[str], bool]:
    return lambda text: POINTER in text and cursor(text) != before


def main() -> int:
    worst = 0.0
    with server() as (settings, client):
        queues = deployment(client)
        over = threading.Event()

        def keep_changing() -> None:
            number = 0
            while not over.wait(1.0):
                for queue in queues[number % 3 : number % 3 + 2]:
                    queue.enqueue("shop.send_mail", number)
                number += 1

        changing = threading.Thread(target=keep_changing)
        changing.start()
        try:
            with running(str(settings.redis_url), SlowPty) as pty:
                pty.wait(LAST, timeout=60)
                for name, key, shown in (("overview", "1", LAST), ("jobs", "2", "user")):
                    pty.send(key)
                    pty.wait(shown)
                    pty.gather(5)
                    found = sorted(delays(pty))
                    median = statistics.median(found)
                    worst = max(worst, median)
                    print(
                        f"{name:<9}{median:>6.0f} ms from key to paint over {SlowPty.RATE:,} B/s "
                        f"(at most {LIMIT}); nine of ten within {found[len(found) * 9 // 10]:.0f} ms"
                    )
        finally:
            over.set()
            changing.join()
    return 0 if worst < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
