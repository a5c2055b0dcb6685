"""What the agent answered, checked field by field: a promise kept is an Extraction, a broken one says where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from pantry_queue.receipts.store import ExtractedItem, Extraction, fitting, storable
from pantry_queue.tasks.errors import BadAnswer, ReadingFailed
from pantry_queue.text import safe

_NAME_LIMIT = 500
_CURRENCY_LIMIT = 16
_NOTES_LIMIT = 50
_ENGINE_LIMIT = 200
_SHA_LIMIT = 64


def read_answer(body: bytes, receipt_id: int) -> Extraction:
    """The extraction in the body of a 200 of `POST /extract`.

    Args:
        body: JSON; amounts are decimal strings or numbers and are read digit by digit.
        receipt_id: of which receipt it should speak.

    Raises:
        ReadingFailed: `success` is false.
        BadAnswer: it is not what the agent promises.
    """
    answer = _json(body)
    if not isinstance(answer, Mapping):
        _broken("it is no JSON object")
    if answer.get("receipt_id") not in (None, receipt_id, str(receipt_id)):
        _broken(f"it speaks of receipt {safe(str(answer['receipt_id']), 40)}")
    success = answer.get("success")
    if success is False:
        raise ReadingFailed(
            f"the agent could not read the receipt ({describe(answer) or 'no reason given'}): "
            "look at the image, and upload a better one."
        )
    if success is not True:
        _broken("success is neither true nor false")
    return _extraction(answer)


def describe(answer: Mapping[str, Any]) -> str:
    """`error_code: error_message` of an answer, made safe; what is missing is left out."""
    parts = (answer.get("error_code"), answer.get("error_message"))
    return ": ".join(safe(part, 160).rstrip(".") for part in parts if isinstance(part, str) and part)


def _extraction(answer: Mapping[str, Any]) -> Extraction:
    found = answer.get("metadata")
    lines = answer.get("items")
    if not isinstance(found, Mapping):
        _broken("metadata is no object")
    if not isinstance(lines, list):
        _broken("items is no list")
    notes = _notes(answer.get("validation"))
    return Extraction(
        merchant_name=_text(found, "merchant_name", _NAME_LIMIT),
        purchase_date=_date(found.get("purchase_date")),
        total_amount=_amount(found, "total_amount", "", notes),
        currency=_text(found, "currency", _CURRENCY_LIMIT),
        confidence=_confidence(found),
        items=tuple(_item(line, f"item {number}: ", notes) for number, line in enumerate(lines, 1)),
        ocr_text=_text(answer, "raw_text", None) or "",
        errors=tuple(notes),
        engine=_text(answer, "engine", _ENGINE_LIMIT) or "",
        image_sha256=(_text(answer, "image_sha256", _SHA_LIMIT) or "").lower(),
    )


def _item(line: Any, where: str, notes: list[str]) -> ExtractedItem:
    if not isinstance(line, Mapping):
        _broken(f"{where}it is no object")
    return ExtractedItem(
        item_name=_text(line, "item_name", _NAME_LIMIT) or "",
        quantity=_amount(line, "quantity", where, notes, places=0),
        unit_price=_amount(line, "unit_price", where, notes),
        total_price=_amount(line, "total_price", where, notes),
        currency=_text(line, "currency", _CURRENCY_LIMIT),
        confidence=_confidence(line),
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _broken("it is no JSON")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _broken(what: str) -> NoReturn:
    raise BadAnswer(
        f"the agent's answer is not what it promises, {what}: "
        "check that AGENT_URL names a receipt agent of this version."
    )


def _text(source: Mapping[str, Any], name: str, limit: int | None) -> str | None:
    value = source.get(name)
    if value is not None and not isinstance(value, str):
        _broken(f"{name} is no text")
    return storable(value[:limit]) if value else None


def _amount(source: Mapping[str, Any], name: str, where: str, notes: list[str], places: int = 2) -> Decimal | None:
    """An unreadable amount breaks the promise; one too large for a receipt is a slip of the reading, noted."""
    value = source.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        _broken(f"{where}{name} is no amount")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        _broken(f"{where}{name} is no amount")
    fit = fitting(amount, places)
    if fit is None:
        notes.append(f"{where}{name} {safe(str(value), 40)} is no possible amount and was left out")
    return fit


def _date(value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        _broken("purchase_date is no date like 2026-11-24")


def _confidence(source: Mapping[str, Any]) -> float | None:
    value = source.get("confidence")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not 0 <= value <= 1:
        _broken("confidence is no number from 0 to 1")
    return float(value)


def _notes(validation: Any) -> list[str]:
    if validation is None:
        return []
    if not isinstance(validation, Mapping):
        _broken("validation is no object")
    notes: list[str] = []
    for name in ("errors", "warnings"):
        told = validation.get(name) or []
        if not isinstance(told, list):
            _broken(f"validation.{name} is no list")
        notes += [str(safe(str(note), 300)) for note in told]
    return notes[:_NOTES_LIMIT]
