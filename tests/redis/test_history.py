"""Samples over time against a real server: what is kept, what it costs, who may write, and what damage does."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from pantry_queue import history
from pantry_queue.errors import PantryError
from pantry_queue.keys import Keys
from pantry_queue.monitor.model import Counts, QueueStat, RedisFacts, Snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.sample_format import QUEUE_FIELDS, SERVER_FIELDS, Damaged, Grid, pack, scaled, unpack, unscaled
from pantry_queue.text import SafeText, safe

KEYS = Keys()


@pytest.fixture
def now() -> datetime:
    """Of the test: the whole suite may take longer than what is looked at here."""
    return datetime.now(UTC)


def queue(name: str, at: datetime, **counts: int) -> QueueStat:
    return QueueStat(
        SafeText(name), Counts(**counts), oldest_at=at - timedelta(seconds=counts["queued"]), raw_name=name.encode()
    )


def snapshot(at: datetime, *queues: QueueStat) -> Snapshot:
    facts = RedisFacts(used_memory=5_000_000 + at.second * 9000, connected_clients=12, ops_per_second=900 + at.second)
    return Snapshot(at, 1.25 + at.second / 100, safe("t"), facts, queues)


def busy(start: datetime, step: int, count: int) -> Iterator[Snapshot]:
    """A deployment of 50 queues, all of which jobs go through."""
    chance = random.Random(8)
    state = [[chance.randrange(2000), 3, 500, chance.randrange(300)] for _ in range(50)]
    for number in range(count):
        at = start + timedelta(seconds=step * number)
        for one in state:
            one[0] = max(0, one[0] + chance.randrange(-20, 21))
            one[1] = chance.randrange(8)
            one[2] += chance.randrange(30)
            one[3] += chance.random() < 0.1
        names = ("queued", "started", "finished", "failed")
        queues = (queue(f"service-{n}-jobs", at, **dict(zip(names, one, strict=True))) for n, one in enumerate(state))
        yield snapshot(at, *queues)


def keep(client: Redis, key: str, start: datetime, step: int, count: int) -> float:
    """Bytes of memory that one sample costs in this stream."""
    rates = RateHistory()
    for one in busy(start, step, count):
        rates.observe(one)
        assert history.record(client, KEYS, one, rates)
    return client.memory_usage(key, samples=0) / client.xlen(key)


def test_a_day_and_a_month_of_fifty_queues_take_less_than_five_megabytes(redis_client: Redis, now: datetime) -> None:
    month = keep(redis_client, KEYS.history_month, now - timedelta(days=3), 600, 90)
    redis_client.delete(KEYS.history)
    day = keep(redis_client, KEYS.history, now - timedelta(seconds=3000), 10, 210)
    total = day * history.DAY / 10 + month * history.MONTH / history.COARSE
    print(f"{day:.0f} bytes a sample of the day, {month:.0f} of the month: {total / 1e6:.2f} MB")
    assert total < 5_000_000
    assert len(history.read(redis_client, KEYS, 3600)) == 210
    assert len(history.read(redis_client, KEYS, history.MONTH)) > 90


def test_what_was_seen_comes_back_and_gaps_are_gaps(redis_client: Redis, now: datetime) -> None:
    rates = RateHistory()
    seen = [now - timedelta(seconds=back) for back in (300, 290, 280, 120, 110)]
    for number, at in enumerate(seen):
        one = snapshot(at, queue("a", at, queued=40 + number, finished=number * 20), queue("b", at, queued=2, failed=1))
        rates.observe(one)
        assert history.record(redis_client, KEYS, one, rates)
        assert not history.record(redis_client, KEYS, replace(one, taken_at=at + timedelta(seconds=5))), "not due"
    found = history.read(redis_client, KEYS, 315)
    assert [round(sample.at.timestamp(), 2) for sample in found] == [round(at.timestamp(), 2) for at in seen]
    assert [round(sample.gap) for sample in found] == [0, 0, 0, 160, 0]
    last = found[-1]
    assert last.figures is not None
    assert (last.figures.queued, last.figures.failed, last.figures.finished) == (46, 1, 80)
    assert last.figures.oldest_age == pytest.approx(44, rel=0.026)
    assert last.figures.out_per_s == pytest.approx(rates.flow().out_per_s, rel=0.026)
    assert last.server.connected_clients == 12
    assert [sample.figures and sample.figures.queued for sample in history.read(redis_client, KEYS, 315, "b")] == [
        2
    ] * 5
    assert {sample.figures for sample in history.read(redis_client, KEYS, 315, "no such")} == {None}
    changed = snapshot(now, queue("new", now, queued=1))
    assert history.record(redis_client, KEYS, changed)
    assert [one.figures and one.figures.queued for one in history.read(redis_client, KEYS, 315, "new")][-2:] == [
        None,
        1,
    ]
    assert history.read(redis_client, KEYS, 60)[-1].gap > 30


def test_one_writes_at_a_time_and_old_samples_go(redis_client: Redis, now: datetime) -> None:
    redis_client.set(KEYS.history_lock, "another", px=30_000)
    one = snapshot(now, queue("a", now, queued=1))
    assert not history.record(redis_client, KEYS, one)
    assert not redis_client.exists(KEYS.history)
    redis_client.delete(KEYS.history_lock)
    old = int((now - timedelta(days=40)).timestamp() * 1000)
    for number in range(300):
        redis_client.xadd(KEYS.history, {"d": "x" * 50}, id=f"{old + number}-0")
    assert history.record(redis_client, KEYS, one)
    assert 1 <= redis_client.xlen(KEYS.history) <= 101
    assert 0 < redis_client.pttl(KEYS.history_lock) <= 30_000


@pytest.mark.parametrize("entry", [{"x": "y"}, {"d": b"d\xff"}, {"d": b"k" + b"\0" * 9}, {"d": "\x1b[2J"}])
def test_damaged_entries_cost_themselves(redis_client: Redis, now: datetime, entry: dict[Any, Any]) -> None:
    first = now - timedelta(seconds=60)
    assert history.record(redis_client, KEYS, snapshot(first, queue("a", first, queued=1)))
    redis_client.xadd(KEYS.history, entry, id=f"{int(first.timestamp() * 1000) + 20_000}-0")
    assert history.record(redis_client, KEYS, snapshot(now, queue("a", now, queued=3)))
    assert [one.figures and one.figures.queued for one in history.read(redis_client, KEYS, 90)] == [1, 3]


def test_another_kind_of_key_is_told_and_left_alone(redis_client: Redis, now: datetime) -> None:
    redis_client.set(KEYS.history, "mine")
    with pytest.raises(PantryError, match="holds no samples: delete it"):
        history.record(redis_client, KEYS, snapshot(now))
    assert history.read(redis_client, KEYS, 60) == ()
    assert redis_client.get(KEYS.history) == b"mine"
    redis_client.delete(KEYS.history)
    redis_client.xadd(KEYS.history, {"d": "x"}, id="18446744073709551615-0")
    with pytest.raises(PantryError, match="samples of the future"):
        history.record(redis_client, KEYS, snapshot(now))
    assert history.read(redis_client, KEYS, 60) == ()


NUMBERS = st.integers(0, 2**40)
GRIDS = st.lists(st.binary(max_size=20), unique=True, max_size=4).flatmap(
    lambda names: st.tuples(
        *[
            st.lists(NUMBERS, min_size=size, max_size=size).map(lambda row: Grid(10, tuple(names), tuple(row)))
            for size in [len(SERVER_FIELDS) + len(QUEUE_FIELDS) * len(names)] * 2
        ]
    )
)


@given(GRIDS, st.integers(0, 10**7))
def test_packing_loses_nothing(grids: tuple[Grid, Grid], back: int) -> None:
    key, other = grids
    known: dict[int, Grid] = {}
    assert unpack(pack(key), known, 10**13) == key
    assert unpack(pack(other, key, back), known, 10**13 + back) == other


@given(st.binary(max_size=60), st.sampled_from([b"k", b"d", b""]), st.booleans())
def test_any_bytes_are_a_sample_or_damage(body: bytes, kind: bytes, folded: bool) -> None:
    with suppress(Damaged):
        unpack(kind + (zlib.compress(body) if folded else body), {0: Grid(1, (), (0,) * len(SERVER_FIELDS))}, 0)


@given(st.floats(0.001, 1e12))
def test_rates_are_kept_to_within_two_and_a_half_percent(value: float) -> None:
    assert unscaled(scaled(value)) == pytest.approx(value, rel=0.0253)
