"""Which receipts wait to be read, and moving one from one place to another, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import create_engine, text

from pantry_queue.errors import StoreUnavailable
from pantry_queue.receipts.store import MAX_PAGE, Extraction, OcrStatus, ReceiptStore


def test_those_that_wait_come_oldest_first_without_the_others(store: ReceiptStore) -> None:
    mine = [store.add_receipt(f"/{number}.jpg", 1) for number in range(6)]
    store.add_receipt("/other.jpg", 2)
    store.mark_processing(mine[1], image_path="", user_id=1)
    store.mark_failed(mine[2], "unreadable")
    store.save_extraction(mine[3], Extraction())
    assert list(store.pending(1)) == [(mine[n], f"/{n}.jpg", 1) for n in (0, 4, 5)]
    assert [receipt.user_id for receipt in store.pending()] == [1, 1, 1, 2]
    assert list(store.pending(3)) == []


def test_pages_are_read_as_they_are_asked_for(store: ReceiptStore) -> None:
    ids = [store.add_receipt("/x.jpg", 1) for _ in range(MAX_PAGE)]
    waiting = store.pending(1)
    begun = [next(waiting).receipt_id for _ in range(MAX_PAGE)]
    later = store.add_receipt("/y.jpg", 1)
    assert begun == ids
    assert [receipt.receipt_id for receipt in waiting] == [later]


def test_those_a_job_was_made_for_are_told_from_those_only_handed_in(store: ReceiptStore) -> None:
    ids = [store.add_receipt("/x.jpg", 1) for _ in range(5)]
    store.note_queued(iter([ids[1], ids[3], 99]))
    store.mark_processing(ids[2], image_path="", user_id=1)
    store.mark_pending(ids[2], "agent away")  # who was taken once was enqueued, whoever did it
    store.mark_failed(ids[3], "unreadable")
    soon = datetime.now(UTC) + timedelta(seconds=5)

    def found(queued: bool | None) -> list[int]:
        return [receipt.receipt_id for receipt in store.unmoved("pending", soon, queued=queued)]

    assert (found(True), found(False), found(None)) == (
        [ids[1], ids[2]],
        [ids[0], ids[4]],
        [ids[n] for n in (0, 1, 2, 4)],
    )
    assert list(store.unmoved("pending", soon - timedelta(minutes=1))) == []


def test_a_database_of_an_earlier_version_is_used_on(new_url: Callable[[], str]) -> None:
    url = new_url()
    old = ReceiptStore(url)
    receipt = old.add_receipt("/x.jpg", 1)
    old.close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE receipts DROP COLUMN ocr_queued_at"))
    engine.dispose()
    stores = [ReceiptStore(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:  # API and workers are started anew at once
        list(pool.map(ReceiptStore.prepare, stores))
    stores[0].note_queued([receipt])
    soon = datetime.now(UTC) + timedelta(seconds=5)
    assert [found.receipt_id for found in stores[1].unmoved("pending", soon, queued=True)] == [receipt]
    for store in stores:
        store.close()


def test_a_receipt_is_moved_only_from_where_it_was_seen(store: ReceiptStore) -> None:
    receipt = store.add_receipt("/x.jpg", 1)
    store.mark_failed(receipt, "unreadable")
    assert not store.move(receipt, before="completed", after="pending")
    assert store.move(receipt, before="failed", after="pending")
    assert not store.move(receipt, before="failed", after="pending")
    assert not store.move(receipt + 1, before="failed", after="pending")
    moved = store.get(receipt)
    assert (moved.ocr_status, moved.extraction_errors) == ("pending", ("unreadable",))
    with pytest.raises(StoreUnavailable):
        store.move(receipt, before="pending", after=cast(OcrStatus, "lost"))


def test_a_database_that_is_away_is_told(store: ReceiptStore) -> None:
    store.check()
    with pytest.raises(StoreUnavailable, match="/no/such/folder"):
        ReceiptStore("sqlite:////proc/no/such/folder/receipts.db").check()
