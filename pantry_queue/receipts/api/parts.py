"""What the endpoints stand on: store, queue and uploads, each call on a thread and with a time limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from sqlalchemy import make_url

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.receipts.store import ReceiptStore

from .problems import NoAnswer
from .uploads import UploadFolder, check_image

T = TypeVar("T")

#: A caller over HTTP gives up sooner than a worker, which waits half a minute for a locked database.
LOCK_SECONDS = 5
#: More than the slowest way to find out that a part is away (a frozen Redis: four tries of 5 s).
ANSWER_SECONDS = 30.0
_THREADS = 32
# Decoding is work for a processor and takes up to 200 MB; more at once would only be slower.
_DECODERS = 2


class Parts:
    """Store, queue and uploads of one API.

    Args:
        settings: where they are.
        store, client: to use instead of those the settings name.
    """

    def __init__(self, settings: Settings, store: ReceiptStore | None, client: QueueClient | None) -> None:
        self.settings = settings
        self.store = store or ReceiptStore(_impatient(settings.store_url))
        self.client = client or QueueClient(settings)
        self.uploads = UploadFolder(settings.upload_dir)
        self._threads = anyio.CapacityLimiter(_THREADS)
        self._decoders = anyio.CapacityLimiter(_DECODERS)

    async def run(self, work: Callable[[], T], seconds: float | None = None) -> T:
        """The result of `work`, done on a thread.

        Raises:
            NoAnswer: it took longer than `seconds` (`ANSWER_SECONDS`); it goes on, and its result is dropped.
        """
        seconds = ANSWER_SECONDS if seconds is None else seconds
        with anyio.move_on_after(seconds):
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
        raise NoAnswer(
            f"Database or Redis took longer than {seconds:.0f} s: see GET /ready, and look whether it was done after "
            "all before you try again."
        )

    async def look_at(self, content: bytes) -> None:
        """Nothing happens when `content` is an image that can be read; raises `ImageRefused` otherwise."""
        await anyio.to_thread.run_sync(check_image, content, limiter=self._decoders)


def _impatient(store_url: str) -> str:
    url = make_url(store_url)
    if url.get_backend_name() != "sqlite" or "timeout" in url.query:
        return store_url
    return url.update_query_dict({"timeout": str(LOCK_SECONDS)}).render_as_string(hide_password=False)
