"""Rows to dataclasses, and rows whose id comes from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, Row, Table, select, text
from sqlalchemy.dialects import postgresql, sqlite

from pantry_queue.receipts.store.model import PROCESSED, Extraction, OcrStatus, Receipt, ReceiptItem
from pantry_queue.receipts.store.schema import receipt_items, receipts, storable, users, utc_now

#: Largest id taken from outside. The database counts on from the largest it holds, so there must be room above.
MAX_ID = 2**62


def read_receipts(
    connection: Connection, *conditions: ColumnElement[bool], limit: int = 1, offset: int = 0
) -> tuple[Receipt, ...]:
    """The receipts that meet all conditions with their items, newest first, in two queries."""
    query = select(receipts).where(*conditions).order_by(receipts.c.id.desc()).limit(limit).offset(offset)
    rows = connection.execute(query).all()
    items: dict[int, list[ReceiptItem]] = {row.id: [] for row in rows}
    lines = select(receipt_items).where(receipt_items.c.receipt_id.in_(items)).order_by(receipt_items.c.id)
    for line in connection.execute(lines) if rows else ():
        items[line.receipt_id].append(_item(line))
    return tuple(_receipt(row, tuple(items[row.id])) for row in rows)


class Waiting(NamedTuple):
    """A receipt to be read, as a job is made from it."""

    receipt_id: int
    image_path: str
    user_id: int


def read_waiting(connection: Connection, *conditions: ColumnElement[bool], limit: int) -> list[Waiting]:
    """The oldest receipts that meet all conditions, without what only people read."""
    columns = select(receipts.c.id, receipts.c.image_path, receipts.c.user_id)
    rows = connection.execute(columns.where(*conditions).order_by(receipts.c.id).limit(limit))
    return [Waiting(row.id, row.image_path, row.user_id) for row in rows]


def lock_for_outside_ids(connection: Connection) -> None:
    """Keep other inserts out while ids are set by hand, so that the counter is moved past them without a race.

    SQLite's writer is alone anyhow. On PostgreSQL this must come before any other statement of the transaction on
    these tables: two transactions that hold a weaker lock and ask for this one would wait for each other.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {users.name}, {receipts.name} IN SHARE ROW EXCLUSIVE MODE"))


def insert_missing(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row with a given id unless it is there; `lock_for_outside_ids` was called before."""
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing(index_elements=["id"]))
        return
    connection.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing(index_elements=["id"]))
    advance = text(
        "SELECT setval(counter, :id) FROM pg_get_serial_sequence(:table, 'id') AS counter "
        "WHERE counter IS NOT NULL AND coalesce(pg_sequence_last_value(counter::regclass), 0) < :id"
    )
    connection.execute(advance, {"id": values["id"], "table": table.name})


def extracted_fields(extraction: Extraction) -> dict[str, Any]:
    """What a reading sets of its receipt's columns."""
    fields: dict[str, Any] = {
        "status": PROCESSED,
        "ocr_status": "completed",
        "ocr_text": extraction.ocr_text,
        "merchant_name": extraction.merchant_name,
        "total_amount": extraction.total_amount,
        "currency": extraction.currency,
        "extraction_confidence": extraction.confidence,
        "extraction_errors": [storable(error) for error in extraction.errors],
        "parsed_at": utc_now(),
    }
    if extraction.purchase_date is not None:
        fields["purchase_date"] = extraction.purchase_date
    return fields


def extracted_items(receipt_id: int, extraction: Extraction) -> Sequence[dict[str, Any]]:
    """The rows of a reading's items, in printed order."""
    return [
        {
            "receipt_id": receipt_id,
            "item_name": item.item_name,
            "quantity": item.quantity,
            "unit_price": item.unit_price,
            "total_price": item.total_price,
            "currency": item.currency,
            "confidence": item.confidence,
        }
        for item in extraction.items
    ]


def _item(row: Row[Any]) -> ReceiptItem:
    return ReceiptItem(
        id=row.id,
        item_name=row.item_name,
        quantity=row.quantity,
        unit_price=row.unit_price,
        total_price=row.total_price,
        currency=row.currency,
        confidence=row.confidence,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _receipt(row: Row[Any], items: tuple[ReceiptItem, ...]) -> Receipt:
    return Receipt(
        id=row.id,
        user_id=row.user_id,
        image_path=row.image_path,
        purchase_date=row.purchase_date,
        status=row.status,
        ocr_status=cast(OcrStatus, row.ocr_status),
        ocr_text=row.ocr_text,
        merchant_name=row.merchant_name,
        total_amount=row.total_amount,
        currency=row.currency,
        extraction_confidence=row.extraction_confidence,
        extraction_errors=tuple(row.extraction_errors or ()),
        parsed_at=row.parsed_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        items=items,
    )
