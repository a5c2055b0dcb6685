"""The log of a worker process: standard error, one line an event, nothing in it that a job could have forged."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from typing import TextIO

from pantry_queue.text import mask_secrets, safe
from pantry_queue.workers.fleet import LOG_VARIABLE

_LINE_LIMIT = 1000
_TRACE_LIMIT = 8000
_FILE_LIMIT = 5 << 20


class OneLine(logging.Formatter):
    """RQ logs descriptions and exceptions of jobs as they are, newlines and escape sequences included.

    A job's traceback is kept in Redis, so its first and last line are enough here. One of the worker itself is
    kept nowhere else and is written whole, its line ends made visible.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        lines = [line for line in record.getMessage().strip().splitlines() if line.strip()]
        told = f"{lines[0]} … {lines[-1].strip()}" if len(lines) > 1 else "".join(lines)
        line = f"{self.formatTime(record, self.datefmt)} {record.levelname} {safe(mask_secrets(told), _LINE_LIMIT)}"
        if record.exc_info:
            line += f" {safe(mask_secrets(self.formatException(record.exc_info)), _TRACE_LIMIT)}"
        return line


class _Errors(logging.StreamHandler[TextIO]):
    """Standard error. `logging` swallows every exception on its way, also one that a signal handler of RQ raises
    while a line is being written: a job's time-out must come through.
    """

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(OneLine())

    def keep(self) -> None:
        """Go on writing to where standard error is now, whatever becomes of it."""
        self.setStream(os.fdopen(os.dup(2), "w", 1, encoding="utf-8", errors="backslashreplace"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Only what writing itself may raise is swallowed."""
        error = sys.exc_info()[1]
        if error is not None and type(error).__module__.startswith("rq."):
            raise error
        super().handleError(record)


class _File(WatchedFileHandler):
    """A file that several processes of one worker write to, kept below a size: the older half is the file `.1`."""

    def __init__(self, path: str) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(OneLine())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, after the file was put aside if it is full."""
        with contextlib.suppress(OSError):
            if os.stat(self.baseFilename).st_size > _FILE_LIMIT:
                self._put_aside()
        super().emit(record)

    def _put_aside(self) -> None:
        with open(self.baseFilename, "rb") as full:
            fcntl.flock(full, fcntl.LOCK_EX)
            # Another process of the worker may have done it while we waited: its new file is not to be put aside.
            if os.path.samestat(os.fstat(full.fileno()), os.stat(self.baseFilename)):
                os.replace(self.baseFilename, f"{self.baseFilename}.1")

    def _open(self) -> TextIOWrapper:
        """For this user's eyes only, also when it is begun anew."""
        made = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return open(made, "a", encoding=self.encoding, errors=self.errors)


def log_to_stderr() -> None:
    """Send what RQ and we log to standard error, or to the file the environment names.

    A second call changes nothing.
    """
    from rq import logutils

    # RQ colours its messages by escape sequences when standard output is a terminal; here they would be text.
    logutils.colorizer.notty = True
    for name in ("rq", "pantry_queue"):
        logger = logging.getLogger(name)
        if any(isinstance(handler, (_Errors, _File)) for handler in logger.handlers):
            continue
        path = os.environ.get(LOG_VARIABLE)
        logger.addHandler(_File(path) if path else _Errors())
        logger.setLevel(logging.INFO)
        logger.propagate = False


def keep_stderr() -> None:
    """Before standard error is given to a job: the worker's own messages still go where they went."""
    for name in ("rq", "pantry_queue"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, _Errors):
                handler.keep()
