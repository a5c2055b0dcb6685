"""What requests are made of, with its limits."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from fastapi import Form, Path, Query
from pydantic import BeforeValidator

from pantry_queue.receipts.store import MAX_ID

#: A page holds at most so many.
MAX_ROWS = 200
_MAX_OFFSET = 10**12
_MAX_LIMIT = 10**7


def _iso_day(value: Any) -> Any:
    # Pydantic would take a number too, as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("it should be a day as YYYY-MM-DD")
    return value


ReceiptId = Annotated[int, Path(ge=1, le=MAX_ID)]
JobId = Annotated[str, Path(max_length=1000)]
UserId = Annotated[int, Query(ge=1, le=MAX_ID)]
AnyUser = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only this user's; without it everybody's.")]
AnyReceipt = Annotated[int | None, Query(ge=1, le=MAX_ID, description="Tell of this receipt's job instead.")]
Rows = Annotated[int, Query(ge=1, le=MAX_ROWS)]
Offset = Annotated[int, Query(ge=0, le=_MAX_OFFSET)]
HowMany = Annotated[int | None, Query(ge=1, le=_MAX_LIMIT, description="Without it all of them.")]
FormUser = Annotated[int, Form(ge=1, le=MAX_ID)]
FormDay = Annotated[date, BeforeValidator(_iso_day), Form(description="Day of the purchase, YYYY-MM-DD.")]
