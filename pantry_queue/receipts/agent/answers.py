"""What the agent answers: one shape for every outcome, money as exact decimal text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from pantry_queue.receipts.extract import Item

from .problem import Problem
from .reading import Reading

ReceiptId = str | int | None


def read_body(receipt_id: ReceiptId, reading: Reading, milliseconds: int) -> dict[str, Any]:
    """The body for a receipt that was read. A page without any text is ``success: false``, ``no_text``."""
    extraction = reading.extraction
    found = extraction.metadata
    has_text = bool(extraction.raw_text)
    return {
        "receipt_id": receipt_id,
        "metadata": {
            "merchant_name": found.merchant_name,
            "purchase_date": found.purchase_date.isoformat() if found.purchase_date else None,
            "total_amount": decimal_text(found.total_amount),
            "currency": found.currency,
            "confidence": found.confidence,
        },
        "items": [_item(item) for item in extraction.items],
        "raw_text": extraction.raw_text,
        "validation": {
            "valid": extraction.validation.valid and has_text,
            "errors": list(extraction.validation.errors),
            "warnings": list(extraction.validation.warnings),
            "confidence": extraction.validation.confidence,
        },
        "processing_time_ms": milliseconds,
        "engine": reading.engine,
        "image_sha256": reading.image_sha256,
        "success": has_text,
        "error_message": None if has_text else "There is no readable text on the image; take it again.",
        "error_code": None if has_text else "no_text",
    }


def problem_body(receipt_id: ReceiptId, problem: Problem, milliseconds: int) -> dict[str, Any]:
    """The body for a request that could not be answered, in the same shape."""
    nothing = dict.fromkeys(("merchant_name", "purchase_date", "total_amount", "currency"))
    return {
        "receipt_id": receipt_id,
        "metadata": {**nothing, "confidence": 0.0},
        "items": [],
        "raw_text": "",
        "validation": {"valid": False, "errors": [problem.sentence], "warnings": [], "confidence": 0.0},
        "processing_time_ms": milliseconds,
        "engine": None,
        "image_sha256": None,
        "success": False,
        "error_message": problem.sentence,
        "error_code": problem.code,
    }


def json_response(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``body`` as JSON in ASCII, so that an id of any characters can be given back."""
    return Response(json.dumps(body), status, dict(headers or {}), media_type="application/json")


def decimal_text(value: Decimal | None) -> str | None:
    """``value`` as plain digits, never with an exponent; ``None`` stays."""
    return None if value is None else f"{value:f}"


def _item(item: Item) -> dict[str, Any]:
    return {
        "item_name": item.item_name,
        "quantity": decimal_text(item.quantity),
        "unit_price": decimal_text(item.unit_price),
        "total_price": decimal_text(item.total_price),
        "currency": item.currency,
        "confidence": item.confidence,
    }
