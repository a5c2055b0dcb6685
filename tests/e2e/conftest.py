"""The real program with everything it starts, and a look at what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll until true, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


class Program:
    """`pantry-console` as a process in a world of its own: temporary files, data and settings under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "HOME": str(folder),
            # Short, since sockets live below it; and the mark by which what is left behind is found.
            "TMPDIR": str(folder),
            "PANTRY_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start it; both outputs are kept in files under the folder, named by the order of the starts."""
        number = len(self._started)
        with (self.folder / f"{number}.out").open("w") as out, (self.folder / f"{number}.err").open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "console", *arguments],
                env={**self.environment, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
            )
        self._started.append(process)
        return process

    def run(self, *arguments: str, seconds: float = 110, **environment: str) -> tuple[int, str, str]:
        """Run it to its end: exit code, standard output, standard error."""
        process = self.start(*arguments, **environment)
        code = process.wait(seconds)
        return code, self.out(process), self.err(process)

    def out(self, process: subprocess.Popen[str]) -> str:
        """What it has written to standard output until now."""
        return (self.folder / f"{self._started.index(process)}.out").read_text()

    def err(self, process: subprocess.Popen[str]) -> str:
        """What it has written to standard error until now."""
        return (self.folder / f"{self._started.index(process)}.err").read_text()

    def left_behind(self) -> list[str]:
        """Command lines of living processes that were started in this world."""
        mark = f"TMPDIR={self.folder}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes().split(b"\0")
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
                if mark in environment and state != "Z":
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def close(self) -> None:
        """End what a failed test left running."""
        for process in self._started:
            if process.poll() is None:
                process.terminate()
                process.wait(60)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A world for one test; what was started in it must be gone at its end."""
    program = Program(tmp_path)
    yield program
    program.close()
    if Path("/proc/self/environ").exists():
        until(lambda: program.left_behind() == [], 30)
