"""Who may store what is read of a receipt: one run at a time holds its lease, and the newest fence alone counts.

The lease saves a second call of the agent; correctness hangs on the fence, which grows by one with each run and is
checked in the transaction that stores. All functions are called after the receipt's row was locked in the same
transaction, so that two runs take turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection, delete, func, insert, select, update

from pantry_queue.errors import PantryError
from pantry_queue.receipts.store.model import Attempt
from pantry_queue.receipts.store.schema import UtcTime, ocr_attempts, ocr_leases, utc_now

#: Runs over one receipt that are remembered.
KEPT_ATTEMPTS = 20
_MESSAGE_LIMIT = 500


class BeingRead(PantryError):  # noqa: N818 - reads as what happened
    """Another job reads this receipt at the moment.

    Attributes:
        fence: of the run that reads it.
        retry_after: seconds until its lease ends by itself, rounded up; it is mostly given back before.
    """

    def __init__(self, receipt_id: int, fence: int, seconds: float) -> None:
        super().__init__(f"another job reads receipt {receipt_id} at the moment: wait for its end, or try again.")
        self.fence = fence
        self.retry_after = max(1, ceil(seconds))


class Overtaken(PantryError):  # noqa: N818 - reads as what happened
    """A newer run has taken this receipt over; nothing was stored."""

    def __init__(self, receipt_id: int) -> None:
        super().__init__(
            f"a newer run reads receipt {receipt_id}: what this one read was not stored, look at that one."
        )


def take(connection: Connection, receipt_id: int, holder: str, seconds: float) -> int:
    """Take the lease and note the attempt; returns the fence of this run.

    Args:
        holder: id of the job, which takes over its own lease; empty takes over none.
        seconds: until it ends by itself.

    Raises:
        BeingRead: another holder's lease has not ended.
    """
    now = _now(connection)
    row = connection.execute(select(ocr_leases).where(ocr_leases.c.receipt_id == receipt_id)).first()
    if row is not None and row.until > now and not (holder and row.holder == holder):
        raise BeingRead(receipt_id, int(row.fence), (row.until - now).total_seconds())
    fence = 1 if row is None else int(row.fence) + 1
    values = {"fence": fence, "until": now + timedelta(seconds=seconds), "holder": holder}
    if row is None:
        connection.execute(insert(ocr_leases).values(receipt_id=receipt_id, **values))
    else:
        connection.execute(update(ocr_leases).where(ocr_leases.c.receipt_id == receipt_id).values(**values))
    _note(connection, receipt_id, holder, fence, now)
    return fence


def give_back(connection: Connection, receipt_id: int, fence: int, kind: str, message: str = "") -> bool:
    """End the lease and the attempt; False when a newer run has taken over, whose lease stays as it is."""
    now = _now(connection)
    mine = (ocr_leases.c.receipt_id == receipt_id, ocr_leases.c.fence == fence)
    held = connection.execute(update(ocr_leases).where(*mine).values(until=now)).rowcount > 0
    ended = {"ended_at": now, "kind": kind if held else "overtaken", "message": message[:_MESSAGE_LIMIT]}
    own = (ocr_attempts.c.receipt_id == receipt_id, ocr_attempts.c.fence == fence)
    connection.execute(update(ocr_attempts).where(*own).values(**ended))
    return held


def read_attempts(connection: Connection, receipt_id: int) -> tuple[Attempt, ...]:
    """The remembered runs over a receipt, newest first."""
    table = ocr_attempts.c
    columns = select(table.fence, table.job_id, table.at, table.ended_at, table.kind, table.message)
    rows = connection.execute(columns.where(table.receipt_id == receipt_id).order_by(table.fence.desc()))
    return tuple(Attempt(*row) for row in rows)


def _note(connection: Connection, receipt_id: int, job_id: str, fence: int, now: datetime) -> None:
    of_receipt = ocr_attempts.c.receipt_id == receipt_id
    connection.execute(delete(ocr_attempts).where(of_receipt, ocr_attempts.c.fence <= fence - KEPT_ATTEMPTS))
    connection.execute(update(ocr_attempts).where(of_receipt, ocr_attempts.c.kind == "running").values(kind="lost"))
    new = {"receipt_id": receipt_id, "fence": fence, "job_id": job_id, "at": now, "kind": "running"}
    connection.execute(insert(ocr_attempts).values(**new))


def _now(connection: Connection) -> datetime:
    """By the database's clock, which all workers share; SQLite is on their own machine."""
    if connection.dialect.name == "sqlite":
        return utc_now()
    return connection.execute(select(func.clock_timestamp(type_=UtcTime()))).scalar_one()
