"""The real program in a private tmux: keys go in, pictures come out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

#: Python that runs the console as the command line does.
RUN = (
    "import sys; from console.tui.start import run_console; from pantry_queue.config import Settings; "
    "sys.exit(run_console(Settings.from_env()))"
)


class Tmux:
    """A private tmux server with one pane, in which a shell runs."""

    def __init__(self, size: tuple[int, int], env: dict[str, str]) -> None:
        self._socket = f"pantry-{uuid.uuid4().hex[:8]}"
        pairs = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        width, height = map(str, size)
        self._tmux("-f", os.devnull, "new-session", "-d", "-s", "t", "-x", width, "-y", height, *pairs, "sh")
        for option in ("status off", "escape-time 20", "window-size manual", "default-terminal tmux-256color"):
            self._tmux("set", "-g", *option.split())
        self.resize(*size)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        # COLUMNS and LINES would hide the real size from what runs in the pane.
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", "-t", "t", *keys)

    def slowly(self, *keys: str) -> None:
        """The same as hands do it: the focus follows a moment behind the key that moves it."""
        for key in keys:
            self.keys(key)
            time.sleep(0.15)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        self._tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        """What the pane shows."""
        return self._tmux("capture-pane", "-p", "-t", "t")

    def wait(self, what: str | Callable[[str], bool], timeout: float = 20.0) -> str:
        """Until the text is there; the screen."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            shown = self.screen()
            if what(shown) if callable(what) else what in shown:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{what!r} is not on the screen:\n{self.screen()}")

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], capture_output=True, check=False)


def start(tmux: Tmux) -> None:
    """Start the console with a word before it that must be there again after it."""
    tmux.keys(f"echo before; {sys.executable} -c '{RUN}'; echo ended with $?", "Enter")
