"""The database is the ledger, Redis is transport: a receipt that was enqueued and has lost its job gets another.

So a Redis that was emptied, evicted jobs or lost its last second comes back by itself, and a receipt whose job was
killed on its last try does not stay `processing` for ever. A receipt that was only handed in stays `pending` until
somebody asks to have it read; what its id means in Redis is then none of its business: the database may be newer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect, translated
from pantry_queue.errors import PantryError, StoreUnavailable
from pantry_queue.receipts.store import ReceiptStore, Waiting

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger("pantry_queue.receipts.reconcile")

#: A receipt that has moved within this time is on its way.
GRACE_SECONDS = 60.0
EVERY_SECONDS = 60.0
_PAGE = 500
#: A job in one of these states will run, or runs.
_LIVE = frozenset({"created", "queued", "started", "scheduled", "deferred", "ready_to_enqueue", "rate_limited"})
_ENDED_BADLY = frozenset({"failed", "stopped"})
_KILLED = "its last try was killed before it could say how it went: look at its job, and have it read again."


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look did.

    Attributes:
        enqueued: receipts that had no job and have one now.
        failed: receipts that waited for a job that has failed.
    """

    enqueued: int
    failed: int


def enqueue_waiting(
    store: ReceiptStore, client: QueueClient, receipts: Iterable[Waiting], *, limit: int | None = None
) -> list[str]:
    """Enqueue pending receipts that neither wait nor run, and note it, so that none of them is ever forgotten.

    Args:
        receipts: not read to the end once `limit` is reached.
        limit: how many are enqueued at most, 1 or more; None is all.

    Returns:
        The ids of the jobs this call put into the queue.

    Raises:
        RedisUnavailable: some may be enqueued; the next look of `reconcile` notes them.
        StoreUnavailable: `receipts` could not be read to its end; as above.
    """
    job_ids = client.enqueue_new_ocr(receipts, limit=limit)
    with suppress(StoreUnavailable):  # the jobs are there all the same, and the next look finds them
        store.note_queued(int(job_id.removeprefix("ocr-")) for job_id in job_ids)
    return job_ids


def reconcile(
    settings: Settings, store: ReceiptStore, client: QueueClient, *, grace: float = GRACE_SECONDS
) -> Reconciled:
    """Make database and queue tell the same story.

    A receipt whose job an operator has canceled is left alone, and one that was never enqueued stays as it is. May
    be run by any number of processes at once.

    Args:
        settings: where the queue is.
        grace: seconds a receipt must have stood where it stands.

    Raises:
        RedisUnavailable, StoreUnavailable: one of both is away; the next look goes on.
    """
    before = datetime.now(UTC) - timedelta(seconds=grace)
    redis = connect(settings)
    enqueued = failed = 0
    try:
        for page in _pages(store.unmoved("processing", before)):
            for receipt, state in _with_state(settings, redis, client, page):
                if state in _LIVE:
                    continue
                if state in _ENDED_BADLY:
                    failed += _fail(store, receipt)
                elif store.move(receipt.receipt_id, before="processing", after="pending"):
                    enqueued += len(enqueue_waiting(store, client, [receipt]))
        for page in _pages(store.unmoved("pending", before, queued=True)):
            lost = []
            for receipt, state in _with_state(settings, redis, client, page):
                if state in _ENDED_BADLY:
                    failed += _fail(store, receipt)
                elif state == "":
                    lost.append(receipt)
            enqueued += len(enqueue_waiting(store, client, lost)) if lost else 0
        for page in _pages(store.unmoved("pending", before, queued=False)):
            # Somebody enqueued these who does not know the database.
            states = _with_state(settings, redis, client, page)
            store.note_queued(receipt.receipt_id for receipt, state in states if state in _LIVE)
    finally:
        redis.close()
    if enqueued or failed:
        logger.warning("Receipts put right: %d enqueued again, %d failed with their jobs.", enqueued, failed)
    return Reconciled(enqueued, failed)


def keep_reconciled(settings: Settings, stop: threading.Event, *, every: float = EVERY_SECONDS) -> None:
    """Reconcile now and then until told to stop; runs on a thread of its own.

    Args:
        stop: set to end it.
        every: seconds between two looks.
    """
    store, client = ReceiptStore(settings.store_url), QueueClient(settings)
    while not stop.wait(every):
        try:
            reconcile(settings, store, client)
        except PantryError as error:
            logger.warning("%s Receipts are looked at again later.", error)
        except Exception:
            logger.exception("A look at receipts broke off.")
    store.close()


def _fail(store: ReceiptStore, receipt: Waiting) -> int:
    store.mark_failed(receipt.receipt_id, f"receipt {receipt.receipt_id}: {_KILLED}")
    return 1


def _pages(receipts: Iterable[Waiting]) -> Iterator[list[Waiting]]:
    source = iter(receipts)
    while page := list(islice(source, _PAGE)):
        yield page


def _with_state(
    settings: Settings, redis: Redis, client: QueueClient, page: list[Waiting]
) -> list[tuple[Waiting, str]]:
    """Each receipt with the state of its job, `` when it has none."""
    with translated(settings), redis.pipeline(transaction=False) as pipe:
        for receipt in page:
            pipe.hget(client.keys.job(f"ocr-{receipt.receipt_id}"), "status")
        states = pipe.execute(raise_on_error=False)
    told = [_state(reply) for reply in states]
    return list(zip(page, told, strict=True))


def _state(reply: object) -> str:
    if isinstance(reply, Exception):  # another kind of key stands under the job's name
        return "?"
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else ""
