"""Rates, time to drain and stalls from snapshots alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.monitor.model import Counts, QueueStat, RedisFacts, Snapshot, WorkerStat
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def worker(done: int, *queues: str, name: str = "w", born: float = -1000) -> WorkerStat:
    return WorkerStat(
        name=SafeText(name),
        state=SafeText("idle"),
        queues=tuple(map(SafeText, queues)),
        job_ids=(),
        verdict="alive",
        evidence=SafeText(""),
        birth_at=START + timedelta(seconds=born),
        successful=done,
    )


def at(second: float, workers: Iterable[WorkerStat] = (), **queues: Counts) -> Snapshot:
    return Snapshot(
        taken_at=START + timedelta(seconds=second),
        round_trip_ms=1.0,
        target=SafeText("here"),
        redis=RedisFacts(),
        queues=tuple(QueueStat(SafeText(name), counts) for name, counts in queues.items()),
        workers=tuple(workers),
    )


def watch(seconds: int, counts: Callable[[int], Counts], every: float = 1.0) -> RateHistory:
    history = RateHistory()
    for step in range(int(seconds / every) + 1):
        history.observe(at(step * every, q=counts(step)))
    return history


def test_nothing_is_known_from_one_snapshot() -> None:
    history = watch(0, lambda second: Counts(queued=5))
    assert history.flow("q").in_per_s is None
    assert history.flow("q").out_per_s is None
    assert history.flow("q").drain == "unknown"
    assert history.flow("nobody").out_per_s is None
    assert RateHistory().flow().in_per_s is None


def test_rates_in_and_out() -> None:
    # Five end and three come each second.
    history = watch(60, lambda second: Counts(queued=1000 - 2 * second, started=4, finished=5 * second))
    assert history.flow("q").out_per_s == pytest.approx(5.0)
    assert history.flow("q").in_per_s == pytest.approx(3.0)
    assert history.flow().out_per_s == pytest.approx(5.0)
    assert history.flow().in_per_s == pytest.approx(3.0)


def test_failures_are_ends_too() -> None:
    history = watch(60, lambda second: Counts(failed=second, finished=second))
    assert history.flow("q").out_per_s == pytest.approx(2.0)
    assert history.flow("q").failed_per_s == pytest.approx(1.0)
    assert history.failed_in(30, "q") == pytest.approx(30, abs=5)
    assert history.failed_in(30) == pytest.approx(30, abs=5)
    assert history.failed_in(30, "nobody") == 0


def test_clearing_a_registry_is_no_negative_rate() -> None:
    history = watch(60, lambda second: Counts(finished=1000 if second < 55 else 0, failed=40 if second < 55 else 0))
    assert history.flow("q").out_per_s == 0.0
    assert history.flow("q").in_per_s == 0.0
    assert history.failed_in(60, "q") == 0


def test_expired_entries_that_only_move_are_no_ends() -> None:
    # Entries pass from live to expired; the sum stays.
    history = watch(60, lambda second: Counts(finished=100 - second, expired=second))
    assert history.flow("q").out_per_s == 0.0


def test_workers_count_what_registries_do_not_keep() -> None:
    # result_ttl=0: finished jobs leave no entry behind.
    history = RateHistory()
    for second in range(61):
        history.observe(at(second, [worker(2 * second, "q")], q=Counts(queued=500 - second)))
    assert history.flow("q").out_per_s == pytest.approx(2.0)
    assert history.flow("q").in_per_s == pytest.approx(1.0)


def test_a_burst_worker_born_between_two_snapshots_counts_with_all_it_did() -> None:
    history = RateHistory()
    history.observe(at(0, [], q=Counts(queued=30)))
    history.observe(at(10, [worker(30, "q", born=5)], q=Counts()))
    assert history.flow("q").out_per_s == pytest.approx(3.0)


def test_an_old_worker_seen_for_the_first_time_does_not_count_its_past() -> None:
    history = RateHistory()
    history.observe(at(0, [], q=Counts()))
    history.observe(at(10, [worker(5000, "q")], q=Counts()))
    assert history.flow("q").out_per_s == 0.0


def test_work_of_workers_for_several_queues_counts_in_the_total() -> None:
    history = RateHistory()
    for second in range(61):
        history.observe(at(second, [worker(3 * second, "a", "b")], a=Counts(), b=Counts()))
    assert history.flow().out_per_s == pytest.approx(3.0)


def test_a_slow_queue_is_looked_at_for_longer() -> None:
    # One job each twelve seconds: a window of ten would show nothing or far too much.
    history = watch(120, lambda second: Counts(finished=second // 12))
    assert history.flow("q").out_per_s == pytest.approx(1 / 12, rel=0.2)


class TestDrain:
    def test_empty(self) -> None:
        assert watch(10, lambda second: Counts()).flow("q").drain == "empty"
        assert watch(10, lambda second: Counts()).flow("q").drains_in == 0.0

    def test_draining(self) -> None:
        flow = watch(60, lambda second: Counts(queued=1000 - 10 * second, finished=10 * second)).flow("q")
        assert flow.drain == "draining"
        assert flow.drains_in == pytest.approx(40.0)

    def test_growing(self) -> None:
        flow = watch(60, lambda second: Counts(queued=100 + second, finished=second)).flow("q")
        assert flow.drain == "never"
        assert flow.drains_in is None

    def test_a_queue_that_has_turned_drains_though_it_holds_more_than_before(self) -> None:
        # Two come each second for forty seconds, then none; one ends each second.
        flow = watch(60, lambda second: Counts(queued=min(second, 80 - second), finished=second)).flow("q")
        assert flow.drain == "draining"
        assert flow.drains_in == pytest.approx(20.0)

    def test_standing_still(self) -> None:
        assert watch(60, lambda second: Counts(queued=31)).flow("q").drain == "never"

    def test_in_balance(self) -> None:
        flow = watch(60, lambda second: Counts(queued=20 + second % 2, finished=10 * second)).flow("q")
        assert flow.drain == "steady"

    def test_one_bad_sample_does_not_turn_the_judgement(self) -> None:
        history = watch(60, lambda second: Counts(queued=1000 - 10 * second, finished=10 * second))
        history.observe(at(61, q=Counts(queued=5000, finished=610)))
        assert history.flow("q").drain == "draining"
        for second in range(62, 66):
            history.observe(at(second, q=Counts(queued=5000, finished=10 * second)))
        assert history.flow("q").drain == "never"

    def test_not_judged_too_early(self) -> None:
        assert watch(3, lambda second: Counts(queued=100 + second)).flow("q").drain == "unknown"


class TestStall:
    def test_waiting_jobs_while_nothing_runs(self) -> None:
        assert watch(40, lambda second: Counts(queued=5)).flow("q").stalled_for == 40.0

    @pytest.mark.parametrize(
        "counts",
        [
            Counts(),
            Counts(queued=5, started=1),
            Counts(queued=5, intermediate=1),
        ],
    )
    def test_no_stall(self, counts: Counts) -> None:
        assert watch(40, lambda second: counts).flow("q").stalled_for == 0.0

    def test_an_end_ends_it(self) -> None:
        history = watch(40, lambda second: Counts(queued=5, finished=1 if second >= 30 else 0))
        assert history.flow("q").stalled_for == 10.0


class TestHistory:
    def test_series_is_newest_last_and_moves_only_with_whole_stretches(self) -> None:
        history = watch(100, lambda second: Counts(finished=second if second <= 50 else 50 + 3 * (second - 50)))
        rates = [flow.out_per_s for flow in history.series(10.0, 8)]
        assert rates == pytest.approx([1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0])
        before = history.series(10.0, 8)
        history.observe(at(101, q=Counts(finished=203)))
        assert history.series(10.0, 8) == before

    def test_series_is_as_long_as_the_past(self) -> None:
        assert len(watch(30, lambda second: Counts()).series(10.0, 50)) == 3
        assert watch(0, lambda second: Counts()).series(10.0, 50) == ()

    def test_depths(self) -> None:
        assert watch(30, lambda second: Counts(queued=second)).depths(10.0, 5) == (10, 20, 30)

    def test_trend_shows_the_greatest_of_each_stretch(self) -> None:
        history = watch(60, lambda second: Counts(queued=50 if second == 33 else 1))
        trend = history.trend("q", 12)
        assert len(trend) == 12
        assert sorted(trend)[-2:] == [1, 50]
        assert history.trend("nobody", 12) == ()

    def test_a_gap_does_not_break_the_picture(self) -> None:
        history = watch(30, lambda second: Counts(finished=second))
        history.observe(at(630, q=Counts(finished=630)))
        assert history.flow("q").out_per_s == pytest.approx(1.0)
        assert all(flow.out_per_s == pytest.approx(1.0) for flow in history.series(10.0, 60))

    def test_the_same_moment_twice_counts_once(self) -> None:
        history = watch(10, lambda second: Counts(finished=second))
        history.observe(at(10, q=Counts(finished=500)))
        assert history.flow("q").out_per_s == pytest.approx(1.0)

    def test_another_server_starts_anew(self) -> None:
        history = watch(100, lambda second: Counts(finished=second))
        history.observe(at(-5000, q=Counts(finished=9)))
        assert history.flow("q").out_per_s is None
        assert history.span() == 0.0

    def test_a_queue_that_is_gone_is_forgotten_and_comes_back_fresh(self) -> None:
        history = watch(10, lambda second: Counts(queued=5))
        history.observe(at(11))
        assert history.flow("q").drain == "unknown"
        history.observe(at(12, q=Counts(queued=5, finished=9000)))
        assert history.flow("q").out_per_s is None

    def test_no_more_is_kept_than_a_quarter_of_an_hour(self) -> None:
        assert watch(2000, lambda second: Counts()).span() == pytest.approx(900, abs=2)


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 500),
            st.integers(0, 10**6),
            st.integers(0, 1000),
            st.integers(0, 10**6),
            st.integers(0, 10**6),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_happens_rates_are_not_negative(steps: list[tuple[float, int, int, int, int]]) -> None:
    history, now = RateHistory(), 0.0
    for gap, queued, started, finished, failed in steps:
        now += gap
        history.observe(at(now, q=Counts(queued=queued, started=started, finished=finished, failed=failed)))
        for flow in (history.flow(), history.flow("q"), *history.series(5.0, 20)):
            assert all((rate or 0) >= 0 for rate in (flow.in_per_s, flow.out_per_s, flow.failed_per_s))
            assert (flow.drains_in or 0) >= 0
            assert flow.stalled_for >= 0
        assert len(history.trend("q", 12)) <= 12
