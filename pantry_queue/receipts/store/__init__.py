"""The receipts, their items and their users, in SQLite or PostgreSQL."""

from __future__ import annotations

from pantry_queue.receipts.store.leases import BeingRead, Overtaken
from pantry_queue.receipts.store.looking import attempts_seen
from pantry_queue.receipts.store.model import (
    OCR_STATUSES,
    Attempt,
    ExtractedItem,
    Extraction,
    OcrStatus,
    Receipt,
    ReceiptItem,
)
from pantry_queue.receipts.store.receipt_store import MAX_PAGE, ReceiptStore
from pantry_queue.receipts.store.results import Result
from pantry_queue.receipts.store.rows import MAX_ID, Waiting
from pantry_queue.receipts.store.schema import fitting, storable

__all__ = [
    "MAX_ID",
    "MAX_PAGE",
    "OCR_STATUSES",
    "Attempt",
    "BeingRead",
    "ExtractedItem",
    "Extraction",
    "OcrStatus",
    "Overtaken",
    "Receipt",
    "ReceiptItem",
    "ReceiptStore",
    "Result",
    "Waiting",
    "attempts_seen",
    "fitting",
    "storable",
]
