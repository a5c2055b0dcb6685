"""Whatever stands in an answer, it is an extraction the store takes, or an error that says what is wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pantry_queue.receipts.store import Extraction, ReceiptStore
from pantry_queue.tasks.agent_answer import read_answer
from pantry_queue.tasks.errors import BadAnswer, ReadingFailed
from tests.redis.task.agent import receipt_answer

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
values = st.recursive(scalars, lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper), max_leaves=8)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ReceiptStore:
    """One for all examples."""
    opened = ReceiptStore(f"sqlite:///{tmp_path_factory.mktemp('answers') / 'receipts.db'}")
    opened.ensure_user(1)
    return opened


def paths(answer: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where values stand in an answer."""
    inner = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    return [path, *(found for key, value in inner for found in paths(value, (*path, key)))]


def replaced(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The answer with another value in one place."""
    if not path:
        return value
    copy = dict(answer) if isinstance(answer, dict) else list(answer)
    copy[path[0]] = replaced(answer[path[0]], path[1:], value)
    return copy


def outcome(body: bytes) -> tuple[Extraction | None, str]:
    """What was read, or why not."""
    try:
        return read_answer(body, 1), ""
    except (BadAnswer, ReadingFailed) as error:
        return None, str(error)


@hypothesis_settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(paths(receipt_answer(1))), value=values)
def test_any_value_in_any_place(store: ReceiptStore, place: tuple[Any, ...], value: Any) -> None:
    body = json.dumps(replaced(receipt_answer(1), place, value)).encode()
    extraction, refusal = outcome(body)
    if extraction is None:
        assert refusal.isprintable()
        assert refusal
        return
    receipt_id = store.add_receipt("/x.jpg", 1)
    store.save_extraction(receipt_id, extraction)
    assert store.get(receipt_id).total_amount == extraction.total_amount
    assert [item.item_name for item in store.get(receipt_id).items] == [item.item_name for item in extraction.items]


@hypothesis_settings(max_examples=300, deadline=None)
@given(body=st.binary() | st.text('[]{}":,0123456789eE.-+tfn\\u').map(str.encode))
def test_any_bytes(body: bytes) -> None:
    with pytest.raises((BadAnswer, ReadingFailed)):
        read_answer(body, 1)


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"success": true, "metadata": {"total_amount": ' + b"9" * 10_000 + b"}}"],
)
def test_bodies_made_to_hurt(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(body, 1)


@hypothesis_settings(max_examples=200, deadline=None)
@given(amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**8), max_value=10**8, places=2))
def test_amounts_are_read_digit_by_digit_as_text_and_as_number(amount: Decimal) -> None:
    text = json.dumps(receipt_answer(1, total_amount=f"{amount:f}")).encode()
    number = text.replace(f'"{amount:f}"'.encode(), f"{amount:f}".encode(), 1)
    assert text != number
    assert read_answer(text, 1).total_amount == read_answer(number, 1).total_amount == amount


def test_an_impossible_amount_is_left_out_and_noted() -> None:
    answer = receipt_answer(1)
    answer["items"][1]["total_price"] = "4006381333931.00"
    extraction = read_answer(json.dumps(answer).encode(), 1)
    assert extraction.items[1].total_price is None
    assert extraction.total_amount == Decimal("24.23")
    assert extraction.errors == (
        "items do not add up",
        "item 2: total_price 4006381333931.00 is no possible amount and was left out",
    )


def test_what_a_receipt_lacks_may_be_absent() -> None:
    bare = {"success": True, "metadata": {}, "items": [{}]}
    extraction = read_answer(json.dumps(bare).encode(), 1)
    assert (extraction.merchant_name, extraction.total_amount, extraction.purchase_date) == (None, None, None)
    assert extraction.items[0].item_name == ""
