"""Standard input, output and error as a program may find them: closed, full, or in an encoding that lacks letters."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

_MODES = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_WRONLY), ("stderr", "w", os.O_WRONLY))


def make_usable() -> None:
    """Before anything else is opened: what is closed leads nowhere, what cannot be encoded is written as `\\xNN`.

    A closed descriptor would be given to the next thing that is opened, a connection to Redis for example, and what
    is printed would go there.
    """
    for number, (name, mode, flags) in enumerate(_MODES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - for ever
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Nothing more may be written, not even what is still buffered when the interpreter ends."""
    _lead_nowhere(sys.stdout)


def _lead_nowhere(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def flushed(code: int) -> int:
    """Write out what is buffered.

    Args:
        code: the exit code so far.

    Returns:
        The exit code: 1 instead of 0 where the output cannot be written. A reader that went away wanted no more.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        give_up_output()
        if not isinstance(error, BrokenPipeError):
            code = code or 1
            with suppress(OSError):
                sys.stderr.write(f"pantry-console: {unwritable(error)}\n")
    try:
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)
    return code


def unwritable(error: OSError) -> str:
    """The sentence for an output that takes no more."""
    return f"Standard output cannot be written ({error.strerror or error}): what was asked for is not complete."
