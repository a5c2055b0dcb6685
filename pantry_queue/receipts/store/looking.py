"""Looking into a database of receipts without changing it: what a console does, which need not be its owner."""

from __future__ import annotations

from pantry_queue.receipts.store.database import Database
from pantry_queue.receipts.store.leases import read_attempts
from pantry_queue.receipts.store.model import Attempt


def attempts_seen(url: str, receipt_id: int) -> tuple[Attempt, ...]:
    """The runs over a receipt, newest first, as `ReceiptStore.attempts`; no file, table or column is made.

    Args:
        url: as `Settings.store_url` gives it.

    Raises:
        ConfigError: the URL cannot be used.
        StoreUnavailable: there is no such database, it is away, or it refuses us.
    """
    database = Database(url, look_only=True)
    try:
        with database.reading() as connection:
            return read_attempts(connection, receipt_id)
    finally:
        database.close()
