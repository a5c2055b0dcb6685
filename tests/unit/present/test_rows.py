"""Queues, jobs and workers as rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.tui.present import jobs, needs_you, queues, totals, workers
from console.tui.present.cells import Cell, Row
from console.tui.present.states import LOOKS, TABS, look, state_cell
from pantry_queue.monitor.alerts import alerts
from pantry_queue.monitor.model import STATES, Counts, JobWindow, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText
from tests.tui.fixed import NOW, job_row, past, snapshot


@pytest.fixture(scope="module")
def history() -> RateHistory:
    made = RateHistory()
    for taken in (*past(), snapshot()):
        made.observe(taken)
    return made


def cell(row: Row, columns: tuple[object, ...], label: str) -> Cell:
    return row.cells[[column.label for column in columns].index(label)]  # type: ignore[attr-defined]


def queue_row(name: str, history: RateHistory, taken: Snapshot | None = None) -> Row:
    taken = taken or snapshot()
    rows = queues.queue_rows(taken, history, alerts(taken, history))
    return next(row for row in rows if row.key == name)


class TestQueues:
    def test_every_column_has_a_cell(self, history: RateHistory) -> None:
        assert all(len(row.cells) == len(queues.COLUMNS) for row in queues.queue_rows(snapshot(), history, ()))

    def test_counts_and_what_is_wrong(self, history: RateHistory) -> None:
        row = queue_row("exports", history)
        assert cell(row, queues.COLUMNS, "QUEUED") == Cell("1,195", "queued")
        assert cell(row, queues.COLUMNS, "FAILED") == Cell("1", "failed")
        assert cell(row, queues.COLUMNS, "SCHED") == Cell("-", "faint")
        assert cell(row, queues.COLUMNS, "OLDEST").text == "44m"
        assert cell(row, queues.COLUMNS, "NOTE") == Cell("!! 1 lost", "failed")

    def test_a_queue_nobody_works_on(self, history: RateHistory) -> None:
        row = queue_row("pdf", history)
        assert cell(row, queues.COLUMNS, "WORKERS") == Cell("0", "failed")
        assert cell(row, queues.COLUMNS, "DRAINS IN").text == "never"

    def test_an_empty_queue_is_quiet(self, history: RateHistory) -> None:
        row = queue_row("critical", history)
        assert cell(row, queues.COLUMNS, "OLDEST") == Cell("-", "faint")
        assert cell(row, queues.COLUMNS, "DRAINS IN") == Cell("-", "faint")
        assert cell(row, queues.COLUMNS, "NOTE") == Cell("")

    def test_a_paused_queue_says_so_while_it_is_empty(self, history: RateHistory) -> None:
        taken = snapshot()
        for until, said in ((None, "paused"), (NOW + timedelta(minutes=9), "paused, 9m00 left")):
            empty = replace(taken.queues[0], paused=True, paused_until=until, counts=Counts())
            (row, *_) = queues.queue_rows(replace(taken, queues=(empty,)), history, ())
            assert cell(row, queues.COLUMNS, "NOTE") == Cell(said, "waiting")

    @pytest.mark.parametrize(
        ("sort", "first"), [("name", "critical"), ("queued", "exports"), ("failed", "emails"), ("oldest", "exports")]
    )
    def test_sorting(self, history: RateHistory, sort: str, first: str) -> None:
        assert queues.queue_rows(snapshot(), history, (), sort)[0].key == first

    def test_a_name_that_is_no_text_can_be_asked_for(self) -> None:
        odd = replace(snapshot().queues[0], raw_name=b"caf\xe9", name=SafeText("caf\\xe9"))
        assert queues.queue_key(odd).encode("utf-8", "surrogateescape") == b"caf\xe9"


class TestTotals:
    def test_tiles(self, history: RateHistory) -> None:
        shown = {
            tile.label.text: "".join(part.text for part in tile.value) for tile in totals.tiles(snapshot(), history)
        }
        assert shown["◦ queued"] == "3,185"
        assert shown["✗ failed"] == "55"
        assert shown["workers busy"] == "4 of 5"
        assert shown["out"] == "4.0/s"

    def test_recent_failures_stand_beside_the_number(self) -> None:
        history = RateHistory()
        history.observe(snapshot())
        worse = snapshot(NOW + timedelta(seconds=5))
        emails = replace(worse.queues[2], counts=replace(worse.queues[2].counts, failed=55))
        worse = replace(worse, queues=(*worse.queues[:2], emails, *worse.queues[3:]))
        history.observe(worse)
        tile = next(tile for tile in totals.tiles(worse, history) if tile.label.text == "✗ failed")
        assert "".join(part.text for part in tile.value) == "59 +4"

    def test_charts_widen_with_the_past(self) -> None:
        assert [totals.span_for(past) for past in (0, 60, 61, 899, 10**6)] == [30, 60, 90, 900, 900]


class TestAlerts:
    def test_rows_have_keys_that_do_not_change_with_numbers(self, history: RateHistory) -> None:
        rows = needs_you.alert_rows(alerts(snapshot(), history))
        assert len({row.key for row in rows}) == len(rows)
        assert not any(char.isdigit() for char in next(row.key for row in rows if row.key == "no-worker:pdf"))
        assert [row.cells[0].text for row in rows][:2] == ["!!", "!!"]


class TestJobs:
    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("one_queue", [True, False])
    def test_every_list_has_a_cell_for_each_column(self, state: str, one_queue: bool) -> None:
        window = JobWindow(tuple(job_row(state, place) for place in range(5)), 5)
        shown = jobs.job_rows(window, state, NOW, one_queue=one_queue)
        columns = jobs.columns(state, one_queue=one_queue)
        assert all(len(row.cells) == len(columns) for row in shown.items)
        assert ("QUEUE" in [column.label for column in columns]) != one_queue

    def labelled(self, of: str, place: int = 0, **changes: object) -> dict[str, Cell]:
        row = replace(job_row(of, place), **changes)  # type: ignore[arg-type]
        shown = jobs.job_rows(JobWindow((row,), 1), of, NOW, one_queue=False)
        return dict(zip((c.label for c in jobs.columns(of, one_queue=False)), shown.items[0].cells, strict=True))

    def test_a_failed_job(self) -> None:
        cells = self.labelled("failed", 1)
        assert cells["FUNCTION"].text == "send_mail"
        assert cells["ARGUMENTS"].text == "'user1@ex.org', 'welcome', lang='en'"
        assert cells["TOOK"].text == "1.4s"
        assert cells["ERROR"].text.startswith("SMTPRecipientsRefused")

    def test_scheduled_jobs_count_down_and_say_when_they_are_late(self) -> None:
        assert self.labelled("scheduled", 2)["DUE IN"] == Cell("1m20", "")
        assert self.labelled("scheduled", 0)["DUE IN"] == Cell("late 1m40", "warning")

    def test_a_job_whose_record_is_gone(self) -> None:
        cells = self.labelled("finished", expired=True)
        assert cells["FUNCTION"].text == "expired, only its id is left"
        assert cells["TOOK"].text == ""

    def test_a_job_with_nothing_but_an_id(self) -> None:
        for state in STATES:
            cells = self.labelled(
                state,
                func=SafeText(""),
                description=SafeText(""),
                created_at=None,
                enqueued_at=None,
                started_at=None,
                ended_at=None,
                worker=None,
                error=None,
                at=None,
            )
            assert cells["FUNCTION"].text == "?"

    def test_a_job_that_says_something_else_than_its_list_is_marked(self) -> None:
        assert self.labelled("queued", state=SafeText("finished"))["FUNCTION"].tone == "finished"
        assert self.labelled("queued")["FUNCTION"].tone == ""

    def test_a_window_knows_what_it_holds(self) -> None:
        rows = tuple(job_row("failed", place) for place in range(10))
        shown = jobs.job_rows(JobWindow(rows, 1_000_000, 500), "failed", NOW, one_queue=False)
        assert shown.row_count == 1_000_000
        assert shown.rows(498, 501)[:2] == [None, None]
        assert shown.rows(498, 501)[2] is shown.items[0]
        assert shown.rows(999_999, 1_000_005) == [None]
        assert shown.index_of(rows[3].id) == 503
        assert shown.index_of("nobody") is None

    def test_a_list_that_shrank_while_it_was_read(self) -> None:
        shown = jobs.job_rows(JobWindow((job_row("failed", 0),), 0, 5), "failed", NOW, one_queue=False)
        assert shown.row_count == 6

    def test_rare_states_stay_out_of_the_way(self) -> None:
        def names(counts: Counts, current: str = "queued") -> str:
            return " ".join(part.cells[0].text for part in jobs.state_tabs(counts, current, compact=False))

        assert "ready" not in names(Counts())
        assert "ready" in names(Counts(ready=1))
        assert "intermediate" in names(Counts(), "intermediate")
        assert " ◦ queued 0 " in names(Counts())

    def test_compact_tabs_name_only_the_current_one(self) -> None:
        tabs = jobs.state_tabs(Counts(queued=5, failed=1200), "failed", compact=True)
        assert [part.cells[0].text for part in tabs][:3] == ["◦ 5", "▸ 0", " ✗ failed 1,200 "]

    def test_what_happens_next_comes_first_where_it_matters(self) -> None:
        assert [state for state in TABS if not jobs.newest_first_by_default(state)] == ["queued", "scheduled"]
        assert jobs.order_word("queued", newest_first=False) == "next to run first"
        assert jobs.order_word("scheduled", newest_first=False) == "soonest first"
        assert jobs.order_word("failed", newest_first=True) == "newest first"


class TestWorkers:
    def test_every_verdict_has_a_look(self) -> None:
        for verdict in ("alive", "busy", "late", "deaf", "dead", "ghost"):
            worker = replace(snapshot().workers[0], verdict=verdict)
            assert workers.state_cell(worker).text

    def test_a_suspended_worker(self) -> None:
        worker = replace(snapshot().workers[0], state=SafeText("suspended"))
        assert workers.state_cell(worker).text == "⊘ suspended"

    def test_rows_and_what_the_verdict_rests_on(self) -> None:
        rows = workers.worker_rows(snapshot(), workers.COLUMNS)
        assert all(len(row.cells) == len(workers.COLUMNS) for row in rows)
        late = rows[-1]
        assert cell(late, workers.COLUMNS, "STATE") == Cell("! late", "warning")
        assert "97 s old" in cell(late, workers.COLUMNS, "NOTE").text
        assert cell(rows[0], workers.COLUMNS, "NOTE").text == ""

    def test_a_worker_nothing_is_known_about(self) -> None:
        bare = replace(
            snapshot().workers[0],
            queues=(),
            pid=None,
            birth_at=None,
            heartbeat_age=None,
            hostname=SafeText(""),
            python_version=SafeText(""),
            verdict="ghost",
        )
        taken = replace(snapshot(), workers=(bare,))
        assert workers.worker_rows(taken, workers.SHORT_COLUMNS)
        assert workers.verdict_lines(bare, taken)

    def test_who_goes_on_with_a_paused_queue(self) -> None:
        taken = snapshot()
        (paused,) = [queue.name for queue in taken.queues if queue.paused]
        stock = replace(taken.workers[0], queues=(paused,))
        told = [cell.text for line in workers.verdict_lines(stock, taken) for cell in line]
        assert f"a stock RQ worker, which goes on taking from what is paused: {paused}" in told
        ours = replace(stock, pantry=SafeText("0.1.0"), allowed=(SafeText("shop."),))
        told = [cell.text for line in workers.verdict_lines(ours, taken) for cell in line]
        assert not any("stock" in text for text in told)
        assert {"tasks ", "shop."} <= set(told)

    def test_summary(self) -> None:
        assert workers.summary(snapshot()) == "5 workers: 3 busy, 1 idle, 1 late"
        assert workers.summary(replace(snapshot(), workers=())) == "0 workers"


def test_every_state_of_the_monitor_has_a_look_and_a_tab() -> None:
    assert set(STATES) == set(TABS)
    assert set(STATES) <= set(LOOKS)
    told_apart = [state for state in LOOKS if state not in ("ready", "intermediate", "stopped")]
    assert len({LOOKS[state].glyph for state in told_apart}) == len(told_apart)
    assert len({LOOKS[state].ascii for state in told_apart}) == len(told_apart)
    assert state_cell("a state of the future").text == "? a state of the future"
    assert look("stopped").tone != look("queued").tone
