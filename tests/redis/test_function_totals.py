"""Counters by function out of hashes that expire: they never fall, and tell nothing twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from redis import Redis

from pantry_queue.keys import Keys
from pantry_queue.metrics.function_totals import FunctionTotals
from pantry_queue.metrics.sheet import Sheet
from pantry_queue.workers import stats

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def counted(client: Redis, *ends: datetime, func: str = "f", seconds: float = 0.02) -> None:
    pipe = client.pipeline()
    for at in ends:
        started = at - timedelta(seconds=seconds)
        stats.count(pipe, Keys(), func, failed=False, enqueued=None, started=started, ended=at)
    pipe.execute()


def runs(totals: FunctionTotals) -> Counter[str]:
    sheet = Sheet()
    totals.fill(sheet)
    found: Counter[str] = Counter()
    for family in sheet.families():
        for sample in family.samples:
            if sample.name == "pantry_function_runs_total":
                found[sample.labels["func"]] = int(sample.value)
    return found


def test_totals_by_function_never_fall(redis_client: Redis) -> None:
    counted(redis_client, NOW, NOW - timedelta(hours=2))
    totals, kept = FunctionTotals(), FunctionTotals(what_is_kept=True)
    for one in (totals, kept):
        one.read(redis_client, Keys(), NOW)
    assert runs(totals) == {}, "what was before is not told as if it happened now"
    assert runs(kept) == {"f": 2}
    counted(redis_client, NOW, NOW - timedelta(minutes=3), func="f")  # in a minute known already, and late
    totals.read(redis_client, Keys(), NOW + timedelta(seconds=15))
    totals.read(redis_client, Keys(), NOW + timedelta(seconds=30))
    assert runs(totals) == {"f": 2}
    redis_client.flushall()
    counted(redis_client, NOW + timedelta(minutes=1))
    totals.read(redis_client, Keys(), NOW + timedelta(minutes=1))
    assert runs(totals) == {"f": 3}
    for number in range(250):
        counted(redis_client, NOW + timedelta(minutes=40), func=f"f{number % 240}")  # nobody scraped for a while
    redis_client.set(Keys().stats(int(NOW.timestamp()) // 60 + 50), "no hash")
    totals.read(redis_client, Keys(), NOW + timedelta(minutes=51))
    found = runs(totals)
    assert sum(found.values()) == 253
    assert len(found) == 201
