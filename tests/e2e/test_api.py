"""Receipts handed in over HTTP are read by the workers of `pantry-console up`, and the README's lines do it too."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pantry_queue.receipts.samples import BLANK, Sample, draw_demo

from .conftest import Program, until

pytestmark = pytest.mark.timeout(240)

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def url(program: Program) -> Iterator[str]:
    """The API of a fresh stack."""
    up = program.start("up", "--workers", "2", "--agent-port", "0", "--api-port", "0")
    until(lambda: "attach with" in program.err(up) or up.poll() is not None)
    found = re.search(r"^api +(\S+)", program.err(up), re.MULTILINE)
    assert found, program.err(up)
    yield found[1]
    up.send_signal(signal.SIGTERM)
    assert up.wait(60) == 143


def test_uploads_are_read_and_what_cannot_be_read_is_told_and_tried_again(program: Program, url: str) -> None:
    samples = {sample.path.name: sample for sample in draw_demo(program.folder / "samples", 2, seed=5)}
    good = [samples["receipt-001.jpg"], samples["receipt-002.jpg"]]
    with httpx.Client(base_url=url, timeout=60) as http:

        def hand_in(sample: Sample) -> int:
            with sample.path.open("rb") as file:
                answer = http.post("/receipts", files={"file": file}, data={"purchase_date": "2020-01-01"})
            return int(answer.json()["id"])

        ids = [hand_in(sample) for sample in good]
        blank = hand_in(samples[BLANK])
        queued = http.post("/receipts/ocr/process-all?user_id=1").json()
        assert queued["job_ids"] == [f"ocr-{number}" for number in [*ids, blank]]

        def states() -> list[str]:
            return [row["ocr_status"] for row in http.get("/receipts?user_id=1").json()["receipts"]]

        until(lambda: states() == ["failed", "completed", "completed"])
        for number, sample in zip(ids, good, strict=True):
            receipt = http.get(f"/receipts/{number}").json()
            assert (receipt["total_amount"], receipt["currency"]) == (str(sample.total), sample.currency)
            assert receipt["purchase_date"] == str(sample.purchase_date)
            assert receipt["items"]
            assert http.get(f"/receipts/ocr/job/ocr-{number}").json()["status"] == "finished"
        failed = http.get(f"/receipts/{blank}").json()
        assert "no_text" in failed["extraction_errors"][0]
        assert http.post(f"/receipts/{blank}/ocr/retry").json()["queued"] == 1
        until(lambda: http.get(f"/receipts/ocr/job/ocr-{blank}").json()["status"] == "failed")
        until(lambda: states() == ["failed", "completed", "completed"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_lines_of_the_readme_work_as_printed(program: Program, url: str) -> None:
    section = (REPOSITORY / "README.md").read_text("utf-8").partition("\n## The API\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^curl .*$", section, re.MULTILINE)
    assert len(lines) == 4

    def run(line: str) -> dict[str, object]:
        # The port alone is another one: 8000 may be taken where the tests run.
        line = line.replace("http://localhost:8000", url)
        done = subprocess.run(["sh", "-c", line], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        return dict(json.loads(done.stdout))

    upload, process, status, show = lines
    assert run(upload)["ocr_status"] == "pending"
    assert (run(process)["queued"], run(status)["job_id"]) == (1, "ocr-1")
    until(lambda: run(show)["ocr_status"] in ("completed", "failed"))
    receipt = run(show)
    assert (receipt["merchant_name"], receipt["total_amount"]) == ("BAUMARKT KRAUSE GmbH", "27.29")
    assert receipt["items"]
    assert run(status)["status"] == "finished"
