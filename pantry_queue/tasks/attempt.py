"""One run of a job over one receipt: its lease, its time, and the story that job and receipt tell of its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any
from zlib import crc32

from rq import Retry
from rq.job import Job
from rq.timeouts import JobTimeoutException

from pantry_queue.errors import NotFound, PantryError, StoreUnavailable
from pantry_queue.receipts.store import MAX_ID, BeingRead, Extraction, Overtaken, ReceiptStore, Result
from pantry_queue.tasks.agent_client import CALL_SECONDS
from pantry_queue.tasks.errors import AgentBusy, AgentResting, ReceiptFailed
from pantry_queue.tasks.order import order_of, sha256_of
from pantry_queue.text import safe

#: How often a job comes back because the agent is busy or resting or another job reads its receipt, before that is a
#: failed try. An outage of half a day is waited for so.
BUSY_ROUNDS = 200
_LONGEST_WAIT = 300
#: Jobs that wait for the end of an outage come back spread over so many seconds.
_SPREAD = 10
#: Another job gives its lease back when it ends, mostly long before the lease would; so ask that soon again.
_LEASE_WAIT = 5
_LEASE_POLL = 0.2
#: What the agent may use of the job's time; the rest is for writing down how it went.
_SHARE_OF_TIMEOUT = 0.8
#: What the agent gets of that in any case, when the job had to wait for another one's end.
_SHARE_OF_AGENT = 0.5
#: A lease outlasts the call of the agent by what the store may need to take the result.
_LEASE_MARGIN = 40.0


class Attempt:
    """One run of a job over one receipt; whatever exception ends it, job and receipt tell the same story.

    A context manager instead of `except`: RQ's `JobTimeoutException` and faults nobody thought of must pass
    through unchanged, and must not leave the receipt `processing` either.

    Args:
        receipt_id: as it came; need not make sense.
        job: None when no worker runs it.
    """

    def __init__(self, store: ReceiptStore, receipt_id: Any, job: Job | None) -> None:
        self._store = store
        self._named = f"receipt {safe(str(receipt_id), 40)}"
        self._row = row_id(receipt_id)
        self._job = job
        self._order = order_of(job) if job is not None else ""
        self._fence: int | None = None
        self._others = False
        limit = job.timeout if job is not None else None
        budget = limit * _SHARE_OF_TIMEOUT if limit is not None and limit > 0 else None
        waiting = (
            CALL_SECONDS + _LEASE_MARGIN if budget is None else budget - min(CALL_SECONDS, budget * _SHARE_OF_AGENT)
        )
        self._wait_until = time.monotonic() + waiting
        self._end = None if budget is None else time.monotonic() + budget

    @property
    def seconds(self) -> float:
        """What the agent may take of this job's time, now."""
        return CALL_SECONDS if self._end is None else max(0.0, min(CALL_SECONDS, self._end - time.monotonic()))

    def begin(self, receipt_id: int, image_path: str, user_id: int) -> Mapping[str, Any] | None:
        """Take the receipt's lease; a job that cannot come back later waits here for another job's end.

        Returns:
            The summary that was stored, when this order was served already or the run waited for has served it;
            no lease is held then.

        Raises:
            BeingRead: another job reads the receipt, and went on doing so for as long as this one can wait.
        """
        holder = self._job.id if self._job is not None else ""
        waited_for: int | None = None
        while True:
            stored = self._store.newest_result(receipt_id)
            if stored is not None and self._serves(stored, waited_for, image_path):
                return stored.body
            try:
                self._fence = self._store.mark_processing(
                    receipt_id,
                    image_path=image_path,
                    user_id=user_id,
                    holder=holder,
                    seconds=self.seconds + _LEASE_MARGIN,
                )
            except BeingRead as busy:
                self._others = True
                waited_for = busy.fence if waited_for is None else waited_for
                if self.later(busy) is not None or time.monotonic() > self._wait_until:
                    raise
                time.sleep(_LEASE_POLL)
            else:
                self._others = False
                return None

    def save(self, extraction: Extraction, summary: Mapping[str, Any]) -> None:
        """Store what was read, and the summary for a rerun of the same order.

        Raises:
            Overtaken: a newer run has begun; nothing was stored.
            ReceiptFailed: the receipt was deleted meanwhile.
        """
        try:
            self._store.save_extraction(
                self._row or 0, extraction, fence=self._fence, ordered_by=self._order, body=summary
            )
        except NotFound as gone:
            # Another try would make the receipt again that somebody has just deleted.
            raise ReceiptFailed(str(gone)) from None

    def _serves(self, stored: Result, waited_for: int | None, image_path: str) -> bool:
        """Whether a stored result is what this run would find: an order asked for anew is read anew."""
        same_order = bool(self._order) and stored.ordered_by == self._order
        if not same_order and (waited_for is None or stored.fence < waited_for):
            return False
        return not stored.image_sha or sha256_of(image_path) in (None, stored.image_sha)

    def later(self, busy: AgentBusy | BeingRead) -> Retry | None:
        """How RQ is asked to bring the job back without using up a try; None when it has to be an ordinary failure.

        RQ counts these rounds apart (`number_of_retries`). Only a scheduler ends such a wait, so it is not asked of
        a job whose own retries do without one; and an agent that says no time has no promise to keep.
        """
        if busy.retry_after is None or not self.comes_back:
            return None
        rounds = self._rounds
        if isinstance(busy, AgentResting):
            wait = min(busy.retry_after * (1 + rounds // 10), _LONGEST_WAIT) + self._own_moment
            return Retry(max=BUSY_ROUNDS, interval=wait)
        wait = min(busy.retry_after, _LEASE_WAIT) if isinstance(busy, BeingRead) else busy.retry_after
        return Retry(max=BUSY_ROUNDS, interval=min(max(1, wait) * (1 + rounds // 5), _LONGEST_WAIT))

    @property
    def comes_back(self) -> bool:
        """Whether the job can be brought back later without using up a try."""
        return self._job is not None and any(self._job.retry_intervals or ()) and self._rounds < BUSY_ROUNDS

    @property
    def _rounds(self) -> int:
        return (self._job.number_of_retries or 0) if self._job is not None else 0

    @property
    def _own_moment(self) -> int:
        return crc32(self._job.id.encode()) % _SPREAD if self._job is not None else 0

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, PantryError):
            error.args = (f"{self._named}: {error}",)
        if isinstance(error, ReceiptFailed) and self._job is not None:
            # RQ decides with this same object after the task has raised (rq.worker.BaseWorker.handle_job_failure).
            self._job.retries_left = 0
        if self._row is None or self._others or isinstance(error, Overtaken):
            return
        if isinstance(error, AgentResting) and self._fence is None and not self._is_last(error):
            return  # nothing was begun
        mark = self._store.mark_failed if self._is_last(error) else self._store.mark_pending
        # The database may be what failed; the job's own failure then tells it.
        with suppress(StoreUnavailable):
            mark(self._row, self._told(error), fence=self._fence, kind=_kind(error))

    def _is_last(self, error: BaseException) -> bool:
        if isinstance(error, AgentBusy) and self.later(error) is not None:
            return False
        return self._job is None or not self._job.should_retry

    def _told(self, error: BaseException) -> str:
        if isinstance(error, PantryError):
            return str(error)
        if isinstance(error, JobTimeoutException):
            limit = self._job.timeout if self._job is not None else "?"
            return f"{self._named}: reading it took longer than the job may take ({limit} s)."
        return f"{self._named}: {type(error).__name__}: {safe(str(error), 300)}"


def row_id(value: Any) -> int | None:
    """The receipt's id in `value`, which may be text, or None when it is none that a database holds."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:30])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        return None
    return value


def _kind(error: BaseException) -> str:
    if isinstance(error, JobTimeoutException):
        return "timeout"
    if isinstance(error, StoreUnavailable):
        return "db"
    return str(getattr(error, "kind", "error"))
