"""Receipts: handed in, listed, shown."""

from __future__ import annotations

from datetime import date
from functools import partial

from fastapi import APIRouter, Response, UploadFile

from pantry_queue.errors import NotFound
from pantry_queue.receipts.store import OcrStatus, Receipt, ReceiptStore

from .bodies import AttemptBody, ReceiptBody, ReceiptPage, ReceiptSummary, UploadedBody
from .fields import AnyUser, FormDay, FormUser, Offset, ReceiptId, Rows
from .parts import Parts
from .problems import documented


def routes(parts: Parts) -> APIRouter:
    """`POST /receipts`, `GET /receipts`, `GET /receipts/{receipt_id}`."""
    router = APIRouter(tags=["receipts"])

    @router.post("/receipts", status_code=201, responses=documented(400, 413, 415))
    async def hand_in(
        file: UploadFile, purchase_date: FormDay, response: Response, user_id: FormUser = 1
    ) -> UploadedBody:
        """Keep an image (JPEG, PNG, WebP or TIFF) and note its receipt as pending."""
        content = await file.read()
        await parts.look_at(content)
        receipt_id = await parts.run(partial(_keep, parts, content, user_id, purchase_date))
        response.headers["Location"] = f"/receipts/{receipt_id}"
        return UploadedBody(id=receipt_id, user_id=user_id, purchase_date=purchase_date)

    @router.get("/receipts", responses=documented())
    async def page(
        user_id: AnyUser = None, ocr_status: OcrStatus | None = None, limit: Rows = 50, offset: Offset = 0
    ) -> ReceiptPage:
        """A page of receipts, newest first."""
        return await parts.run(partial(_page, parts.store, user_id, ocr_status, limit, offset))

    @router.get("/receipts/{receipt_id}", responses=documented(404))
    async def show(receipt_id: ReceiptId) -> ReceiptBody:
        """A receipt with its items, its text and the runs over it."""
        return await parts.run(partial(_shown, parts.store, receipt_id))

    return router


def found(store: ReceiptStore, receipt_id: int) -> Receipt:
    """The receipt; raises `NotFound` with a sentence that does not tell where the store is."""
    try:
        return store.get(receipt_id)
    except NotFound:
        raise NotFound(f"There is no receipt {receipt_id}.") from None


def _shown(store: ReceiptStore, receipt_id: int) -> ReceiptBody:
    body = ReceiptBody.model_validate(found(store, receipt_id))
    attempts = [AttemptBody.of(attempt) for attempt in store.attempts(receipt_id)]
    return body.model_copy(update={"attempts": attempts})


def _keep(parts: Parts, content: bytes, user_id: int, purchase_date: date) -> int:
    path = parts.uploads.keep(content)
    try:
        return parts.store.add_receipt(str(path), user_id, purchase_date=purchase_date)
    except BaseException:
        parts.uploads.remove(path)
        raise


def _page(
    store: ReceiptStore, user_id: int | None, ocr_status: OcrStatus | None, limit: int, offset: int
) -> ReceiptPage:
    counts = store.counts(user_id)
    rows = store.list(user_id, ocr_status=ocr_status, limit=limit, offset=offset)
    return ReceiptPage(
        receipts=[ReceiptSummary.model_validate(row) for row in rows],
        total=counts[ocr_status] if ocr_status else sum(counts.values()),
        limit=limit,
        offset=offset,
    )
