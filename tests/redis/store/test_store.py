"""The store on both databases: what goes in comes out, whole or not at all, whoever else is at it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from pantry_queue.errors import NotFound
from pantry_queue.receipts.store import (
    ExtractedItem,
    Extraction,
    Receipt,
    ReceiptStore,
    fitting,
)
from tests.redis.store.crowd import add_and_adopt, crowd, replace, use_first

NewUrl = Callable[[], str]
READ = Extraction(
    merchant_name="Corner Shop",
    purchase_date=date(2026, 11, 20),
    total_amount=Decimal("24.23"),
    currency="EUR",
    confidence=0.93,
    items=(
        ExtractedItem("Milk", Decimal(2), Decimal("1.10"), Decimal("2.20"), "EUR", 0.9),
        ExtractedItem("Petrol", Decimal("12.512"), Decimal("1.759"), Decimal("22.01"), "EUR", None),
        ExtractedItem("?"),
    ),
    ocr_text="Corner Shop\nTOTAL 24.23",
    errors=("items do not add up",),
)
anything = hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def contents(receipt: Receipt) -> Extraction:
    """What a receipt holds, as a reading."""
    items = tuple(
        ExtractedItem(item.item_name, item.quantity, item.unit_price, item.total_price, item.currency, item.confidence)
        for item in receipt.items
    )
    return Extraction(
        receipt.merchant_name,
        receipt.purchase_date,
        receipt.total_amount,
        receipt.currency,
        receipt.extraction_confidence,
        items,
        receipt.ocr_text or "",
        receipt.extraction_errors,
    )


def test_a_new_receipt_waits_to_be_read(store: ReceiptStore) -> None:
    before = datetime.now(UTC)
    receipt = store.get(store.add_receipt("/x.jpg", 3, purchase_date=date(2026, 1, 2)))
    assert (receipt.id, receipt.user_id, receipt.image_path) == (1, 3, "/x.jpg")
    assert (receipt.status, receipt.ocr_status, receipt.purchase_date) == ("uploaded", "pending", date(2026, 1, 2))
    assert (receipt.items, receipt.total_amount, receipt.parsed_at) == ((), None, None)
    assert before <= receipt.created_at <= datetime.now(UTC)
    assert receipt.created_at.utcoffset() is not None


def test_what_was_read_comes_back_exactly(store: ReceiptStore) -> None:
    receipt_id = store.add_receipt("/x.jpg", 1)
    store.save_extraction(receipt_id, READ)
    receipt = store.get(receipt_id)
    assert contents(receipt) == READ
    assert str(receipt.total_amount) == "24.23"
    assert [str(item.unit_price) for item in receipt.items[:2]] == ["1.10", "1.759"]
    assert [str(item.quantity) for item in receipt.items[:2]] == ["2", "12.512"]
    assert (receipt.ocr_status, receipt.status) == ("completed", "processed")
    assert receipt.parsed_at is not None
    assert receipt.updated_at >= receipt.created_at


def test_saving_twice_leaves_one_result(store: ReceiptStore) -> None:
    receipt_id = store.add_receipt("/x.jpg", 1)
    store.save_extraction(receipt_id, READ)
    store.save_extraction(receipt_id, READ)
    assert contents(store.get(receipt_id)) == READ
    store.save_extraction(receipt_id, Extraction(items=(ExtractedItem("only"),)))
    receipt = store.get(receipt_id)
    assert [item.item_name for item in receipt.items] == ["only"]
    assert (receipt.merchant_name, receipt.total_amount, receipt.extraction_errors) == (None, None, ())
    assert receipt.purchase_date == READ.purchase_date


def test_a_result_that_cannot_be_stored_whole_is_not_stored_at_all(store: ReceiptStore) -> None:
    receipt_id = store.add_receipt("/x.jpg", 1)
    store.save_extraction(receipt_id, READ)
    broken = Extraction(merchant_name="Other", items=(ExtractedItem("a"), ExtractedItem("b", Decimal(10) ** 30)))
    with pytest.raises(Exception, match="more than 14 digits"):
        store.save_extraction(receipt_id, broken)
    assert contents(store.get(receipt_id)) == READ


def test_states_follow_a_reading(store: ReceiptStore) -> None:
    receipt_id = store.add_receipt("/x.jpg", 1)
    store.mark_pending(receipt_id, "not on")
    assert store.get(receipt_id).extraction_errors == (), "no reading was on"
    store.mark_processing(receipt_id, image_path="/x.jpg", user_id=1)
    store.mark_pending(receipt_id, "agent away\0\ud800")
    receipt = store.get(receipt_id)
    assert (receipt.ocr_status, receipt.extraction_errors) == ("pending", ("agent away\ufffd\ufffd",))
    store.mark_processing(receipt_id, image_path="/x.jpg", user_id=1)
    store.mark_failed(receipt_id, "no image")
    assert store.get(receipt_id).ocr_status == "failed"
    store.save_extraction(receipt_id, READ)
    store.mark_failed(receipt_id, "a late second run")
    store.mark_pending(receipt_id, "a late second run")
    assert contents(store.get(receipt_id)) == READ
    assert store.get(receipt_id).ocr_status == "completed"


def test_lists_are_paged_newest_first_and_of_one_user(store: ReceiptStore) -> None:
    ids = [store.add_receipt(f"/{number}.jpg", 1 + number % 2) for number in range(10)]
    store.save_extraction(ids[3], READ)
    assert [receipt.id for receipt in store.list()] == ids[::-1]
    assert [receipt.id for receipt in store.list(2)] == ids[1::2][::-1]
    assert [receipt.id for receipt in store.list(2, limit=2, offset=1)] == [ids[7], ids[5]]
    (read,) = store.list(ocr_status="completed")
    assert contents(read) == READ
    assert store.counts() == {"pending": 9, "processing": 0, "completed": 1, "failed": 0}
    assert store.counts(1) == {"pending": 5, "processing": 0, "completed": 0, "failed": 0}


def test_ids_from_outside_and_our_own_never_meet(store: ReceiptStore) -> None:
    store.ensure_user(2)
    assert store.add_user("anna") == 3
    store.ensure_user(2)
    store.mark_processing(50, image_path="/x.jpg", user_id=9)
    assert store.add_user() == 10
    assert store.add_receipt("/y.jpg", 4) == 51
    store.mark_processing(20, image_path="/x.jpg", user_id=9)
    assert store.add_receipt("/z.jpg", 4) == 52
    assert (store.get(50).user_id, store.get(50).ocr_status) == (9, "processing")


def test_what_is_not_there_is_named(store: ReceiptStore) -> None:
    with pytest.raises(NotFound, match="There is no receipt 5 in "):
        store.get(5)
    with pytest.raises(NotFound, match="deleted while it was read"):
        store.save_extraction(5, READ)


@anything
@given(
    amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4),
    text=st.text(st.characters(exclude_categories=())),
)
def test_any_amount_and_any_text_survive(store: ReceiptStore, amount: Decimal, text: str) -> None:
    receipt_id = store.add_receipt(text, 1)
    store.save_extraction(
        receipt_id,
        Extraction(
            text, total_amount=amount, items=(ExtractedItem(text, amount, amount),), ocr_text=text, errors=(text,)
        ),
    )
    receipt = store.get(receipt_id)
    assert (receipt.total_amount, receipt.items[0].quantity, receipt.items[0].unit_price) == (amount,) * 3
    clean = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    for held in (receipt.image_path, receipt.ocr_text, receipt.extraction_errors[0], receipt.items[0].item_name):
        assert held is not None
        assert "\0" not in held
        held.encode()
        if text.isprintable():
            assert held == clean


@pytest.mark.parametrize(
    ("given_amount", "kept"),
    [
        ("24.23", "24.23"),
        ("24.2", "24.20"),
        ("1E+3", "1000.00"),
        ("1.59949", "1.5995"),
        ("24.229999999999997", "24.23"),
        ("-0.005", "-0.005"),
        ("0", "0.00"),
        ("9999999999.9999", "9999999999.9999"),
        ("10000000000", None),
        ("1E+999999", None),
        ("NaN", None),
        ("-Infinity", None),
    ],
)
def test_amounts_are_kept_to_four_places(given_amount: str, kept: str | None) -> None:
    held = fitting(Decimal(given_amount))
    assert (held if held is None else f"{held:f}") == kept


def as_before_leases(url: str) -> None:
    """A database as the version made it that knew no leases."""
    store = ReceiptStore(url)
    store.prepare()
    engine = create_engine(url)
    with engine.begin() as connection:
        for name in ("ocr_leases", "ocr_attempts", "ocr_results"):
            connection.execute(text(f"DROP TABLE {name}"))
    engine.dispose()


def test_many_processes_may_be_the_first_to_use_a_database(new_url: NewUrl) -> None:
    urls = [new_url() for _ in range(8)]
    for url in urls[4:]:
        as_before_leases(url)
    assert crowd(use_first, 6, urls) == [0] * 6
    for url in urls:
        store = ReceiptStore(url)
        assert len(store.list(1)) == 6
        store.close()


def test_processes_adding_and_adopting_receipts_do_not_collide(new_url: NewUrl) -> None:
    url = new_url()
    assert crowd(add_and_adopt, 4, url, 20) == [0] * 4
    store = ReceiptStore(url)
    paths = [receipt.image_path for receipt in store.list(limit=1000)]
    assert paths.count("/own.jpg") == 80
    store.close()


def test_processes_saving_one_receipt_leave_the_items_of_one(new_url: NewUrl) -> None:
    url = new_url()
    store = ReceiptStore(url)
    receipt_id = store.add_receipt("/x.jpg", 1)
    assert crowd(replace, 4, url, receipt_id, 25) == [0] * 4
    receipt = store.get(receipt_id)
    winner = int(receipt.merchant_name or "")
    assert [item.item_name for item in receipt.items] == [f"of {winner}"] * (winner + 1)
    newest = store.attempts(receipt_id)[0]
    assert (newest.fence, newest.kind, newest.job_id) == (100, "completed", str(winner)), "runs are counted one by one"
    store.close()


def test_a_store_that_was_used_may_be_used_on_both_sides_of_a_fork(store: ReceiptStore) -> None:
    receipt_id = store.add_receipt("/x.jpg", 1)
    children = []
    for number in range(3):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                store.get(receipt_id)
                store.add_receipt(f"/{number}.jpg", 1)
                store.close()
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
        store.add_receipt("/parent.jpg", 1)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    store.save_extraction(receipt_id, READ)
    assert contents(store.get(receipt_id)) == READ
    assert len(store.list()) == 7
