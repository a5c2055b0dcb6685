"""What the API answers, as OpenAPI describes it. Money is exact decimal text; times are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pantry_queue.receipts.store import Attempt, OcrStatus


class _FromStore(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ItemBody(_FromStore):
    """One printed line of a receipt."""

    id: int
    item_name: str
    quantity: Decimal | None
    unit_price: Decimal | None
    total_price: Decimal | None
    currency: str | None = Field(description="ISO 4217.")
    confidence: float | None = Field(description="0 to 1.")


class UploadedBody(BaseModel):
    """A receipt that was handed in and waits to be read."""

    id: int
    user_id: int
    purchase_date: date
    status: Literal["uploaded"] = "uploaded"
    ocr_status: Literal["pending"] = "pending"


class ReceiptSummary(_FromStore):
    """A receipt without what is printed on it line by line."""

    id: int
    user_id: int
    purchase_date: date | None = Field(description="As printed once it was read, as told by the user before.")
    status: str
    ocr_status: OcrStatus = Field(description="Where its reading stands.")
    merchant_name: str | None
    total_amount: Decimal | None
    currency: str | None
    extraction_confidence: float | None
    extraction_errors: list[str] = Field(description="Why the reading failed, or what is doubtful about it.")
    parsed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class AttemptBody(BaseModel):
    """One run of a job over a receipt."""

    run: int = Field(description="Its number among the runs over this receipt, from 1.")
    job_id: str | None = Field(description="null when no job ran it.")
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it runs, or when it ended without a word.")
    kind: str = Field(
        description="`running`, `completed`, `lost` (ended without a word), `overtaken` (by a newer run; nothing was "
        "stored), or the class of what ended it: `agent_down`, `agent_busy`, `bad_input`, `bad_answer`, `config`, "
        "`db`, `timeout`, `error`."
    )
    message: str | None = Field(description="What ended it, in a sentence.")

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptBody:
        """As the store tells it."""
        return cls(
            run=attempt.fence,
            job_id=attempt.job_id or None,
            started_at=attempt.at,
            ended_at=attempt.ended_at,
            kind=attempt.kind,
            message=attempt.message or None,
        )


class ReceiptBody(ReceiptSummary):
    """A receipt with everything that was read, and the runs that did or tried it."""

    ocr_text: str | None
    items: list[ItemBody] = Field(description="In printed order.")
    attempts: list[AttemptBody] = Field(default_factory=list, description="The last 20 runs over it, newest first.")


class ReceiptPage(BaseModel):
    """A page of receipts, newest first."""

    receipts: list[ReceiptSummary]
    total: int = Field(description="How many there are on all pages.")
    limit: int
    offset: int


class QueuedBody(BaseModel):
    """What was put into the queue."""

    status: Literal["queued"]
    queued: int = Field(description="How many this request put into the queue; those that wait or run are not counted.")
    job_ids: list[str]
    user_id: int
    limit: int | None


class RetriedBody(BaseModel):
    """A receipt that will be read again."""

    status: Literal["queued"]
    queued: int = Field(description="1; 0 when its job waits or runs already.")
    job_id: str
    receipt_id: int


class JobBody(BaseModel):
    """The state of a job."""

    job_id: str
    status: str = Field(description="RQ's word: queued, started, finished, failed, scheduled, ... or not_found.")
    result: Any = None
    created_at: str | None = None
    enqueued_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    error: str | None = None
    position: int | None = Field(default=None, description="In the queue, 0 is next.")


class QueueBody(BaseModel):
    """What the queue holds."""

    available: bool
    name: str
    count: int = Field(description="Jobs that wait.")
    started_jobs: int
    finished_jobs: int
    failed_jobs: int
    deferred_jobs: int
    scheduled_jobs: int
    canceled_jobs: int
    workers: int


class ReceiptJobBody(JobBody):
    """The state of a receipt's job."""

    available: bool
    receipt_id: int


class PartBody(BaseModel):
    """Whether a part answers."""

    ok: bool
    detail: str | None = Field(description="What is wrong and what to do.")


class ReadyBody(BaseModel):
    """Whether requests can be answered, and what is in the way."""

    ready: bool
    database: PartBody
    redis: PartBody
