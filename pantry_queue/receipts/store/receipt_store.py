"""The receipts of all users: handed in, read, listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from pantry_queue.errors import NotFound
from pantry_queue.receipts.store import leases
from pantry_queue.receipts.store.database import Database
from pantry_queue.receipts.store.leases import Overtaken
from pantry_queue.receipts.store.model import OCR_STATUSES, Attempt, Extraction, OcrStatus, Receipt
from pantry_queue.receipts.store.results import Result, keep_result, read_result
from pantry_queue.receipts.store.rows import (
    Waiting,
    extracted_fields,
    extracted_items,
    insert_missing,
    lock_for_outside_ids,
    read_receipts,
    read_waiting,
)
from pantry_queue.receipts.store.schema import receipt_items, receipts, storable, users, utc_now

#: A page of `list` holds at most so many.
MAX_PAGE = 1000
#: Ids in one statement; older SQLite takes 999 parameters.
_NOTED_AT_ONCE = 500


class ReceiptStore:
    """Users, receipts and their items in SQLite or PostgreSQL.

    Opens nothing until it is used, makes its tables on first use, and may be used by any number of processes,
    forks and threads at once. Every method raises `StoreUnavailable` when the database is away, locked or refuses
    us; nothing is half written then.

    Args:
        url: as `Settings.store_url` gives it.

    Raises:
        ConfigError: the URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    @property
    def where(self) -> str:
        """Address of the database, without a password."""
        return self._database.where

    def prepare(self) -> None:
        """Make the tables now and keep no connection: what a process does before it forks."""
        self._database.prepare()
        self._database.close()

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._database.close()

    def add_user(self, name: str = "") -> int:
        """A new user's id."""
        with self._database.writing() as connection:
            return int(connection.execute(insert(users).values(name=name).returning(users.c.id)).scalar_one())

    def ensure_user(self, user_id: int) -> None:
        """Make the user with this id if there is none."""
        with self._database.reading() as connection:
            if connection.execute(select(users.c.id).where(users.c.id == user_id)).first():
                return
        with self._database.writing() as connection:
            lock_for_outside_ids(connection)
            insert_missing(connection, users, id=user_id, name="")

    def add_receipt(self, image_path: str, user_id: int, *, purchase_date: date | None = None) -> int:
        """Note a receipt that waits to be read; its user is made if missing.

        Args:
            image_path: path or URL of the image, as the agent is told it.
            user_id: whose it is.
            purchase_date: as the user says; replaced by the printed one once that is read.

        Returns:
            The new receipt's id.
        """
        new = insert(receipts).values(image_path=image_path, user_id=user_id, purchase_date=purchase_date)
        self.ensure_user(user_id)
        with self._database.writing() as connection:
            return int(connection.execute(new.returning(receipts.c.id)).scalar_one())

    def get(self, receipt_id: int) -> Receipt:
        """The receipt with its items.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.reading() as connection:
            found = read_receipts(connection, receipts.c.id == receipt_id)
        if not found:
            raise NotFound(f"There is no receipt {receipt_id} in {self.where}.")
        return found[0]

    def list(
        self, user_id: int | None = None, *, ocr_status: OcrStatus | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[Receipt, ...]:
        """A page of receipts with their items, newest first.

        Args:
            user_id: only this user's; None is everybody's.
            ocr_status: only those whose reading stands here.
            limit, offset: rows, at most `MAX_PAGE`, and rows to leave out before.
        """
        with self._database.reading() as connection:
            return read_receipts(connection, *_chosen(user_id, ocr_status), limit=min(limit, MAX_PAGE), offset=offset)

    def counts(self, user_id: int | None = None) -> dict[OcrStatus, int]:
        """How many receipts stand where; every state is there, also with 0."""
        query = select(receipts.c.ocr_status, func.count().label("number")).group_by(receipts.c.ocr_status)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(*_chosen(user_id, None))).all()
        found = {row.ocr_status: row.number for row in rows}
        return {status: found.get(status, 0) for status in OCR_STATUSES}

    def pending(self, user_id: int | None = None) -> Iterator[Waiting]:
        """The receipts that wait to be read, oldest first; pages of them are read as they are asked for.

        Args:
            user_id: only this user's; None is everybody's.
        """
        last = 0
        while True:
            with self._database.reading() as connection:
                further = receipts.c.id > last
                page = read_waiting(connection, *_chosen(user_id, "pending"), further, limit=MAX_PAGE)
            yield from page
            if len(page) < MAX_PAGE:
                return
            last = page[-1].receipt_id

    def unmoved(self, ocr_status: OcrStatus, before: datetime, *, queued: bool | None = None) -> Iterator[Waiting]:
        """Receipts whose reading has stood at one point since before a moment, oldest first, page by page.

        Args:
            before: aware.
            queued: only those a job was made for, or only those that were handed in and no more; None is both.
        """
        made = receipts.c.ocr_queued_at
        chosen = [] if queued is None else [made.is_not(None) if queued else made.is_(None)]
        last = 0
        while True:
            with self._database.reading() as connection:
                further = (receipts.c.id > last, receipts.c.updated_at < before, *chosen)
                page = read_waiting(connection, *_chosen(None, ocr_status), *further, limit=MAX_PAGE)
            yield from page
            if len(page) < MAX_PAGE:
                return
            last = page[-1].receipt_id

    def check(self) -> None:
        """Nothing happens when receipts can be read; raises `StoreUnavailable` otherwise."""
        with self._database.reading() as connection:
            connection.execute(select(receipts.c.id).limit(1)).all()

    def move(self, receipt_id: int, *, before: OcrStatus, after: OcrStatus) -> bool:
        """Change where a receipt's reading stands, if it stands at `before`. Returns whether it did."""
        with self._database.writing() as connection:
            return _set(connection, receipt_id, receipts.c.ocr_status == before, ocr_status=after)

    def note_queued(self, receipt_ids: Iterable[int]) -> None:
        """Jobs were made for these receipts. One that a worker has taken meanwhile has this noted already."""
        source = iter(receipt_ids)
        while page := list(islice(source, _NOTED_AT_ONCE)):
            waiting = (receipts.c.id.in_(page), receipts.c.ocr_status == "pending")
            # Locked in one order, or two processes would wait for each other; what is locked is being taken.
            free = select(receipts.c.id).where(*waiting).order_by(receipts.c.id).with_for_update(skip_locked=True)
            with self._database.writing() as connection:
                connection.execute(update(receipts).where(receipts.c.id.in_(free)).values(ocr_queued_at=utc_now()))

    def mark_processing(
        self, receipt_id: int, *, image_path: str, user_id: int, holder: str = "", seconds: float = 0
    ) -> int:
        """A reading has begun. A receipt this database does not know is made, so that its result is not lost.

        Args:
            holder: id of the job that reads, which takes over its own lease; empty takes over none.
            seconds: how long other jobs keep off, unless the reading ends before.

        Returns:
            The fence of this run, larger than that of any run before it.

        Raises:
            BeingRead: another job's reading goes on; nothing was changed.
        """
        begun = {"ocr_status": "processing", "ocr_queued_at": utc_now()}
        with self._database.writing() as connection:
            if _set(connection, receipt_id, **begun):
                return leases.take(connection, receipt_id, holder, seconds)
        with self._database.writing() as connection:
            lock_for_outside_ids(connection)
            insert_missing(connection, users, id=user_id, name="")
            insert_missing(connection, receipts, id=receipt_id, user_id=user_id, image_path=image_path)
            _set(connection, receipt_id, **begun)
            return leases.take(connection, receipt_id, holder, seconds)

    def mark_pending(self, receipt_id: int, reason: str, *, fence: int | None = None, kind: str = "error") -> None:
        """A reading ended without a result and will be tried again; nothing happens unless one was on.

        Args:
            fence: of the run that ended; when a newer one has begun, the receipt is left to that.
            kind: class of what ended it, for the attempts.
        """
        going_on = receipts.c.ocr_status == "processing"
        self._end(receipt_id, "pending", reason, going_on, fence, kind)

    def mark_failed(self, receipt_id: int, error: str, *, fence: int | None = None, kind: str = "error") -> None:
        """A reading ended for good without a result; what an earlier one found stays.

        A receipt that another run completed meanwhile stays completed. `fence` and `kind` as in `mark_pending`.
        """
        not_read = receipts.c.ocr_status != "completed"
        self._end(receipt_id, "failed", error, not_read, fence, kind)

    def _end(
        self, receipt_id: int, status: str, told: str, condition: ColumnElement[bool], fence: int | None, kind: str
    ) -> None:
        with self._database.writing() as connection:
            _lock(connection, receipt_id)
            if fence is None or leases.give_back(connection, receipt_id, fence, kind, told):
                _set(connection, receipt_id, condition, ocr_status=status, extraction_errors=[storable(told)])

    def save_extraction(
        self,
        receipt_id: int,
        extraction: Extraction,
        *,
        fence: int | None = None,
        ordered_by: str = "",
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Replace fields and items by what was read and complete the receipt, in one transaction, also twice at once.

        Args:
            fence: of the run that read it, as `mark_processing` gave it; None asks for no lease.
            ordered_by: the order that run served, remembered with `body` for `newest_result`.
            body: what JSON can hold; None remembers nothing.

        Raises:
            NotFound: the receipt was deleted meanwhile.
            Overtaken: a newer run has begun; nothing of the receipt was changed.
        """
        with self._database.writing() as connection:
            # The row first: its lock makes a second writer wait before it looks for items to replace.
            if not _lock(connection, receipt_id):
                raise NotFound(f"There is no receipt {receipt_id} in {self.where}: it was deleted while it was read.")
            held = fence is None or leases.give_back(connection, receipt_id, fence, "completed")
            if held:
                _set(connection, receipt_id, **extracted_fields(extraction))
                connection.execute(delete(receipt_items).where(receipt_items.c.receipt_id == receipt_id))
                if extraction.items:
                    connection.execute(insert(receipt_items), extracted_items(receipt_id, extraction))
                if fence is not None and body is not None:
                    keep_result(connection, receipt_id, extraction, fence, ordered_by, body)
        if not held:
            raise Overtaken(receipt_id)

    def newest_result(self, receipt_id: int) -> Result | None:
        """What the newest run stored, while the receipt stands completed by it."""
        with self._database.reading() as connection:
            return read_result(connection, receipt_id)

    def attempts(self, receipt_id: int) -> tuple[Attempt, ...]:
        """The runs over a receipt, newest first, at most `leases.KEPT_ATTEMPTS`."""
        with self._database.reading() as connection:
            return leases.read_attempts(connection, receipt_id)


def _set(connection: Connection, receipt_id: int, *conditions: ColumnElement[bool], **values: Any) -> bool:
    done = connection.execute(update(receipts).where(receipts.c.id == receipt_id, *conditions).values(**values))
    return done.rowcount > 0


def _lock(connection: Connection, receipt_id: int) -> bool:
    """Hold the receipt's row until the end of the transaction; False when there is none."""
    # By an update that changes nothing: a lock of the row alone comes before that of the table, and two that take
    # them in different orders (`lock_for_outside_ids`) would wait for each other.
    return _set(connection, receipt_id, updated_at=receipts.c.updated_at)


def _chosen(user_id: int | None, ocr_status: OcrStatus | None) -> Sequence[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if user_id is not None:
        chosen.append(receipts.c.user_id == user_id)
    if ocr_status is not None:
        chosen.append(receipts.c.ocr_status == ocr_status)
    return chosen
