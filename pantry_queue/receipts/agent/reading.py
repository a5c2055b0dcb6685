"""The one desk where receipts are read: one at a time, a few may wait, the rest come back later."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from pantry_queue.receipts.engine import OcrEngine
from pantry_queue.receipts.extract import Extraction, extract
from pantry_queue.receipts.images import ImageSources, decode_image, read_image

from .problem import Problem

MAX_WAITING = 4
_STARTING_RETRY = "2"
_FIRST_GUESS = 3.0
_NEWEST_SHARE = 0.2

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Timings:
    """How long each part took, in seconds, in order."""

    parts: dict[str, float] = field(default_factory=dict)

    def add(self, part: str, since: float) -> float:
        """Note the time of ``part`` from ``since`` until now; returns now."""
        now = time.perf_counter()
        self.parts[part] = now - since
        return now

    def header(self) -> str:
        """The parts as a ``Server-Timing`` header, in milliseconds."""
        return ", ".join(f"{part};dur={seconds * 1000:.0f}" for part, seconds in self.parts.items())


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, by which engine, of which bytes (SHA-256, hexadecimal), and how long each part took."""

    extraction: Extraction
    engine: str
    image_sha256: str
    timings: Timings


class ReadingDesk:
    """Reads images with one engine on one thread.

    The models are loaded in the background by :meth:`open`. A running recognition cannot be stopped; sizes are
    limited instead.
    """

    def __init__(self, sources: ImageSources, max_waiting: int = MAX_WAITING) -> None:
        self._sources = sources
        self._max_waiting = max_waiting
        self._engine: OcrEngine | None = None
        self._failure: str | None = None
        self._lock = asyncio.Lock()
        self._inside = 0
        self._seconds = _FIRST_GUESS

    @property
    def is_ready(self) -> bool:
        """Whether the models are loaded and warm."""
        return self._engine is not None

    @property
    def failure(self) -> str | None:
        """Why the models could not be loaded, if so."""
        return self._failure

    @property
    def busy(self) -> int:
        """How many requests are being read or wait."""
        return self._inside

    def open(self) -> None:
        """Begin to load and warm the models on a thread that does not keep the process alive."""
        threading.Thread(target=self._load, name="load-models", daemon=True).start()

    async def read(self, image_path: str, is_gone: Callable[[], Awaitable[bool]]) -> Reading:
        """Fetch, decode, recognise and understand one image.

        :param is_gone: asked when the request's turn comes; a caller that gave up is not read for
        :raises Problem: 503 ``starting``, ``engine_failed``; 429 ``busy``; 499 ``gone``
        :raises ImageRefused: when the image may not or cannot be read
        :raises OcrUnavailable: when the recogniser fails
        """
        engine = self._ready_engine()
        async with self._seat():
            timings = Timings()
            now = time.perf_counter()
            content = await read_image(image_path, self._sources)
            now = timings.add("load", now)
            async with self._lock:
                now = timings.add("wait", now)
                if await is_gone():
                    raise Problem(499, "gone", "The caller went away before its turn came.")
                extraction = await anyio.to_thread.run_sync(_read, engine, content, timings)
        self._seconds += _NEWEST_SHARE * (timings.parts["ocr"] - self._seconds)
        return Reading(extraction, engine.name, hashlib.sha256(content).hexdigest(), timings)

    def _ready_engine(self) -> OcrEngine:
        if self._failure is not None:
            raise Problem(503, "engine_failed", self._failure, {"Retry-After": "60"})
        if self._engine is None:
            sentence = "The agent is loading its models; try again in a moment."
            raise Problem(503, "starting", sentence, {"Retry-After": _STARTING_RETRY})
        return self._engine

    @asynccontextmanager
    async def _seat(self) -> AsyncIterator[None]:
        if self._inside > self._max_waiting:
            wait = max(1, math.ceil(self._seconds * self._inside))
            sentence = "The agent has as many receipts waiting as it takes; try again later."
            raise Problem(429, "busy", sentence, {"Retry-After": str(wait)})
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def _load(self) -> None:
        try:
            engine = OcrEngine()
            engine.warm()
        except Exception as error:
            _log.exception("The models could not be loaded")
            self._failure = f"The agent could not load its models: {error}"
        else:
            self._engine = engine


def _read(engine: OcrEngine, content: bytes, timings: Timings) -> Extraction:
    now = time.perf_counter()
    pixels = decode_image(content)
    now = timings.add("decode", now)
    lines = engine.read(pixels)
    now = timings.add("ocr", now)
    extraction = extract(lines)
    timings.add("parse", now)
    return extraction
