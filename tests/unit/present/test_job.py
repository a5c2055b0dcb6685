"""One job: its way through time, its facts, its texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.tui.present import job
from console.tui.present.cells import Cell, Chip
from console.tui.present.traceback import error_lines, headline, own_frames
from pantry_queue.monitor.model import Argument, JobDetail, JobExecution, JobRow, Payload
from pantry_queue.text import SafeText
from tests.tui.fixed import NOW, ago, job_detail, job_row, text


def plain(line: tuple[Cell, ...] | Chip | list[Cell]) -> str:
    cells = line.cells if isinstance(line, Chip) else line
    return "".join(cell.text for cell in cells)


def told(row: JobRow, timeout: int | None = None) -> str:
    return " ".join(plain(chip) for chip in job.timeline(row, NOW, timeout=timeout))


def detail_of(state: str, **changes: object) -> JobDetail:
    return replace(job_detail(job_row(state, 1)), **changes)  # type: ignore[arg-type]


class TestTimeline:
    def test_a_failed_job(self) -> None:
        story = told(job_row("failed", 1))
        assert story == (
            "created 12:03:24Z ── 40s waiting ──▸ started 12:04:04Z ── 1.4s running ──▸ ✗ failed 12:04:05Z  25s ago"
        )

    def test_a_running_job_with_its_limit(self) -> None:
        assert told(job_row("started", 0), 180).endswith("▸ running for 20s of 3m")
        assert told(job_row("started", 0), -1).endswith("▸ running for 20s")

    def test_a_waiting_job(self) -> None:
        assert told(job_row("queued", 0)) == "created 12:03:31Z ──▸ ◦ queued for 1m00"

    def test_a_requeued_job_does_not_show_its_old_run(self) -> None:
        again = replace(job_row("failed", 0), state=text("queued"))
        assert "started" not in told(again)
        assert told(again).endswith("◦ queued for 1m00")

    def test_scheduled_and_overdue(self) -> None:
        assert told(job_row("scheduled", 2)).endswith("◷ due in 1m20, at 12:05:51Z")
        assert told(job_row("scheduled", 0)).endswith("◷ overdue since 1m40, at 12:02:51Z")

    def test_enqueued_long_after_it_was_created(self) -> None:
        row = replace(job_row("queued", 0), created_at=ago(600))
        assert "created 11:54:31Z ── 9m00 ──▸ enqueued 12:03:31Z" in told(row)

    def test_nothing_is_known(self) -> None:
        bare = JobRow(id=text("x"), state=text("failed"), queue=text("q"))
        assert told(bare) == "──▸ ✗ failed for -"


class TestFacts:
    def lines(self, detail: JobDetail) -> dict[str, str]:
        return {plain(line)[:14].strip(): plain(line)[14:] for line in job.facts(detail, NOW)}

    def test_what_is_known(self) -> None:
        known = self.lines(detail_of("failed"))
        assert known["timeout"] == "3m"
        assert known["retries"] == "2 left, after 10s, 30s, 1m"
        assert known["failure kept"] == "1 year"
        assert known["kept for"] == "358d"
        assert known["waited for by"] == "b54cda26-9e77-4d35-b1f4-65b8f3b4a55e"

    def test_what_does_not_apply_is_left_out(self) -> None:
        known = self.lines(
            detail_of("queued", retries_left=None, retry_intervals=(), timeout=None, dependents=(), position=0)
        )
        assert "retries" not in known
        assert "timeout" not in known
        assert "waited for by" not in known
        assert known["in the queue"] == "next"

    def test_many_dependents_are_counted(self) -> None:
        detail = detail_of("queued", dependents=tuple(SafeText(f"job-{n}") for n in range(30)))
        assert plain(job.facts(detail, NOW)[-1]).strip() == "and 22 more"


class TestTabs:
    def names(self, detail: JobDetail, *, with_facts: bool = False) -> list[str]:
        return [tab.name for tab in job.tabs(detail, NOW, with_facts=with_facts)]

    def test_what_an_operator_wants_first_comes_first(self) -> None:
        assert self.names(detail_of("failed"))[0] == "Error"
        assert self.names(detail_of("finished"))[0] == "Result"
        assert self.names(detail_of("queued"))[0] == "Arguments"
        # A retry waits: its last error is there, but not what it is about.
        assert self.names(detail_of("scheduled", traceback=(text("E: x"),)))[:2] == ["Arguments", "Error"]

    def test_facts_have_a_tab_where_they_have_no_pane(self) -> None:
        assert "Facts" in self.names(detail_of("failed"), with_facts=True)
        assert "Facts" not in self.names(detail_of("failed"))

    def test_empty_texts_have_no_tab(self) -> None:
        bare = detail_of("queued", meta=(), results=(), executions=(), log=(), dependents=())
        assert self.names(bare) == ["Arguments", "Raw"], "what lies in Redis is always there"

    def test_runs(self) -> None:
        detail = detail_of("started", executions=(JobExecution(text("e"), text("web-1"), ago(20), ago(4)),), results=())
        (runs,) = [tab for tab in job.tabs(detail, NOW, with_facts=False) if tab.name == "Runs 1"]
        assert plain(runs.lines[0]) == "▸ running  since 12:04:11Z  on web-1  last heartbeat 4s ago"

    def test_arguments_with_notes(self) -> None:
        payload = Payload(
            func=text("app.f"),
            args=(Argument(text(""), text("1")),),
            kwargs=(Argument(text("b"), text("'x'")),),
            format="pickle",
            notes=(text("would call os.system"),),
        )
        tab = job.tabs(detail_of("queued", payload=payload), NOW, with_facts=False)[0]
        assert [plain(line) for line in tab.lines][:4] == ["app.f(1, b='x')", "", "1  1", "b  'x'"]
        assert "! would call os.system" in [plain(line) for line in tab.lines]

    def test_a_job_called_with_nothing(self) -> None:
        detail = detail_of("queued", payload=Payload(func=text("f")))
        assert plain(job.call(detail)) == "f()"
        assert "called with no arguments" in [plain(line) for line in job.tabs(detail, NOW, with_facts=False)[0].lines]


class TestTraceback:
    TRACEBACK = (
        "Traceback (most recent call last):",
        '  File "/v/lib/python3.11/site-packages/rq/job.py", line 1, in x',
        "    self.func()",
        "    ^^^^^^^^^^^",
        '  File "/srv/app/tasks.py", line 48, in send_mail',
        "    deliver(to)",
        "    ^^^^^^^^^^^",
        "ValueError: no",
        "  more about it",
    )

    def test_what_went_wrong_comes_first(self) -> None:
        assert headline(self.TRACEBACK) == "ValueError: no"
        assert error_lines(self.TRACEBACK)[0] == (Cell("ValueError: no", "failed"),)

    def test_library_frames_step_back_and_lose_their_markers(self) -> None:
        tones = {line[0].text: line[0].tone for line in error_lines(self.TRACEBACK)[2:] if line}
        assert tones["    self.func()"] == "faint"
        assert tones['  File "/srv/app/tasks.py", line 48, in send_mail'] == "key"
        assert tones["    deliver(to)"] == ""
        assert sum(line == (Cell("    ^^^^^^^^^^^", "stopped"),) for line in error_lines(self.TRACEBACK)) == 1

    def test_own_frames_alone_innermost_first(self) -> None:
        assert [plain(line) for line in own_frames(self.TRACEBACK)] == [
            '  File "/srv/app/tasks.py", line 48, in send_mail',
            "    deliver(to)",
            "  more about it",
        ]

    def test_all_frames_when_none_is_ones_own(self) -> None:
        assert len(own_frames(self.TRACEBACK[:4])) == 2

    @pytest.mark.parametrize("lines", [(), ("",), ("just a line",), ("  indented only",), ("^^^",)])
    def test_what_is_no_traceback(self, lines: tuple[str, ...]) -> None:
        assert [plain(line) for line in error_lines(lines)][-len(lines) or None :] == list(lines)
        own_frames(lines)


def test_the_preview_without_and_with_the_detail() -> None:
    row = job_row("failed", 1)
    bare = [plain(line) for line in job.preview(row, None, NOW)]
    assert bare[0].startswith("app.tasks.send_mail  app.tasks.send_mail('user1@ex.org'")
    full = [plain(line) for line in job.preview(row, job_detail(row), NOW)]
    assert full[0] == "app.tasks.send_mail('chi@ex.org', 'reset', lang='en', api_token=***)"
    assert full[1] == row.error
    assert '  File "/srv/app/mail.py", line 112, in deliver' in full
    assert not any("site-packages" in line for line in full)


def test_a_clock_that_is_behind_gives_no_negative_times() -> None:
    row = replace(job_row("finished", 1), started_at=NOW + timedelta(seconds=9), ended_at=NOW)
    assert "0ms running" in told(row)
