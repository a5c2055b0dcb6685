"""The agent as a process: how it starts, refuses to start, and ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pantry_queue.receipts.samples import Sample

if TYPE_CHECKING:
    from tests.receipts.conftest import StartAgent

REPOSITORY = Path(__file__).resolve().parents[2]


def test_an_agent_that_starts_says_so_and_asks_for_its_token(start_agent: StartAgent, images: Path) -> None:
    starting = start_agent("pantry_queue.receipts.agent", IMAGE_ROOTS=str(images), AGENT_TOKEN="grüße")
    without = starting.extract("x.jpg")
    assert (without.status_code, without.json()["error_code"]) == (401, "unauthorized")
    assert without.headers["www-authenticate"] == "Bearer"
    for token in ("gruesse", "x", "grüß", "grüßee"):
        starting.client.headers["authorization"] = f"Bearer {token}"
        assert starting.extract("x.jpg").status_code == 401
    starting.client.headers["authorization"] = "Bearer grüße"
    early = starting.extract("x.jpg")
    if early.status_code != 404:
        assert (early.status_code, early.json()["error_code"]) == (503, "starting")
        assert int(early.headers["retry-after"]) >= 1
    starting.wait_until_ready()
    assert starting.extract("x.jpg").status_code == 404
    starting.process.send_signal(signal.SIGTERM)
    assert starting.process.wait(timeout=20) == 0
    out, errors = starting.process.communicate()
    assert out == f"The receipt agent listens on {starting.url}\n"
    assert errors == ""


def test_an_agent_told_to_end_answers_the_receipt_it_is_reading(start_agent: StartAgent, samples: list[Sample]) -> None:
    ending = start_agent("pantry_queue.receipts.agent", IMAGE_ROOTS=str(samples[0].path.parent))
    ending.wait_until_ready()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(20):  # a busy machine may not look while it is read
            asked = pool.submit(ending.extract, str(samples[0].path))
            while not (busy := ending.client.get("/ready").json()["busy"]) and not asked.done():
                time.sleep(0.01)
            if busy:
                break
        assert busy
        ending.process.send_signal(signal.SIGTERM)
        assert asked.result().json()["metadata"]["total_amount"] == str(samples[0].total)
    assert ending.process.wait(timeout=20) == 0
    assert ending.process.communicate()[1] == ""


def test_an_agent_ends_with_the_process_it_was_started_for(start_agent: StartAgent) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    orphan = start_agent("pantry_queue.receipts.agent", "--parent-pid", str(parent.pid))
    assert orphan.client.get("/health").status_code == 200
    assert orphan.process.poll() is None
    parent.kill()
    parent.communicate()
    assert orphan.process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("options", "environment", "told"),
    [
        ([], {"IMAGE_ROOTS": "/no/such/folder"}, "IMAGE_ROOTS"),
        ([], {"AGENT_PORT": "eighty"}, "AGENT_PORT"),
        (["--port", "70000"], {}, "AGENT_PORT"),
        (["--host", "192.0.2.1", "--port", "0"], {}, "192.0.2.1"),
    ],
)
def test_an_agent_that_cannot_start_says_why_in_one_line(
    options: list[str], environment: dict[str, str], told: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pantry_queue.receipts.agent", *options],
        env={"PATH": "", **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert told in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_drill_needs_a_name_and_a_count() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pantry_queue.receipts.drill", "--refuse", "name"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert "'name' is not NAME=N" in run.stderr
