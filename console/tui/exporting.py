"""All rows of a list written to a file, beside everything else, in constant memory; whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from console.documents.values import csv_line, plain_json
from console.tui.address import Address
from console.tui.present.words import amount, count
from pantry_queue.connection import connect, translated
from pantry_queue.errors import PantryError
from pantry_queue.keys import Keys

if TYPE_CHECKING:
    from console.tui.acting.stage import Stage
    from pantry_queue.config import Settings
    from pantry_queue.monitor.model import JobRow, SearchChunk

#: Seconds between two words in the status line.
_EVERY = 0.5
#: Seconds the end of the console waits for the step an export is at.
_PATIENCE = 2.0
#: How a file's name ends, by what is written into it.
KINDS = (".csv", ".jsonl")


class ExportError(PantryError):
    """Nothing can be written to that file."""


def checked(word: str) -> str:
    """The path of a file that rows can be written to; empty stays so.

    Raises:
        ExportError: its name says no kind that is known.
    """
    if word and not word.endswith(KINDS):
        raise ExportError(f"The name of the file should end with {' or '.join(KINDS)}, as in: export failed.csv.")
    return word


class Exporter:
    """Writes one list of one server at a time, over a connection of its own.

    Args:
        settings: where Redis is.
        stage: tells how far it is, and how it ended.
    """

    def __init__(self, settings: Settings, stage: Stage) -> None:
        self._settings = settings
        self._stage = stage
        self._stop: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def begin(self, file: Path, address: Address, *, newest_first: bool) -> None:
        """Write the jobs at an address; the end is told."""
        if self._stop is not None:
            self._stage.tell("One export at a time: :export without a name stops the one that goes on.")
            return
        loop, stop = asyncio.get_running_loop(), threading.Event()
        self._stop = stop

        def work() -> None:
            ended, bad = "", True
            try:
                number = _write(file, self._rows(address, newest_first, stop, told))
                ended, bad = f"Wrote {amount(number, 'job')} to {file}.", False
            except _Stopped:
                ended, bad = "The export was stopped; nothing was written.", False
            except PantryError as error:
                ended = f"Nothing was written. {error}"
            except OSError as error:
                there = isinstance(error, FileExistsError)
                why = "there is such a file, or another export writes it" if there else error.strerror
                ended = f"Nothing was written to {file}: {why}."
            with suppress(RuntimeError):  # the console has ended meanwhile
                loop.call_soon_threadsafe(self._ended, ended, bad)

        def told(doing: str) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._stage.note_doing, doing)

        self._thread = threading.Thread(target=work, name="export", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no more; what was begun is taken away."""
        if self._stop is None:
            self._stage.tell("Say which file, as in: export failed.csv.")
        else:
            self._stop.set()

    def close(self) -> None:
        """The console ends; what is half written goes first."""
        if self._stop is not None and self._thread is not None:
            self._stop.set()
            self._thread.join(_PATIENCE)

    def _ended(self, sentence: str, bad: bool) -> None:
        self._stop = None
        self._stage.note_doing(None)
        self._stage.tell(sentence, severity="error" if bad else "information")

    def _rows(
        self, address: Address, newest_first: bool, stop: threading.Event, told: Callable[[str], None]
    ) -> Iterator[JobRow]:
        from pantry_queue.monitor.query import parse
        from pantry_queue.monitor.search import search

        told_at = 0.0
        with translated(self._settings):
            client = connect(self._settings)
            try:
                chunks: Iterator[SearchChunk] = search(
                    client,
                    Keys.from_env(),
                    parse(address.where),
                    states=(address.state,),
                    queues=None if address.queue is None else (address.queue,),
                    newest_first=newest_first,
                )
                for chunk in chunks:
                    if stop.is_set():
                        raise _Stopped
                    yield from chunk.rows
                    if time.monotonic() - told_at > _EVERY:
                        told_at = time.monotonic()
                        told(f"export {count(chunk.looked)} of {count(chunk.total)}")
            finally:
                client.close()


class _Stopped(Exception):  # noqa: N818 - an end, not an error
    """The operator wants no more of it."""


def _write(file: Path, rows: Iterator[JobRow]) -> int:
    """All rows into a new file that its owner alone may read; it gets its name when it is whole."""
    try:
        file = file.expanduser()
    except RuntimeError:
        raise ExportError("Nobody has that home: give another path.") from None
    if file.exists():
        raise FileExistsError
    part = file.with_name(f"{file.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="") as out:
        try:
            number = _fill(out, rows, csv=file.suffix == ".csv")
            out.flush()
            os.link(part, file)  # which fails where such a file has come up meanwhile
        finally:
            part.unlink()
    return number


def _fill(out: IO[str], rows: Iterator[JobRow], *, csv: bool) -> int:
    from console.documents.jobs import COLUMNS, row_json

    number = 0
    if csv:
        out.write(csv_line(COLUMNS))
    for row in rows:
        found = row_json(row)
        if csv:
            out.write(csv_line([found[name] for name in COLUMNS]))
        else:
            out.write(json.dumps(found, default=plain_json, ensure_ascii=False) + "\n")
        number += 1
    return number
