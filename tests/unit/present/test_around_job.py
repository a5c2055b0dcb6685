"""What lies around a job: rows that stay with their jobs, and how far one says it is, whatever it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.present.around_job import key_of, log_lines, progress_chips, tree_rows
from console.tui.present.jobs import job_key
from pantry_queue.monitor.joblog import Progress
from pantry_queue.monitor.model import JobNode
from pantry_queue.text import SafeText
from tests.tui.fixed import job_row, trees


def test_a_row_keeps_its_key_when_others_come_above_it() -> None:
    found = trees()
    rows = tree_rows(found.above, found.below)
    assert len({row.key for row in rows}) == len(rows) == 6
    twice = [row for row in rows if key_of(row.key) == job_key(job_row("deferred", 6))]
    assert [row.cells[0].text.endswith("(again)") for row in twice] == [False, True]
    assert key_of(rows[-1].key) == ""
    more = JobNode(found.above.row, (JobNode(job_row("finished", 9)), *found.above.children))
    later = tree_rows(more, found.below)
    assert {row.key for row in rows} < {row.key for row in later}


@given(st.floats(), st.none() | st.floats())
def test_any_numbers_of_progress_can_be_shown(done: float, total: float | None) -> None:
    shown = "".join(cell.text for chip in progress_chips(Progress(done, total, SafeText("x"))) for cell in chip.cells)
    assert shown.isprintable()
    assert len(shown) < 100


@pytest.mark.parametrize("running", [True, False])
def test_a_job_without_a_log_is_told_why(running: bool) -> None:
    ((cell,),) = log_lines((), running=running)
    assert "only a PantryWorker keeps it" in cell.text
