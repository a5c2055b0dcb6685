"""Database and queue tell the same story again, whatever the queue has lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.errors import RedisUnavailable
from pantry_queue.receipts.reconcile import enqueue_waiting, reconcile
from pantry_queue.receipts.store import OcrStatus, ReceiptStore

if TYPE_CHECKING:
    from redis import Redis


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a database of this test."""
    return replace(settings, database_url=f"sqlite:///{tmp_path / 'r.db'}")


@pytest.fixture
def ledger(here: Settings) -> Iterator[ReceiptStore]:
    """The store."""
    opened = ReceiptStore(here.store_url)
    yield opened
    opened.close()


def test_an_emptied_redis_comes_back_with_what_was_enqueued_and_no_more(
    here: Settings, ledger: ReceiptStore, redis_client: Redis
) -> None:
    client = QueueClient(here)
    asked, elsewhere, only_handed_in = ([ledger.add_receipt("/x.jpg", 1) for _ in range(3)] for _ in range(3))
    assert enqueue_waiting(ledger, client, ledger.pending(), limit=3) == [f"ocr-{n}" for n in asked]
    client.enqueue_batch_ocr([(n, "/x.jpg", 1) for n in elsewhere])  # by a service that does not know the database
    assert reconcile(here, ledger, client, grace=0).enqueued == 0
    redis_client.flushall()
    assert reconcile(here, ledger, client, grace=0).enqueued == 6
    queued = [job.decode() for job in redis_client.lrange("rq:queue:pantry-pilot", 0, -1)]
    assert queued == [f"ocr-{n}" for n in asked + elsewhere]
    assert reconcile(here, ledger, client, grace=0).enqueued == 0, "each once"
    assert enqueue_waiting(ledger, client, ledger.pending()) == [f"ocr-{n}" for n in only_handed_in]


def test_a_new_database_on_an_old_redis_takes_no_job_of_the_old_one_for_its_own(
    here: Settings, ledger: ReceiptStore, redis_client: Redis
) -> None:
    redis_client.hset("rq:job:ocr-1", mapping={"status": "failed", "data": "x"})
    receipt = ledger.add_receipt("/1.jpg", 1)
    assert reconcile(here, ledger, QueueClient(here), grace=0).failed == 0
    assert ledger.get(receipt).ocr_status == "pending"
    assert enqueue_waiting(ledger, QueueClient(here), ledger.pending()) == ["ocr-1"]
    assert redis_client.hget("rq:job:ocr-1", "status") == b"queued"


def test_what_has_just_moved_is_on_its_way(here: Settings, ledger: ReceiptStore, redis_client: Redis) -> None:
    ledger.note_queued([ledger.add_receipt("/1.jpg", 1)])
    assert reconcile(here, ledger, QueueClient(here)).enqueued == 0
    assert not redis_client.exists("rq:queue:pantry-pilot")


@pytest.mark.parametrize(
    ("status", "state", "after", "queued"),
    [
        ("pending", "queued", "pending", 0),
        ("pending", "canceled", "pending", 0),
        ("pending", "failed", "failed", 0),
        ("processing", "started", "processing", 0),
        ("processing", "scheduled", "processing", 0),
        ("processing", "failed", "failed", 0),
        ("processing", None, "pending", 1),
        ("pending", None, "pending", 1),
        ("completed", None, "completed", 0),
        ("failed", None, "failed", 0),
    ],
)
def test_each_state_of_receipt_and_job(
    status: OcrStatus,
    state: str | None,
    after: OcrStatus,
    queued: int,
    here: Settings,
    ledger: ReceiptStore,
    redis_client: Redis,
) -> None:
    receipt = ledger.add_receipt("/1.jpg", 1)
    ledger.note_queued([receipt])
    ledger.move(receipt, before="pending", after=status)
    if state is not None:
        redis_client.hset(f"rq:job:ocr-{receipt}", mapping={"status": state, "data": "x"})
    done = reconcile(here, ledger, QueueClient(here), grace=0)
    assert ledger.get(receipt).ocr_status == after
    assert redis_client.llen("rq:queue:pantry-pilot") == queued == done.enqueued


def test_a_redis_that_is_away_changes_nothing(here: Settings, ledger: ReceiptStore) -> None:
    receipt = ledger.add_receipt("/1.jpg", 1)
    ledger.note_queued([receipt])
    away = replace(here, redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(RedisUnavailable):
        reconcile(away, ledger, QueueClient(away), grace=0)
    assert ledger.get(receipt).ocr_status == "pending"
