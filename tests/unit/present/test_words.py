"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.present import words

NOON = datetime(2026, 11, 24, 12, 4, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-5, "0s"),
        (0, "0s"),
        (18.9, "18s"),
        (59.9, "59s"),
        (60, "1m00"),
        (77, "1m10"),
        (599, "9m50"),
        (600, "10m"),
        (3599, "59m"),
        (3600, "1h00"),
        (7565, "2h05"),
        (86400, "1d0h"),
        (3 * 86400 + 4 * 3600, "3d4h"),
        (358 * 86400 + 7200, "358d"),
    ],
)
def test_age(seconds: float | None, text: str) -> None:
    assert words.age(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0ms"),
        (0.0342, "34ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (1.34, "1.3s"),
        (9.96, "10s"),
        (18.4, "18s"),
        (59.7, "1m00"),
        (400, "6m40"),
    ],
)
def test_took(seconds: float | None, text: str) -> None:
    assert words.took(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-1, "no limit"),
        (0, "0s"),
        (180, "3m"),
        (500, "500s"),
        (3600, "1h"),
        (86400, "1 day"),
        (172800, "2 days"),
        (31_536_000, "1 year"),
    ],
)
def test_span(seconds: int | None, text: str) -> None:
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (None, "-"),
        (0, "0"),
        (0.001, "0"),
        (0.05, "3/m"),
        (0.42, "0.4"),
        (9.94, "9.9"),
        (9.96, "10"),
        (12345.6, "12,346"),
    ],
)
def test_rate(per_second: float | None, text: str) -> None:
    assert words.rate(per_second) == text


def test_a_rate_with_its_unit() -> None:
    assert words.per_second(0.05) == "3/m"
    assert words.per_second(4.0) == "4.0/s"
    assert words.per_second(None) == "-"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1_572_864, "1.5 MiB"),
        (3_500_000_000, "3.3 GiB"),
        (2**60, "1048576 TiB"),
    ],
)
def test_size(number: int, text: str) -> None:
    assert words.size(number) == text


def test_amount() -> None:
    assert words.amount(1, "job") == "1 job"
    assert words.amount(7838, "job") == "7,838 jobs"
    assert words.amount(2, "entry", "entries") == "2 entries"


def test_a_moment_of_another_day_has_its_date() -> None:
    assert words.moment(NOON, NOON) == "12:04:31Z"
    assert words.moment(NOON - timedelta(days=3), NOON) == "2026-11-21 12:04:31Z"
    assert words.moment(None, NOON) == "-"


def test_clocks_that_differ_give_no_negative_time() -> None:
    assert words.seconds_between(NOON, NOON - timedelta(seconds=4)) == 0.0
    assert words.seconds_between(None, NOON) is None


@given(st.floats(0, 10**9))
def test_ages_stay_short(seconds: float) -> None:
    assert len(words.age(seconds)) <= 8
    assert len(words.took(seconds)) <= 8
    assert words.reach(seconds)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("smtplib.SMTPServerDisconnected: closed", "SMTPServerDisconnected: closed"),
        ("a.b.c.Oops", "Oops"),
        ("ValueError: see a.b: c", "ValueError: see a.b: c"),
        ("no such host: cache.local", "no such host: cache.local"),
        ("1.5: odd", "1.5: odd"),
        ("", ""),
    ],
)
def test_an_error_without_its_module(error: str, text: str) -> None:
    assert words.without_module(error) == text
