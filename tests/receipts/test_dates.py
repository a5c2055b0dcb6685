"""Purchase dates in printed text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.receipts.extract import OcrLine
from pantry_queue.receipts.extract.dates import EARLIEST, find_dates, find_purchase_date
from pantry_queue.receipts.extract.rows import rows_of

TODAY = date(2026, 11, 24)
Printed = Callable[..., list[OcrLine]]


def found(text: str, order: str = "DMY") -> list[date]:
    return [day.value for day in find_dates(text, order="MDY" if order == "MDY" else "DMY", today=TODAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Date: 16/04/2018", date(2018, 4, 16)),
        ("16/04/201816:28", date(2018, 4, 16)),
        ("#19-18/03/2018", date(2018, 3, 18)),
        ("2- 24/06/2018", date(2018, 6, 24)),
        ("02.03.2015:59", date(2020, 3, 2)),
        ("02.03.20 15:59", date(2020, 3, 2)),
        ("2018-02-09", date(2018, 2, 9)),
        ("9 FEB 2018", date(2018, 2, 9)),
        ("09-Mac-2018", date(2018, 3, 9)),
        ("Dez. 24, 2019", date(2019, 12, 24)),
        ("1st March 2020", date(2020, 3, 1)),
        ("Feb 9, 2018", date(2018, 2, 9)),
        ("O9/02/2O18", date(2018, 2, 9)),
        ("20180209", date(2018, 2, 9)),
        ("12/25/2019", date(2019, 12, 25)),
        ("25/12/2019", date(2019, 12, 25)),
    ],
)
def test_reads_what_tills_print(text: str, expected: date) -> None:
    assert found(text) == [expected]


def test_the_order_decides_where_both_could_be_the_month() -> None:
    assert found("03/04/2026", "DMY") == [date(2026, 4, 3)]
    assert found("03/04/2026", "MDY") == [date(2026, 3, 4)]


@pytest.mark.parametrize("text", ["31/02/2020", "99/99/2020", "16:28:33", "1.234,56", "01/01/1980", "27/11/2026"])
def test_no_date_is_made_up(text: str) -> None:
    assert found(text) == []


def test_a_till_may_run_two_days_ahead() -> None:
    assert found("26/11/2026") == [date(2026, 11, 26)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["Valid until 31/12/2018", "SHOP", "Date: 01/02/2018 10:11"], date(2018, 2, 1)),
        (["valid until 31/12/2018 10:00", "01/02/2018 10:11"], date(2018, 2, 1)),
        (["member since 01/02/2015", "03/04/2018", "12:33"], date(2018, 4, 3)),
        (["since 01.01.1999", "Datum 02.03.2020"], date(2020, 3, 2)),
    ],
)
def test_words_and_times_beside_a_date_decide(printed: Printed, rows: list[str], expected: date) -> None:
    purchase = find_purchase_date(rows_of(printed(rows)), today=TODAY)
    assert purchase is not None
    assert purchase.value == expected


def test_no_date_is_none(printed: Printed) -> None:
    assert find_purchase_date(rows_of(printed(["SHOP", "Total 5.00"])), today=TODAY) is None


@given(st.dates(min_value=EARLIEST, max_value=TODAY), st.sampled_from("/.-"))
def test_every_date_is_read_back(day: date, separator: str) -> None:
    assert found(day.strftime(f"%d{separator}%m{separator}%Y")) == [day]
    assert found(day.isoformat()) == [day]
    assert found(f"{day.day} {day:%b} {day.year}") == [day]


@given(st.text(max_size=60) | st.text(alphabet="0123456789/.- :OlIJANfebmärſ,'st", max_size=60))
def test_any_text_gives_dates_a_receipt_can_have(text: str) -> None:
    for order in ("DMY", "MDY"):
        for day in found(text, order):
            assert EARLIEST <= day <= TODAY + timedelta(days=2)
