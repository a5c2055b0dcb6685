"""`pantry-console demo`: the main job on real images, and nothing left behind whatever way it ends."""

from __future__ import annotations

import json
import shutil
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from pantry_queue.receipts.samples import draw_samples

from .conftest import Program, until

pytestmark = pytest.mark.timeout(180)


def test_it_reads_what_can_be_read_and_fails_what_cannot(program: Program) -> None:
    code, out, err = program.run("demo", "--count", "2", "--json")
    assert code == 0, err
    outcomes = {outcome["file"]: outcome for outcome in json.loads(out)}
    states = {name: outcome["state"] for name, outcome in outcomes.items()}
    assert states == {
        "receipt-001.jpg": "completed",
        "receipt-002.jpg": "completed",
        "refused-twice.jpg": "completed",
        "not-an-image.jpg": "failed",
        "blank.jpg": "failed",
    }
    assert all(outcome["as_expected"] for outcome in outcomes.values())
    assert Decimal(outcomes["receipt-001.jpg"]["total"]) > 0
    assert "not one the agent can read" in outcomes["not-an-image.jpg"]["error"]
    assert "no_text" in outcomes["blank.jpg"]["error"]
    assert "5 of 5 done" in err


def test_it_reads_the_users_own_images_and_prints_a_table(program: Program, tmp_path: Path) -> None:
    own = tmp_path / "my receipts"
    (sample,) = draw_samples(own, 1, seed=7)
    shutil.copy(sample.path, own / "second.JPG")
    (own / "notes.txt").write_text("not one of them")
    code, out, err = program.run("demo", "--receipts", str(own), "--workers", "1")
    assert code == 0, err
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["FILE", "receipt-001.jpg", "second.JPG"]
    assert all(f"{sample.total:,.2f}" in line and "completed" in line for line in lines[1:])
    assert sorted(path.name for path in own.iterdir()) == ["notes.txt", "receipt-001.jpg", "second.JPG"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGKILL, -9)]
)
def test_nothing_outlives_it(program: Program, number: signal.Signals, code: int) -> None:
    process = program.start("demo", "--headless", "--count", "4")
    until(lambda: "running" in program.err(process))
    assert len(program.left_behind()) >= 4
    process.send_signal(number)
    assert process.wait(60) == code
    until(lambda: program.left_behind() == [], 30)
    if number is not signal.SIGKILL:
        assert list(program.folder.glob("pantry-demo-*")) == []
        assert "Traceback" not in program.err(process)


def test_a_signal_while_the_agent_starts_leaves_nothing_either(program: Program) -> None:
    process = program.start("demo", "--headless")
    until(lambda: "agent" in program.err(process))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert program.left_behind() == []


def test_a_part_that_cannot_start_is_named(program: Program) -> None:
    code, out, err = program.run("demo", "--headless", "--count", "1", DEFAULT_TIMEOUT="soon")
    assert (code, out) == (2, "")
    assert "DEFAULT_TIMEOUT is 'soon'" in err
