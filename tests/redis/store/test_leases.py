"""One run at a time over a receipt, and only the newest may store, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pantry_queue.errors import StoreUnavailable
from pantry_queue.receipts.store import BeingRead, Extraction, Overtaken, ReceiptStore, attempts_seen


def begin(store: ReceiptStore, receipt_id: int, holder: str, seconds: float = 100) -> int:
    """The fence of a run that begins."""
    return store.mark_processing(receipt_id, image_path="/x.jpg", user_id=1, holder=holder, seconds=seconds)


def kinds(store: ReceiptStore, receipt_id: int) -> list[tuple[int, str, str]]:
    """What is remembered of the runs, newest first."""
    return [(attempt.fence, attempt.job_id, attempt.kind) for attempt in store.attempts(receipt_id)]


def test_a_lease_keeps_other_jobs_off_until_it_is_given_back(store: ReceiptStore) -> None:
    assert begin(store, 7, "a") == 1
    before = store.get(7)
    with pytest.raises(BeingRead, match="another job reads receipt 7") as busy:
        begin(store, 7, "b")
    assert 90 < busy.value.retry_after <= 100
    assert store.get(7) == before
    store.mark_pending(7, "agent away", fence=1, kind="agent_down")
    assert begin(store, 7, "b") == 2
    store.mark_failed(7, "no image", fence=2, kind="bad_input")
    assert begin(store, 7, "c") == 3
    store.save_extraction(7, Extraction(merchant_name="Shop"), fence=3)
    assert begin(store, 7, "d", seconds=-1) == 4
    assert begin(store, 7, "e") == 5, "a lease ends by itself"
    assert kinds(store, 7) == [
        (5, "e", "running"),
        (4, "d", "lost"),
        (3, "c", "completed"),
        (2, "b", "bad_input"),
        (1, "a", "agent_down"),
    ]
    ended = store.attempts(7)[4]
    assert ended.message == "agent away"
    assert ended.ended_at is not None
    assert ended.at <= ended.ended_at


def test_a_run_that_comes_back_late_changes_nothing(store: ReceiptStore) -> None:
    late, newer = begin(store, 7, "a"), begin(store, 7, "a")
    assert (late, newer) == (1, 2), "a job takes over its own lease"
    for end in (store.mark_pending, store.mark_failed):
        end(7, "late", fence=late, kind="agent_down")
        assert (store.get(7).ocr_status, store.get(7).extraction_errors) == ("processing", ())
    with pytest.raises(Overtaken):
        store.save_extraction(7, Extraction(merchant_name="Late"), fence=late)
    assert (store.get(7).ocr_status, store.get(7).merchant_name) == ("processing", None)
    with pytest.raises(BeingRead):
        begin(store, 7, "b")
    store.save_extraction(7, Extraction(merchant_name="Newer"), fence=newer)
    with pytest.raises(Overtaken):
        store.save_extraction(7, Extraction(merchant_name="Late"), fence=late)
    assert store.get(7).merchant_name == "Newer"
    assert kinds(store, 7) == [(2, "a", "completed"), (1, "a", "overtaken")]


def test_attempts_are_bounded_and_of_one_receipt(store: ReceiptStore) -> None:
    for _ in range(25):
        begin(store, 7, "a")
    begin(store, 8, "b")
    assert [attempt.fence for attempt in store.attempts(7)] == list(range(25, 5, -1))
    assert kinds(store, 8) == [(1, "b", "running")]
    assert store.attempts(9) == ()


def test_a_result_is_given_again_only_while_the_newest_run_stands(store: ReceiptStore) -> None:
    for number in range(1, 9):
        fence = begin(store, 7, "a")
        assert store.newest_result(7) is None, "a newer run has begun"
        read = Extraction(engine="reader", image_sha256=f"{number % 7}")
        store.save_extraction(7, read, fence=fence, ordered_by=f"order {number}", body={"items": number})
        result = store.newest_result(7)
        assert result is not None
        assert (result.ordered_by, result.body, result.fence) == (f"order {number}", {"items": number}, fence)
        assert (result.engine, result.image_sha) == ("reader", f"{number % 7}")
    assert store.move(7, before="completed", after="pending")
    assert store.newest_result(7) is None, "it is asked for anew"
    assert store.newest_result(8) is None


def test_a_database_can_be_looked_into_without_being_made(new_url: Callable[[], str]) -> None:
    url = new_url()
    with pytest.raises(StoreUnavailable):
        attempts_seen(url, 7)
    store = ReceiptStore(url)
    begin(store, 7, "a")
    assert attempts_seen(url, 7) == store.attempts(7)
    assert (len(attempts_seen(url, 7)), attempts_seen(url, 8)) == (1, ())
    store.close()
