"""The main job: have the agent read a receipt, keep what it found.

A service enqueues it by its dotted path, with or without this package; any RQ worker that has the package runs it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rq import Retry, get_current_job

from pantry_queue.config import Settings
from pantry_queue.receipts.store import BeingRead, Extraction, Overtaken, ReceiptStore
from pantry_queue.tasks.agent_client import AgentClient
from pantry_queue.tasks.attempt import Attempt, row_id
from pantry_queue.tasks.breaker import Breaker
from pantry_queue.tasks.errors import AgentBusy, ReceiptFailed
from pantry_queue.text import safe


def process_receipt_ocr(receipt_id: int, image_path: str, user_id: int) -> dict[str, Any] | Retry:
    """Read one receipt and store its fields and items.

    Running it again, or twice at once, leaves one result: one job at a time reads a receipt, and a run that was cut
    off or frozen while a newer one began stores nothing. A rerun of the same order (its worker died after it had
    stored) gives the stored result; an order asked for anew is read anew. A receipt that the database does
    not know is made.
    Whatever way a run ends, short of `kill -9`, the receipt's `ocr_status` tells it: `completed`, `pending` when RQ
    will try again, `failed` after the last try.

    Args:
        receipt_id: of the receipt, a positive whole number.
        image_path: as the agent understands it.
        user_id: whose receipt it is.

    Returns:
        `receipt_id`, `status` ("completed", or "overtaken" when a newer run reads the receipt and this one stored
        nothing), `processing_time_ms` and `result`, a small summary that JSON can hold. A job whose retries have
        intervals gives back RQ's `Retry` when the agent says how long it is busy or is given a rest, or another job
        reads the receipt: the job comes back then without having used up a try.

    Raises:
        ReceiptFailed: no further try can help; the job fails at once, also on a stock `rq worker`.
        AgentAway, AgentSlow, AgentTroubled, AgentBusy, BeingRead, StoreUnavailable: RQ tries again while tries are
            left.
        ConfigError: a setting of this worker cannot be used.
    """
    began = time.monotonic()
    settings = Settings.from_env()
    store, agent = _parts(settings.store_url, settings.agent_urls, settings.agent_token)
    job = get_current_job()
    attempt = Attempt(store, receipt_id, job)
    status = "completed"
    summary: Mapping[str, Any] = {}
    try:
        with attempt:
            receipt, path, user = _checked(receipt_id, image_path, user_id)
            breaker = Breaker(job, comes_back=attempt.comes_back, seconds=attempt.seconds)
            with breaker:
                stored = attempt.begin(receipt, path, user)
                if stored is None:
                    extraction = breaker.call(lambda: agent.extract(receipt, path, user, seconds=attempt.seconds))
            if stored is None:
                stored = _summary(extraction)
                attempt.save(extraction, stored)
            summary = stored
    except (AgentBusy, BeingRead) as busy:
        later = attempt.later(busy)
        if later is None:
            raise
        return later
    except Overtaken:
        status = "overtaken"
    return {
        "receipt_id": receipt_id,
        "status": status,
        "processing_time_ms": round((time.monotonic() - began) * 1000),
        "result": dict(summary),
    }


def warm_up(settings: Settings) -> None:
    """What a worker does before it forks, so that no job pays for it: tables made, client made, nothing connected.

    Raises:
        ConfigError: a setting cannot be used.
        StoreUnavailable: the database is away; jobs will try again.
    """
    store, _ = _parts(settings.store_url, settings.agent_urls, settings.agent_token)
    store.prepare()


@lru_cache(maxsize=4)
def _parts(store_url: str, agent_urls: tuple[str, ...], agent_token: str) -> tuple[ReceiptStore, AgentClient]:
    """One store and one client a process, for as long as the settings name the same ones."""
    return ReceiptStore(store_url), AgentClient(agent_urls, agent_token)


def _checked(receipt_id: Any, image_path: Any, user_id: Any) -> tuple[int, str, int]:
    """What services put into a job is foreign: ids may come as text."""
    if not isinstance(image_path, str) or not image_path.strip():
        raise ReceiptFailed("the job names no image: enqueue it with the image's path.")
    return _whole(receipt_id, "receipt_id"), image_path, _whole(user_id, "user_id")


def _whole(value: Any, name: str) -> int:
    number = row_id(value)
    if number is None:
        raise ReceiptFailed(f"{name} is {safe(repr(value), 60)}: enqueue it with a positive whole number.")
    return number


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
