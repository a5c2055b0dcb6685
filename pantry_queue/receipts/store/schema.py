"""The tables, and column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from pantry_queue.receipts.store.model import OCR_STATUSES, UPLOADED

#: Digits of an amount in all, and after the point. Four places keep a unit price of 1.599 and a dinar's fils.
AMOUNT_DIGITS = 14
AMOUNT_PLACES = 4
_STEP = Decimal(1).scaleb(-AMOUNT_PLACES)
_LIMIT = Decimal(10) ** (AMOUNT_DIGITS - AMOUNT_PLACES)


def fitting(amount: Decimal, places: int = 2) -> Decimal | None:
    """`amount` as a column holds it, or None when it is too large for that or no number.

    Args:
        amount: rounded half up to four decimal places.
        places: how many are kept in any case, 2 for money; further zeros are dropped: 24.2300 is 24.23.
    """
    try:
        rounded = amount.quantize(_STEP, ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return _trimmed(rounded, places) if rounded.is_finite() and abs(rounded) < _LIMIT else None


def _trimmed(amount: Decimal, places: int) -> Decimal:
    short = amount.normalize()
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent > -places:
        return short.quantize(Decimal(1).scaleb(-places))
    return short


class Amount(TypeDecorator[Decimal]):
    """An exact decimal: NUMERIC on PostgreSQL, its digits as text on SQLite, whose own NUMERIC is a float.

    Args:
        places: decimal places that are always given out, 2 for money.
    """

    impl = Numeric(AMOUNT_DIGITS, AMOUNT_PLACES)
    cache_ok = True

    def __init__(self, places: int = 2) -> None:
        super().__init__()
        self.places = places

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text where the database has no exact decimals."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric(AMOUNT_DIGITS, AMOUNT_PLACES))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Raises ValueError for an amount that does not fit: `fitting` is asked before."""
        if value is None:
            return None
        fit = fitting(value, self.places)
        if fit is None:
            raise ValueError(f"{value} has more than {AMOUNT_DIGITS} digits or is not a number")
        return f"{fit:f}" if dialect.name == "sqlite" else fit

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """The same Decimal from both databases."""
        return None if value is None else _trimmed(Decimal(value), self.places)


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite, which knows no zones, is given UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a naive time, which would mean another instant on each machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always with a zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(text: str) -> str:
    """`text` without what a database refuses: NUL (PostgreSQL) and lone surrogates (both) become U+FFFD."""
    if "\0" not in text and text.isascii():
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class CleanText(TypeDecorator[str]):
    """Text that every database takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What an OCR engine or a path may hold is not always text."""
        return None if value is None else storable(value)


def utc_now() -> datetime:
    """Now, aware."""
    return datetime.now(UTC)


metadata = MetaData()
_Id = BigInteger().with_variant(Integer(), "sqlite")


def _times() -> tuple[Column[datetime], Column[datetime]]:
    return (
        Column("created_at", UtcTime, nullable=False, default=utc_now),
        Column("updated_at", UtcTime, nullable=False, default=utc_now, onupdate=utc_now),
    )


# AUTOINCREMENT: an id of a deleted receipt must not come back, since its job `ocr-<id>` may still be known.
users = Table(
    "users",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", CleanText, nullable=False, default=""),
    *_times(),
    sqlite_autoincrement=True,
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("user_id", _Id, ForeignKey("users.id"), nullable=False),
    Column("image_path", CleanText, nullable=False),
    Column("purchase_date", Date),
    Column("status", CleanText, nullable=False, default=UPLOADED),
    Column("ocr_status", CleanText, nullable=False, default=OCR_STATUSES[0]),
    Column("ocr_text", CleanText),
    Column("merchant_name", CleanText),
    Column("total_amount", Amount),
    Column("currency", CleanText),
    Column("extraction_confidence", Float),
    Column("extraction_errors", JSON, nullable=False, default=list),
    Column("parsed_at", UtcTime),
    # When a job was last made for it. Without one it was handed in only, and nobody has asked to have it read.
    Column("ocr_queued_at", UtcTime),
    *_times(),
    CheckConstraint(f"ocr_status IN ({', '.join(repr(name) for name in OCR_STATUSES)})", name="receipts_ocr_status"),
    Index("receipts_of_user", "user_id", "id"),
    Index("receipts_by_ocr_status", "ocr_status", "user_id", "id"),
    sqlite_autoincrement=True,
)

receipt_items = Table(
    "receipt_items",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("receipt_id", _Id, ForeignKey("receipts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("item_name", CleanText, nullable=False),
    Column("quantity", Amount(places=0)),
    Column("unit_price", Amount),
    Column("total_price", Amount),
    Column("currency", CleanText),
    Column("confidence", Float),
    *_times(),
    sqlite_autoincrement=True,
)

# No foreign key: a receipt that is deleted and made again must not begin with a fence that an old run still holds.
ocr_leases = Table(
    "ocr_leases",
    metadata,
    Column("receipt_id", _Id, primary_key=True, autoincrement=False),
    Column("fence", _Id, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("holder", CleanText, nullable=False),
)

ocr_attempts = Table(
    "ocr_attempts",
    metadata,
    Column("receipt_id", _Id, ForeignKey("receipts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("fence", _Id, primary_key=True, autoincrement=False),
    Column("job_id", CleanText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("class", CleanText, nullable=False, key="kind"),
    Column("message", CleanText, nullable=False, default=""),
)

ocr_results = Table(
    "ocr_results",
    metadata,
    Column("receipt_id", _Id, ForeignKey("receipts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("image_sha", CleanText, primary_key=True),
    Column("engine", CleanText, primary_key=True),
    Column("fence", _Id, nullable=False),
    Column("ordered_by", CleanText, nullable=False),
    Column("body", JSON, nullable=False),
)
