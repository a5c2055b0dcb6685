"""The main job: have the agent read a receipt, keep what it found.

A service enqueues it by its dotted path, with or without this package; any RQ worker that has the package runs it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import lru_cache
from types import TracebackType
from typing import Any

from rq import Retry, get_current_job
from rq.job import Job
from rq.timeouts import JobTimeoutException

from pantry_queue.config import Settings
from pantry_queue.errors import NotFound, PantryError, StoreUnavailable
from pantry_queue.receipts.store import MAX_ID, Extraction, ReceiptStore
from pantry_queue.tasks.agent_client import CALL_SECONDS, AgentClient
from pantry_queue.tasks.errors import AgentBusy, ReceiptFailed
from pantry_queue.text import safe

#: How often a job comes back because the agent is busy, before that counts as a failed try.
BUSY_ROUNDS = 100
_LONGEST_WAIT = 300
#: What the agent may use of the job's time; the rest is for writing down how it went.
_SHARE_OF_TIMEOUT = 0.8


def process_receipt_ocr(receipt_id: int, image_path: str, user_id: int) -> dict[str, Any] | Retry:
    """Read one receipt and store its fields and items.

    Running it again, or twice at once, leaves one result. A receipt that the database does not know is made.
    Whatever way a run ends, short of `kill -9`, the receipt's `ocr_status` tells it: `completed`, `pending` when RQ
    will try again, `failed` after the last try.

    Args:
        receipt_id: of the receipt, a positive whole number.
        image_path: as the agent understands it.
        user_id: whose receipt it is.

    Returns:
        `receipt_id`, `status` ("completed"), `processing_time_ms` and `result`, a small summary that JSON can hold.
        A job whose retries have intervals gives back RQ's `Retry` when the agent says how long it is busy: the job
        comes back then without having used up a try.

    Raises:
        ReceiptFailed: no further try can help; the job fails at once, also on a stock `rq worker`.
        AgentAway, AgentSlow, AgentTroubled, AgentBusy, StoreUnavailable: RQ tries again while tries are left.
        ConfigError: a setting of this worker cannot be used.
    """
    began = time.monotonic()
    settings = Settings.from_env()
    store, agent = _parts(settings.store_url, settings.agent_urls, settings.agent_token)
    attempt = _Attempt(store, receipt_id, get_current_job())
    try:
        with attempt:
            receipt, path, user = _checked(receipt_id, image_path, user_id)
            store.mark_processing(receipt, image_path=path, user_id=user)
            extraction = agent.extract(receipt, path, user, seconds=attempt.seconds)
            _save(store, receipt, extraction)
    except AgentBusy as busy:
        later = attempt.later(busy)
        if later is None:
            raise
        return later
    return {
        "receipt_id": receipt_id,
        "status": "completed",
        "processing_time_ms": round((time.monotonic() - began) * 1000),
        "result": _summary(extraction),
    }


def warm_up(settings: Settings) -> None:
    """What a worker does before it forks, so that no job pays for it: tables made, client made, nothing connected.

    Raises:
        ConfigError: a setting cannot be used.
        StoreUnavailable: the database is away; jobs will try again.
    """
    store, _ = _parts(settings.store_url, settings.agent_urls, settings.agent_token)
    store.prepare()


def _save(store: ReceiptStore, receipt_id: int, extraction: Extraction) -> None:
    try:
        store.save_extraction(receipt_id, extraction)
    except NotFound as gone:
        # Another try would make the receipt again that somebody has just deleted.
        raise ReceiptFailed(str(gone)) from None


@lru_cache(maxsize=4)
def _parts(store_url: str, agent_urls: tuple[str, ...], agent_token: str) -> tuple[ReceiptStore, AgentClient]:
    """One store and one client a process, for as long as the settings name the same ones."""
    return ReceiptStore(store_url), AgentClient(agent_urls, agent_token)


class _Attempt:
    """One run of a job over one receipt; whatever exception ends it, job and receipt tell the same story.

    A context manager instead of `except`: RQ's `JobTimeoutException` and faults nobody thought of must pass
    through unchanged, and must not leave the receipt `processing` either.
    """

    def __init__(self, store: ReceiptStore, receipt_id: Any, job: Job | None) -> None:
        self._store = store
        self._named = f"receipt {safe(str(receipt_id), 40)}"
        self._row = _id(receipt_id)
        self._job = job

    @property
    def seconds(self) -> float:
        """What the agent may take of this job's time."""
        limit = self._job.timeout if self._job is not None else None
        if limit is None or limit <= 0:
            return CALL_SECONDS
        return min(CALL_SECONDS, limit * _SHARE_OF_TIMEOUT)

    def later(self, busy: AgentBusy) -> Retry | None:
        """How RQ is asked to bring the job back without using up a try; None when it has to be an ordinary failure.

        RQ counts these rounds apart (`number_of_retries`). Only a scheduler ends such a wait, so it is not asked of
        a job whose own retries do without one; and an agent that says no time has no promise to keep.
        """
        job = self._job
        if job is None or busy.retry_after is None or not any(job.retry_intervals or ()):
            return None
        rounds = job.number_of_retries or 0
        if rounds >= BUSY_ROUNDS:
            return None
        wait = max(1, busy.retry_after) * (1 + rounds // 5)
        return Retry(max=BUSY_ROUNDS, interval=min(wait, _LONGEST_WAIT))

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
        if self._row is None:
            return
        # The database may be what failed; the job's own failure then tells it.
        with suppress(StoreUnavailable):
            if self._is_last(error):
                self._store.mark_failed(self._row, self._told(error))
            else:
                self._store.mark_pending(self._row, self._told(error))

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


def _checked(receipt_id: Any, image_path: Any, user_id: Any) -> tuple[int, str, int]:
    """What services put into a job is foreign: ids may come as text."""
    if not isinstance(image_path, str) or not image_path.strip():
        raise ReceiptFailed("the job names no image: enqueue it with the image's path.")
    return _whole(receipt_id, "receipt_id"), image_path, _whole(user_id, "user_id")


def _whole(value: Any, name: str) -> int:
    number = _id(value)
    if number is None:
        raise ReceiptFailed(f"{name} is {safe(repr(value), 60)}: enqueue it with a positive whole number.")
    return number


def _id(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:30])
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        return None
    return value


def _summary(extraction: Extraction) -> dict[str, Any]:
    total = extraction.total_amount
    return {
        "merchant_name": extraction.merchant_name,
        "purchase_date": extraction.purchase_date.isoformat() if extraction.purchase_date else None,
        "total_amount": None if total is None else f"{total:f}",
        "currency": extraction.currency,
        "confidence": extraction.confidence,
        "items": len(extraction.items),
        "notes": len(extraction.errors),
    }
