"""What the receipt tests share: one engine, one agent process, sample receipts, printed pages made of text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from pantry_queue.receipts.engine import OcrEngine
from pantry_queue.receipts.extract import OcrLine
from pantry_queue.receipts.samples import Sample, draw_demo

REPOSITORY = Path(__file__).resolve().parents[2]
REAL_RECEIPTS = REPOSITORY / ".." / "shared" / "receipts"
START_SECONDS = 90

_LETTER = 10.0
_HEIGHT = 20.0
_ROW = 30.0
_PAGE = 500.0


def lines_of(rows: Sequence[str], confidence: float = 0.98) -> list[OcrLine]:
    """OCR lines of printed rows; what follows `` | `` stands at the right edge, as a price does."""
    lines = []
    for number, row in enumerate(rows):
        top = number * _ROW
        left, _, right = row.partition(" | ")
        for text, x in ((left, 0.0), (right, _PAGE - _LETTER * len(right))):
            if text:
                box = (x, top, x + _LETTER * len(text), top + _HEIGHT)
                lines.append(OcrLine.from_box(text, confidence, box))
    return lines


@pytest.fixture(scope="session")
def printed() -> Callable[..., list[OcrLine]]:
    """`lines_of`, for tests."""
    return lines_of


@pytest.fixture(scope="session")
def engine() -> OcrEngine:
    """The real recogniser, loaded once."""
    return OcrEngine()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the agent may read."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="session")
def samples(images: Path) -> list[Sample]:
    """The demonstration's samples, drawn once into `images`."""
    return draw_demo(images, 6, seed=11)


@dataclass(slots=True)
class AgentProcess:
    """A running agent: its process, its address and an HTTP client for it."""

    process: subprocess.Popen[str]
    url: str
    client: httpx.Client

    def extract(self, image_path: str, receipt_id: str | int = "r-1") -> httpx.Response:
        """Ask for one image."""
        body = {"receipt_id": receipt_id, "image_path": image_path, "user_id": 1}
        # Plain ASCII, so that a path of any characters can be asked for.
        return self.client.post("/extract", content=json.dumps(body), headers={"Content-Type": "application/json"})

    def wait_until_ready(self) -> None:
        """Wait until the model is warm."""
        end = time.monotonic() + START_SECONDS
        while self.client.get("/ready").status_code != 200:
            assert time.monotonic() < end, "the agent did not get ready"
            time.sleep(0.1)


StartAgent = Callable[..., AgentProcess]


@pytest.fixture(scope="session")
def start_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartAgent]:
    """Starts real agents, `start(module, *options, **environment)`; all are ended afterwards."""
    started: list[AgentProcess] = []

    def start(module: str, *options: str, **environment: str) -> AgentProcess:
        port_file = tmp_path_factory.mktemp("agent") / "port"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENT_", "IMAGE_", "S3_"))}
        argv = [sys.executable, "-m", module, "--port", "0", "--port-file", str(port_file), *options]
        process = subprocess.Popen(
            [*argv, "--parent-pid", str(os.getpid())] if "--parent-pid" not in options else argv,
            env={**kept, **environment},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + START_SECONDS
        while not port_file.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end, "the agent did not start"
            time.sleep(0.05)
        url = f"http://127.0.0.1:{port_file.read_text().strip()}"
        agent = AgentProcess(process, url, httpx.Client(base_url=url, timeout=60))
        started.append(agent)
        return agent

    yield start
    for agent in started:
        agent.client.close()
        agent.process.terminate()
    for agent in started:
        agent.process.communicate(timeout=30)


@pytest.fixture(scope="session")
def agent(start_agent: StartAgent, images: Path) -> AgentProcess:
    """One warm agent that may read `images`, and the real receipts where there are any."""
    roots = [str(images), *([str(REAL_RECEIPTS.resolve())] if REAL_RECEIPTS.is_dir() else [])]
    running = start_agent(
        "pantry_queue.receipts.drill", "--refuse", "refused-twice.jpg=2", IMAGE_ROOTS=os.pathsep.join(roots)
    )
    running.wait_until_ready()
    return running
