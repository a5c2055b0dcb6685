"""Amounts in printed text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantry_queue.receipts.extract.amounts import find_amounts, repair_digits


def values(text: str, *, whole_units: bool = False) -> list[str]:
    return [str(amount.value) for amount in find_amounts(text, whole_units=whole_units)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TOTAL 1,234.56", ["1234.56"]),
        ("SUMME 1.234,56", ["1234.56"]),
        ("CHF 1'234.50", ["1234.50"]),
        ("1,234,567.89", ["1234567.89"]),
        ("2,59 x 2 5,18", ["2.59", "5.18"]),
        ("RM .40", ["0.40"]),
        ("12. 34", ["12.34"]),
        ("-3.51", ["-3.51"]),
        ("3,51-", ["-3.51"]),
        ("RM -3.51", ["-3.51"]),
        ("\N{MINUS SIGN}3.51", ["-3.51"]),
        ("$8.20", ["8.20"]),
        ("S8.20", ["8.20"]),
        ("1O.50", ["10.50"]),
        ("180 108.12", ["108.12"]),
        ("\N{FULLWIDTH DIGIT ONE}2\N{FULLWIDTH FULL STOP}50", ["12.50"]),
    ],
)
def test_reads_what_is_printed(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    "text", ["16/04/2018", "02.03.2015", "16:28:33", "7 %", "8.25%", "8.25 %", "123", "1.2.3", "Nr. 12345"]
)
def test_dates_times_rates_and_numbers_are_no_amounts(text: str) -> None:
    assert values(text) == []


def test_currencies_without_cents_need_a_thousands_group() -> None:
    assert values("TOTAL Rp 58.000", whole_units=True) == ["58000.00"]
    assert values("2 x 1,250,000", whole_units=True) == ["1250000.00"]
    assert values("12.34", whole_units=True) == []


def test_only_words_of_digits_are_repaired() -> None:
    assert repair_digits("OIL 1O.50 SOIL") == "OIL 10.50 SOIL"


@given(st.decimals(min_value="0.00", max_value="9999999.99", places=2), st.sampled_from(["", "RM ", "$", "EUR "]))
def test_every_amount_is_read_back_exactly(value: Decimal, sign: str) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for printed in (english, german, f"{value:.2f}"):
        assert [amount.value for amount in find_amounts(f"Total: {sign}{printed}")] == [value]


@given(st.text(alphabet=st.characters(), max_size=80) | st.text(alphabet="0123456789.,-' RMS$OlB%/:", max_size=80))
def test_any_text_gives_decimals_with_two_places_and_true_positions(text: str) -> None:
    for whole_units in (False, True):
        for amount in find_amounts(text, whole_units=whole_units):
            assert amount.value.as_tuple().exponent == -2
            assert abs(amount.value) < Decimal("1e13")
            assert 0 <= amount.start < amount.end <= len(repair_digits(text))
