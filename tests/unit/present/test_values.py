"""Values over several lines, by their brackets alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.tui.present.values import laid_out


def test_one_item_a_line_and_small_brackets_on_one() -> None:
    value = "{'receipt_id': 61, 'status': 'completed', 'result': {'total': '53.36', 'items': [1, 2]}}"
    assert laid_out(value, 30) == [
        "{",
        "  'receipt_id': 61,",
        "  'status': 'completed',",
        "  'result': {",
        "    'total': '53.36',",
        "    'items': [1, 2]",
        "  }",
        "}",
    ]
    assert laid_out(value, 60)[3] == "  'result': {'total': '53.36', 'items': [1, 2]}"


def test_what_fits_stays() -> None:
    assert laid_out("{'a': 1}") == ["{'a': 1}"]


def test_brackets_and_commas_inside_quotes_are_text() -> None:
    value = "['a, b', \"it's [not] one\", 'c\\'d, e', 'ffffffffffffffffffffffffff']"
    assert laid_out(value, 20) == [
        "[",
        "  'a, b',",
        '  "it\'s [not] one",',
        "  'c\\'d, e',",
        "  'ffffffffffffffffffffffffff'",
        "]",
    ]


@pytest.mark.parametrize(
    "text", ["x" * 100, "{'a': " + "1" * 80, "}" * 70, "{]" * 40, "(" * 5000 + ")" * 5000, "'" * 99]
)
def test_what_is_no_nesting_stays_as_it_is(text: str) -> None:
    assert laid_out(text) == [text]


@given(st.text(alphabet="{}[](),'\"\\ ab1:", max_size=300), st.integers(1, 60))
def test_nothing_is_lost(text: str, width: int) -> None:
    assert "".join("".join(laid_out(text, width)).split()) == "".join(text.split())
