"""What runs found, by (receipt, image, engine), so that the same order run again need not be read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from pantry_queue.receipts.store.model import Extraction
from pantry_queue.receipts.store.schema import ocr_leases, ocr_results, receipts

#: Results of one receipt that are remembered: as many pairs of image and engine.
KEPT_RESULTS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What the newest run over a receipt stored.

    Attributes:
        image_sha: SHA-256 of the image, hexadecimal; empty when the agent did not say.
        engine: what read it; empty when the agent did not say.
        ordered_by: the order the run served, as the task names it; empty for none.
        body: the task's summary.
    """

    image_sha: str
    engine: str
    fence: int
    ordered_by: str
    body: Mapping[str, Any]


def keep_result(
    connection: Connection,
    receipt_id: int,
    extraction: Extraction,
    fence: int,
    ordered_by: str,
    body: Mapping[str, Any],
) -> None:
    """Remember a result in the transaction that stores it; the caller has locked the receipt."""
    table = ocr_results.c
    same = (table.image_sha == extraction.image_sha256) & (table.engine == extraction.engine)
    kept = (
        select(table.fence).where(table.receipt_id == receipt_id).order_by(table.fence.desc()).limit(KEPT_RESULTS - 1)
    )
    connection.execute(delete(ocr_results).where(table.receipt_id == receipt_id, same))
    connection.execute(delete(ocr_results).where(table.receipt_id == receipt_id, table.fence.not_in(kept)))
    key = {"receipt_id": receipt_id, "image_sha": extraction.image_sha256, "engine": extraction.engine}
    connection.execute(insert(ocr_results).values(**key, fence=fence, ordered_by=ordered_by, body=dict(body)))


def read_result(connection: Connection, receipt_id: int) -> Result | None:
    """The result of the newest run, while the receipt stands completed by it; None when that run has none."""
    table = ocr_results.c
    columns = select(table.image_sha, table.engine, table.fence, table.ordered_by, table.body)
    newest = (ocr_leases.c.receipt_id == receipt_id) & (ocr_leases.c.fence == table.fence)
    stands = (receipts.c.id == receipt_id) & (receipts.c.ocr_status == "completed")
    joined = columns.join_from(ocr_results, ocr_leases, newest).join(receipts, stands)
    row = connection.execute(joined.where(table.receipt_id == receipt_id)).first()
    return None if row is None else Result(*row)
