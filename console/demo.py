"""The demo's receipts: where they come from, how they are handed in, what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pantry_queue.config import Settings
from pantry_queue.errors import ConfigError, PantryError

if TYPE_CHECKING:
    from console.stack import Stack
    from pantry_queue.receipts.samples import Sample
    from pantry_queue.receipts.store import Receipt

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
_SEED = 20261124
_USER = 1
#: Without any change for this long something is wrong: a retry waits at most 60 s, a receipt takes seconds.
_STALLED_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one receipt.

    Attributes:
        state: `completed`, `failed`, or where it stood when the demo was ended.
        as_expected: a good sample was read with its true total, a bad one failed; own images just had to end.
    """

    file: str
    state: str
    merchant: str | None
    purchase_date: date | None
    total: Decimal | None
    currency: str | None
    error: str | None
    as_expected: bool


def draw(directory: Path, count: int) -> dict[Path, Sample | None]:
    """Draw `count` good samples, and the ones that are bad on purpose; each with what is known of it."""
    from pantry_queue.receipts.samples import draw_demo

    return {sample.path.absolute(): sample for sample in draw_demo(directory, count, _SEED)}


def collect(folder: Path) -> dict[Path, Sample | None]:
    """The user's own images, of which nothing is known.

    Raises:
        ConfigError: there is no such folder, or no image in it.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _IMAGE_SUFFIXES)
    except OSError:
        raise ConfigError(f"{folder} cannot be read: name a folder with receipt images.") from None
    if not paths:
        raise ConfigError(f"{folder} holds no image: name a folder with {', '.join(_IMAGE_SUFFIXES)} files.")
    return {path.absolute(): None for path in paths}


class DemoReceipts:
    """The receipts of one demo in the store and the queue.

    Args:
        known: images to read, each with its sample, or None for the user's own.
        settings: where queue and store of the demo are.
    """

    def __init__(self, known: dict[Path, Sample | None], settings: Settings) -> None:
        from pantry_queue.receipts.store import ReceiptStore

        self.known = known
        self.settings = settings
        self.store = ReceiptStore(settings.store_url)
        self._ids: dict[Path, int] = {}

    def enqueue(self, paths: Iterable[Path] | None = None) -> None:
        """Hand them in: all, or only those of `paths`."""
        from pantry_queue.client import QueueClient

        chosen = list(self.known if paths is None else paths)
        for path in chosen:
            self._ids[path] = self.store.add_receipt(str(path), _USER)
        QueueClient(self.settings).enqueue_batch_ocr(
            {"receipt_id": self._ids[path], "image_path": str(path), "user_id": _USER} for path in chosen
        )

    def wait(self, stack: Stack, tell: Callable[[str], None]) -> None:
        """Return when each has been read or has failed for good.

        Args:
            stack: what works on them; it is watched too.
            tell: is given a line whenever something has moved.

        Raises:
            PantryError: a part of the stack ended, or nothing moves any more.
        """
        said, since = "", time.monotonic()
        while True:
            line, done = self.progress()
            if line != said:
                tell(line)
                said, since = line, time.monotonic()
            if done:
                return
            if (part := stack.ended()) is not None:
                raise PantryError(f"The {part.name} ended by itself: {part.last_lines(1) or 'it said nothing'}")
            if time.monotonic() - since > _STALLED_SECONDS:
                raise PantryError(f"Nothing has moved for {_STALLED_SECONDS:.0f} s ({line}).")
            time.sleep(0.2)

    def progress(self) -> tuple[str, bool]:
        """Where they stand in a line, and whether all have come to their end."""
        counts = self.store.counts()
        done = counts["completed"] + counts["failed"]
        line = (
            f"{done} of {len(self.known)} done: {counts['completed']} read, {counts['failed']} failed, "
            f"{counts['processing']} running, {counts['pending']} waiting"
        )
        return line, done == len(self.known)

    def outcomes(self) -> list[Outcome]:
        """What became of each, in the order they were handed in."""
        return [_outcome(path, self.known[path], self.store.get(number)) for path, number in self._ids.items()]


def _outcome(path: Path, sample: Sample | None, receipt: Receipt) -> Outcome:
    ended = receipt.ocr_status in ("completed", "failed")
    as_expected = ended
    if sample is not None:
        right = (receipt.ocr_status == "completed", receipt.total_amount)
        as_expected = right == (sample.expectation.is_read, sample.total)
    return Outcome(
        file=path.name,
        state=receipt.ocr_status,
        merchant=receipt.merchant_name,
        purchase_date=receipt.purchase_date,
        total=receipt.total_amount,
        currency=receipt.currency,
        error="; ".join(receipt.extraction_errors) if receipt.ocr_status == "failed" else None,
        as_expected=as_expected,
    )


def agent_command(known: Iterable[Sample | None]) -> tuple[str, list[str]]:
    """Module and options of the demo's agent, which refuses some samples twice to show what retries do."""
    refused = [sample.path.name for sample in known if sample and sample.expectation == "read after refusals"]
    if not refused:
        return "pantry_queue.receipts.agent", []
    return "pantry_queue.receipts.drill", [word for name in refused for word in ("--refuse", f"{name}=2")]
