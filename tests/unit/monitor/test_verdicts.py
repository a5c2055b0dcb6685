"""The verdict on a worker: pure rules over what its record and its channel say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pantry_queue.monitor.workers import judge

DEATH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verdict", "exists", "ttl", "subscribed", "busy", "death_at"),
    [
        ("alive", True, 480.0, True, False, None),
        ("alive", True, 480.0, None, False, None),
        ("alive", True, 46.0, True, False, None),
        ("busy", True, 90.0, True, True, None),
        ("busy", True, 60.0, None, True, None),
        ("late", True, 44.0, True, True, None),
        ("late", True, 1.0, None, False, None),
        ("late", True, None, True, False, None),
        ("deaf", True, 480.0, False, False, None),
        ("deaf", True, 31.0, False, True, None),
        ("deaf", True, None, False, False, None),
        ("dead", True, 29.0, False, True, None),
        ("dead", True, 29.0, False, False, None),
        ("dead", True, 55.0, False, False, DEATH),
        ("dead", True, 55.0, True, False, DEATH),
        ("ghost", False, None, False, False, None),
        ("ghost", False, None, None, False, None),
    ],
)
def test_verdicts(
    verdict: str, exists: bool, ttl: float | None, subscribed: bool | None, busy: bool, death_at: datetime | None
) -> None:
    found, evidence = judge(
        exists=exists, ttl=ttl, subscribed=subscribed, busy=busy, death_at=death_at, heartbeat_age=12.0
    )
    assert found == verdict
    assert evidence.isprintable()
    assert evidence


def test_evidence_names_the_figures_it_rests_on() -> None:
    def evidence(ttl: float, subscribed: bool | None, age: float | None) -> str:
        return judge(exists=True, ttl=ttl, subscribed=subscribed, busy=False, death_at=None, heartbeat_age=age)[1]

    assert "40 s overdue" in evidence(20, False, 100)
    assert "17 s overdue" in evidence(43, True, None)
    assert "100 s old" in evidence(480, False, 100)
    assert "no heartbeat is recorded" in evidence(480, True, None)
    assert "listens" not in evidence(480, None, 1)
