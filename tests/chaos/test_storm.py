"""A short storm in every run of the tests; `make chaos` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.storm import Storm


@pytest.mark.timeout(170)
def test_every_job_is_in_one_final_place_and_saved_once(tmp_path: Path) -> None:
    storm = Storm(tmp_path, jobs=400, seed=12, poison=False)
    try:
        wrong = storm.run(20)
    finally:
        storm.end()
    assert not wrong, (tmp_path / "workers.log").read_text("utf-8", "replace")[-8000:]
    assert storm.faults.total() > 5, "there was a storm"
