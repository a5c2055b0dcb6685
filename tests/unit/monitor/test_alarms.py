"""What an operator may say is too much, and what people who do not look are told of it."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pantry_queue.monitor.alarms import Alarms, KnownFailures
from pantry_queue.monitor.alert_rules import DEFAULT, NAMES, Rules, understood
from pantry_queue.monitor.alerts import Alert, alerts
from pantry_queue.monitor.model import (
    Counts,
    FailureGroup,
    FailureReport,
    QueueStat,
    RedisFacts,
    SchedulerStat,
    Snapshot,
)
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText, safe

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def look(counts: Counts, rules: Rules = DEFAULT, *, at: float = 0, **more: Any) -> Snapshot:
    taken = START + timedelta(seconds=at)
    queue = QueueStat(
        safe("emails"), counts, (SafeText("w"),), raw_name=b"emails", oldest_at=more.pop("oldest_at", None)
    )
    return Snapshot(taken, 1.0, SafeText("here"), RedisFacts(), queues=(queue,), **more)


def told(snapshots: list[Snapshot], table: dict[str, Any]) -> list[tuple[str, str]]:
    """Code and level of what is told of the last one, each look knowing what was told before."""
    history, found, rules = RateHistory(), (), understood(table)
    for snapshot in snapshots:
        history.observe(snapshot)
        found = alerts(snapshot, history, rules, before=found)
    return [(alert.code, alert.level) for alert in found]


@pytest.mark.parametrize(
    ("counts", "more", "table", "expected"),
    [
        (Counts(queued=11, started=1), {}, {}, []),
        (Counts(queued=11, started=1), {}, {"depth": "10:20"}, [("depth", "warning")]),
        (Counts(queued=21, started=1), {}, {"depth": "10:20"}, [("depth", "critical")]),
        (Counts(queued=21, started=1), {}, {"depth": ["10:20", "emails=off"]}, []),
        (Counts(queued=21, started=1), {}, {"depth": ["other=1:1", "emails=:21"]}, []),
        (Counts(queued=21, started=1), {}, {"depth": 20}, [("depth", "critical")]),
        (Counts(queued=1), {"oldest_at": START - timedelta(hours=1, seconds=1)}, {}, [("age", "warning")]),
        (Counts(queued=1), {"oldest_at": START - timedelta(minutes=9)}, {"age": "5m:8m"}, [("age", "critical")]),
        (Counts(queued=1), {"oldest_at": START - timedelta(minutes=9)}, {"age": "off"}, []),
        (Counts(overdue=101), {}, {}, [("overdue-no-scheduler", "critical")]),
        (Counts(overdue=101), {}, {"mute": ["overdue-no-scheduler"]}, []),
        (
            Counts(overdue=101),
            {"schedulers": (SchedulerStat(safe("emails"), SafeText("w"), 9.0),)},
            {},
            [("overdue", "warning")],
        ),
    ],
)
def test_limits_of_one_look(
    counts: Counts, more: dict[str, Any], table: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert told([look(counts, **more)], table) == expected


def test_failures_by_number_and_by_share() -> None:
    past = [look(Counts(finished=60 + second, failed=second), at=second) for second in range(61)]
    assert told(past, {}) == [("failure-rate", "warning"), ("failures", "note")]
    assert told(past, {"rate": "60:80"}) == [("failures", "note")]
    assert told(past, {"rate": "off", "failures": "9:50"}) == [("failures", "critical")]
    assert told(past[:9], {}) == [("failures", "note")], "a few say nothing of the share"


def test_a_value_about_its_limit_does_not_come_and_go() -> None:
    def levels(*depths: int) -> list[str]:
        looks = [look(Counts(queued=depth, started=1), at=number) for number, depth in enumerate(depths)]
        return [level for _, level in told(looks, {"depth": "100:200", "growth": "off", "stall": "off"})]

    assert levels(101) == ["warning"]
    assert levels(100) == []
    assert levels(101, 95, 91) == ["warning"]
    assert levels(101, 90) == []
    assert levels(201, 190) == ["critical"]
    assert levels(201, 180) == ["warning"]
    assert levels(201, 180, 199) == ["warning"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"dept": "1:2"}, "rule 'dept' is unknown; known are depth, age"),
        ({"depth": "5:1"}, "rule 'depth': '5:1' is critical before it warns"),
        ({"depth": ["1", True]}, "rule 'depth': should be"),
        ({"age": "5 parsecs"}, "rule 'age': '5 parsecs' is no number"),
        ({"memory": "emails=1:2"}, "rule 'memory': is about Redis"),
        ({"no_worker": "yes"}, "rule 'no_worker': should be true or false"),
        ({"hold": "-3"}, "rule 'hold': '-3' should be 0 or more"),
        ({"mute": ["paused", "pauze"]}, "rule 'mute': 'pauze' is no alert"),
        ({"new_failure": []}, "rule 'new_failure': should be a time"),
    ],
)
def test_a_bad_rule_is_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="^" + said.replace("(", r"\(")) as raised:
        understood(table)
    assert "\n" not in str(raised.value)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # drawing is slow on a busy machine
@given(st.dictionaries(st.sampled_from([*NAMES, "else"]), _VALUES, max_size=3))
def test_whatever_a_file_says_is_rules_or_one_sentence(table: dict[str, Any]) -> None:
    try:
        assert isinstance(understood(table), Rules)
    except ValueError as error:
        assert any(f"rule {name!r}" in str(error) for name in table)  # noqa: PT017


def alert(level: str = "warning", subject: str = "emails") -> Alert:
    return Alert(level, "queue", subject, "text", "short", code="depth")  # type: ignore[arg-type]


class TestAlarms:
    def test_told_once_when_it_lasts_and_once_when_it_is_over(self) -> None:
        alarms = Alarms(30)
        looks = [(at, [alert()] if 100 <= at < 200 else []) for at in range(0, 300, 10)]
        changes = [change for at, found in looks for change in alarms.observe(at, found)]
        assert [(change.what, change.since, change.at) for change in changes] == [
            ("started", 100, 130),
            ("ended", 100, 230),
        ]
        assert alarms.followed == ()

    def test_what_comes_and_goes_is_not_told(self) -> None:
        alarms = Alarms(30)
        for at in range(0, 600, 10):
            assert alarms.observe(at, [alert()] if at % 30 else []) == ()
        assert [c.what for at in range(600, 700, 10) for c in alarms.observe(at, [alert()])] == ["started"]
        # and one that was told does not end by a moment's absence
        assert [c.what for at in range(700, 900, 10) for c in alarms.observe(at, [alert()] if at % 30 else [])] == []

    def test_worse_is_told_once(self) -> None:
        alarms = Alarms(30)
        levels = ["warning"] * 5 + ["critical"] * 2 + ["warning"] * 3 + ["critical"] * 5 + ["warning", "critical"] * 5
        found = [c for n, level in enumerate(levels) for c in alarms.observe(10 * n, [alert(level)])]
        assert [(c.what, c.alert.level) for c in found] == [("started", "warning"), ("worsened", "critical")]

    def test_quiet_while_acknowledged(self) -> None:
        alarms, key = Alarms(30), alert().key
        assert not any(alarms.observe(at, [alert()], {key}) for at in range(0, 100, 10))
        assert [c.what for c in alarms.observe(100, [alert()])] == ["started"], "nobody answers for it any more"
        assert not any(alarms.observe(at, [alert("critical")], {key}) for at in range(110, 200, 10))
        assert [c.what for at in range(200, 260, 10) for c in alarms.observe(at, [], {key})] == ["ended"]

    def test_notes_are_not_followed_unless_asked_for(self) -> None:
        assert Alarms(0).observe(1, [alert("note")]) == ()
        assert len(Alarms(0, "note").observe(1, [alert("note")])) == 1

    def test_nothing_ends_while_nobody_looks(self) -> None:
        alarms = Alarms(30)
        for at in (0, 30):
            alarms.observe(at, [alert()])
        again = Alarms(30, known=alarms.followed)
        assert again.observe(5000, []) == ()
        assert [c.what for at in (5010, 5040) for c in again.observe(at, [])] == ["ended"]

    def test_what_there_is_no_room_for_comes_later(self) -> None:
        alarms = Alarms(0)
        found = [alert(subject=str(number)) for number in range(5)]
        assert [len(alarms.observe(at, found, room=2)) for at in range(4)] == [2, 2, 1, 0]
        assert [len(alarms.observe(at, [], room=3)) for at in range(4, 7)] == [3, 2, 0]

    def test_a_clock_set_back_ends_nothing(self) -> None:
        alarms = Alarms(30)
        for at in (1000, 1030, 400, 410):
            alarms.observe(at, [alert()])
        assert len(alarms.followed) == 1


def report(at: float, *signatures: str) -> FailureReport:
    when = START + timedelta(seconds=at)
    group = FailureGroup(
        "", safe("f"), safe("a.B"), safe("m"), safe("w"), 1, (), 0, 0, 0, None, None, 0, safe("i"), safe("e")
    )
    return FailureReport(tuple(replace(group, signature=one) for one in signatures), 1, 1, 0, when)


def test_a_kind_of_failure_is_new_only_once() -> None:
    known = KnownFailures()
    assert known.observe(report(0, "a"), 900) == (), "what was there before anybody looked is not new"
    (new,) = known.observe(report(10, "a", "b"), 900)
    assert (new.signature, len(known.observe(report(800, "b"), 900))) == ("b", 1)
    assert known.observe(report(920, "b"), 900) == ()
    again = KnownFailures(dict(known.kinds))
    assert [group.signature for group in again.observe(report(1000, "a", "b", "c"), 900)] == ["c"]
    history = RateHistory()
    (found,) = alerts(look(Counts()), history, new=(new,))
    assert (found.kind, found.code, found.key, found.subject) == ("failure", "new-failure", "new-failure:b", "B")


def test_kinds_are_forgotten_in_time() -> None:
    known = KnownFailures({str(number): (0.0, START.timestamp() - number) for number in range(6000)})
    known.observe(report(0, "0"), 900)
    assert len(known.kinds) == 5000
    known.observe(report(15 * 86_400, "z"), 900)
    assert list(known.kinds) == ["z"]
