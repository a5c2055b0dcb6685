"""The queue of receipts: put in, asked for, tried again."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from pantry_queue.errors import RedisUnavailable, StoreUnavailable
from pantry_queue.receipts.reconcile import enqueue_waiting
from pantry_queue.receipts.store import Waiting

from .bodies import JobBody, QueueBody, QueuedBody, ReceiptJobBody, RetriedBody
from .fields import AnyReceipt, HowMany, JobId, ReceiptId, UserId
from .parts import Parts
from .problems import AlreadyRead, documented, json_response, refuse
from .receipts import found

#: Ten thousand take a second or two; a million must not break off either.
_ALL_SECONDS = 300.0


def routes(parts: Parts) -> APIRouter:
    """Everything under `/receipts/ocr`, and `POST /receipts/{receipt_id}/ocr/retry`."""
    router = APIRouter(tags=["ocr"])

    @router.post("/receipts/ocr/process-all", responses=documented())
    async def process_all(user_id: UserId = 1, limit: HowMany = None) -> QueuedBody:
        """Put the user's pending receipts into the queue, oldest first; those that wait or run are left alone."""
        job_ids = await parts.run(partial(_queue_pending, parts, user_id, limit), _ALL_SECONDS)
        return QueuedBody(status="queued", queued=len(job_ids), job_ids=job_ids, user_id=user_id, limit=limit)

    @router.get("/receipts/ocr/queue-status", response_model=QueueBody | ReceiptJobBody, responses=documented())
    async def queue_status(receipt_id: AnyReceipt = None) -> Response:
        """What the queue holds, or where the job of one receipt stands."""
        try:
            return json_response({"available": True, **await parts.run(partial(_status, parts, receipt_id))})
        except RedisUnavailable as error:
            return refuse(503, "redis_unavailable", str(error), {"available": False})

    @router.get("/receipts/ocr/job/{job_id}", response_model=JobBody, responses=documented(404))
    async def job(job_id: JobId) -> Response:
        """The state of any job of the service."""
        status = await parts.run(partial(parts.client.get_job_status, job_id))
        if status["status"] == "not_found":
            return refuse(404, "not_found", "There is no job with this id; it may have expired.", status)
        return json_response(status)

    @router.post("/receipts/{receipt_id}/ocr/retry", responses=documented(404, 409))
    async def retry(receipt_id: ReceiptId) -> RetriedBody:
        """Read a receipt again that failed. One that waits or runs is left alone."""
        job_ids = await parts.run(partial(_retry, parts, receipt_id))
        return RetriedBody(status="queued", queued=len(job_ids), job_id=f"ocr-{receipt_id}", receipt_id=receipt_id)

    return router


def _queue_pending(parts: Parts, user_id: int, limit: int | None) -> list[str]:
    # Read a page ahead of what is enqueued; a receipt stays pending until a worker has it.
    return enqueue_waiting(parts.store, parts.client, parts.store.pending(user_id), limit=limit)


def _status(parts: Parts, receipt_id: int | None) -> dict[str, object]:
    if receipt_id is None:
        return parts.client.get_queue_info()
    return {"receipt_id": receipt_id, **parts.client.get_job_status(f"ocr-{receipt_id}")}


def _retry(parts: Parts, receipt_id: int) -> list[str]:
    receipt = found(parts.store, receipt_id)
    if receipt.ocr_status == "completed":
        raise AlreadyRead(f"Receipt {receipt_id} was read already: there is nothing to try again.")
    # The store first, or a worker that is quick would find its mark overwritten.
    reopened = parts.store.move(receipt_id, before="failed", after="pending")
    try:
        waiting = Waiting(receipt_id, receipt.image_path, receipt.user_id)
        return enqueue_waiting(parts.store, parts.client, [waiting])
    except BaseException:
        if reopened:
            with suppress(StoreUnavailable):
                parts.store.move(receipt_id, before="pending", after="failed")
        raise
