"""The page of keys in the docs says what the tables say."""

from __future__ import annotations

from tests.key_sheet import SHEET, sheet


def test_it_is_up_to_date() -> None:
    assert SHEET.read_text("utf-8") == sheet(), "python -m tests.key_sheet writes it anew"
