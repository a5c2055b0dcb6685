"""Charts of what was: from kept samples, a gap shown as a gap, by queue and by span."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from rq import Queue

from console.tui import sampled
from console.tui.app import ConsoleApp
from console.tui.present import past
from console.tui.present.chart import area
from console.tui.sampled import SamplesNeed
from console.tui.source import Reading
from pantry_queue import history
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.monitor import snapshot
from pantry_queue.monitor.model import Counts
from pantry_queue.monitor.rates import RateHistory
from tests.tui.support import line_with, lines, press, screen, settle

if TYPE_CHECKING:
    import pytest
    from redis import Redis

KEYS = Keys()


def write(client: Redis, *, back: int, step: int) -> None:
    """Samples of two queues up to now, of which those of the middle third are missing."""
    now, rates = snapshot.take(client, KEYS, target="t"), RateHistory()
    for ago in range(back, 0, -step):
        queues = tuple(replace(one, counts=Counts(queued=500, finished=back - ago)) for one in now.queues)
        taken = replace(now, taken_at=now.taken_at - timedelta(seconds=ago), queues=queues)
        rates.observe(taken)
        if not back / 3 < ago < 2 * back / 3:
            assert history.record(client, KEYS, taken, rates)


async def test_an_hour_of_a_queue_and_of_all(live_console: Callable[..., ConsoleApp], redis_client: Redis) -> None:
    for name in ("a", "b"):
        Queue(name, connection=redis_client).enqueue("x.y")
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        assert "nothing was sampled in the last 1h" in screen(app)
        write(redis_client, back=3300, step=10)
        await press(pilot, "escape", "c", "greater_than_sign")
        assert "most 500" in line_with(app, "─ Queued")
        assert "not sampled: 23m" in line_with(app, "History  ›  b"), "18 minutes in the middle, 5 at the beginning"
        (bottom,) = [line for line in lines(app) if line.startswith("    0 ") and "····" in line][:1]
        drawn = bottom[6:].rstrip()
        assert (drawn[0], drawn[30], drawn[60], drawn[-1]) == ("·", "⣿", "·", "⣿"), drawn
        assert "1.0/s" in line_with(app, "─ Throughput")
        await press(pilot, "less_than_sign", "less_than_sign")
        assert "most 1,000" in line_with(app, "─ Queued")
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert "-30d" in screen(app)
        await press(pilot, "escape")
        assert app.current_mode == "overview"


def test_samples_are_read_no_oftener_than_they_come(
    redis_client: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    Queue("a", connection=redis_client).enqueue("x.y")
    now = 0.0
    monkeypatch.setattr(sampled.time, "monotonic", lambda: now)
    reading = Reading(redis_client, KEYS, settings)
    assert SamplesNeed(3600.0).read(reading).samples == ()
    write(redis_client, back=300, step=10)
    now = 9.0
    assert SamplesNeed(3600.0).read(reading).samples == ()
    assert len(SamplesNeed(3600.0, "a").read(reading).samples) > 15
    now = 20.0
    assert len(SamplesNeed(3600.0).read(reading).samples) > 15


def test_a_day_is_drawn_from_all_its_samples(
    redis_client: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peak of ten seconds and a gap of three minutes in it are seen, and what comes later is read alone."""
    for number in range(3):
        Queue("a", connection=redis_client).enqueue("x.y", number)
    now = snapshot.take(redis_client, KEYS, target="t")

    def keep(ago: int, queued: int) -> None:
        queues = tuple(replace(one, counts=Counts(queued=queued)) for one in now.queues)
        taken = replace(now, taken_at=now.taken_at - timedelta(seconds=ago), queues=queues)
        assert history.record(redis_client, KEYS, taken)

    for ago in range(15_000, 20, -10):
        if not 7000 < ago < 7180:
            keep(ago, 900 if ago == 9000 else 5)
    clock = 0.0
    monkeypatch.setattr(sampled.time, "monotonic", lambda: clock)
    monkeypatch.setattr(sampled, "_PIECE_SECONDS", 0.0)
    reading = Reading(redis_client, KEYS, settings)
    first = SamplesNeed(86_400.0).read(reading)
    assert first.going
    assert 20 < len(first.samples) < 40, "those of the month, until all were read"
    readings = 1
    while (found := SamplesNeed(86_400.0).read(reading)).going:
        readings += 1
    assert readings == 3, "a page each"
    assert sum(one.number for one in found.samples) == 1498 - 17
    assert 240 < len(found.samples) < 260, "a minute each"
    depths = [one.figures.queued for one in found.samples if one.figures]
    assert (max(depths), depths.count(900)) == (900, 1)
    assert [round(one.gap) for one in found.samples[1:] if one.gap] == [180]
    drawn = past.curves(found.samples, now.taken_at, 86_400.0, 480)[0].up
    assert drawn.count(900) == 1
    keep(0, 7)
    clock = 61.0
    with monkeypatch.context() as patch:
        patch.setattr(sampled, "_PIECE_SECONDS", 1.0)
        before = redis_client.info("commandstats")["cmdstat_xrange"]["calls"]
        again = SamplesNeed(86_400.0).read(reading)
        assert redis_client.info("commandstats")["cmdstat_xrange"]["calls"] == before + 1
    assert again.samples[-1].figures
    assert again.samples[-1].figures.queued == 7
    assert len(again.samples) - len(found.samples) in (0, 1)


def test_what_is_not_known_is_a_dot_on_the_line() -> None:
    assert area([None, None, 4, 4, None, 4], 3, 2, 8) == ("   ", "·⣿⢸")
    assert area([None, None, 4, 4], 3, 2, 8, down=True) == (" ·⣿", "   ")
