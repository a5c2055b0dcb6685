"""The terminal lent to something else for a while: a pager, an editor, the terminal's own selecting.

Meanwhile the console stands still; what is under way in the background goes on in its own thread.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from textual.app import App, SuspendNotSupported

from console.tui.copying.texts import Copyable
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

Program = Literal["pager", "editor"]

#: Variables that name a program, the first that is set counts, and what is run when none is.
_PROGRAMS: dict[Program, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pager": (("PAGER",), ("less", "more")),
    "editor": (("VISUAL", "EDITOR"), ("sensible-editor", "nano", "vi")),
}
#: Bytes that are taken over from an editor.
_MOST_EDITED = 1 << 20
_BACK = "-- enter goes back to the console --"


class LendingError(PantryError):
    """The terminal cannot be lent, or not to this program."""


class _AskedToEnd(Exception):  # noqa: N818 - a request, not an error
    """A signal asks the console to end, whoever has the terminal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def program(kind: Program, environ: Mapping[str, str]) -> list[str]:
    """The program and its arguments.

    Raises:
        LendingError: none is named that exists, and none of the usual ones is installed.
    """
    names, usual = _PROGRAMS[kind]
    named = next((name for name in names if environ.get(name, "").strip()), None)
    if named is None:
        found = next((one for one in usual if shutil.which(one)), None)
        if found is None:
            raise LendingError(f"There is no {kind} on this machine: name one in {names[-1]}.")
        return [found]
    try:
        words = shlex.split(environ[named])
    except ValueError:
        words = []
    if not words or shutil.which(words[0]) is None:
        raise LendingError(f"{named} names {safe(environ[named], 60)!r}, which cannot be run: name a program in it.")
    return words


def open_with(app: App[Any], kind: Program, text: Copyable, environ: Mapping[str, str] = os.environ) -> None:
    """Show a text in the operator's own program. It gets a private copy, which is gone when it ends.

    Raises:
        LendingError: one sentence that says why not.
    """
    words = program(kind, environ)
    with tempfile.TemporaryDirectory(prefix="pantry-console-") as folder:
        file = Path(folder) / text.file
        file.write_text(text.body + "\n", "utf-8", "backslashreplace")
        lend(app, lambda: _run([*words, str(file)]))


def edited(app: App[Any], text: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """What the operator's own editor leaves of a text; its copy is private and gone when the editor ends.

    Args:
        text: printable, with line feeds.
        name: of the file.

    Raises:
        LendingError: one sentence that says why not.
    """
    words = program("editor", environ)
    with tempfile.TemporaryDirectory(prefix="pantry-console-") as folder:
        file = Path(folder) / name
        file.write_text(text + "\n", "utf-8", "backslashreplace")
        lend(app, lambda: _run([*words, str(file)]))
        try:
            left = file.read_bytes()
        except OSError as error:
            raise LendingError(f"The editor left nothing to read: {error.strerror}.") from None
    if len(left) > _MOST_EDITED:
        raise LendingError(f"The editor left {len(left):,} bytes, more than {_MOST_EDITED:,}: nothing was taken over.")
    return left.decode("utf-8", "replace").rstrip("\n")


def show_to_select(app: App[Any], text: Copyable) -> None:
    """Show a text on the terminal's own page, where its mouse selects and its scrolling works, until Enter.

    Raises:
        LendingError: one sentence that says why not.
    """
    lend(app, lambda: _show(text))


def lend(app: App[Any], work: Callable[[], None]) -> None:
    """Leave the terminal to `work`, as it was before the console; afterwards the console is drawn anew.

    Raises:
        LendingError: there is no terminal of our own.
    """
    trouble: Exception | None = None
    try:
        with app.suspend():
            # Nothing may leave this block as an exception: the console would not come back.
            try:
                with _signals():
                    work()
            except Exception as error:
                trouble = error
    except SuspendNotSupported:
        raise LendingError("There is no terminal here that could be lent.") from None
    if isinstance(trouble, _AskedToEnd):
        app.exit(return_code=128 + trouble.number)
    elif isinstance(trouble, OSError):
        raise LendingError(f"That could not be run: {trouble.strerror}.") from None
    elif trouble is not None:
        raise trouble


@contextmanager
def _signals() -> Iterator[None]:
    """Ctrl-C is for who has the terminal; being asked to end is for us, and the event loop does not hear it now."""

    def end(number: int, frame: FrameType | None) -> None:
        raise _AskedToEnd(number)

    def leave(number: int, frame: FrameType | None) -> None:
        """Not SIG_IGN, which the program would inherit."""

    handlers = {signal.SIGINT: leave, signal.SIGTERM: end, signal.SIGHUP: end}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _run(words: list[str]) -> None:
    with subprocess.Popen(words) as running:
        try:
            running.wait()
        except _AskedToEnd:
            running.terminate()
            raise


def _show(text: Copyable) -> None:
    screen, keys = sys.__stderr__, sys.__stdin__
    if screen is None or keys is None:
        return
    encoding = screen.encoding or "ascii"
    screen.write(f"{text.body}\n{_BACK}\n".encode(encoding, "backslashreplace").decode(encoding))
    screen.flush()
    select.select([keys], [], [])
    os.read(keys.fileno(), 4096)
