"""Talking to the terminal itself: what it answers and how fast, and putting a broken one right."""

from __future__ import annotations

import os
import re
import select
import statistics
import termios
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

#: Where it is when the cursor is asked for; every terminal answers this, so it also ends other questions.
_WHERE, _HERE = b"\x1b[6n", re.compile(rb"\x1b\[(\d{1,5});(\d{1,5})R")
_KITTY, _SYNC = re.compile(rb"\x1b\[\?(\d{1,5})u"), re.compile(rb"\x1b\[\?2026;(\d)\$y")
#: Seconds an answer is waited for, and how often the time it takes is measured.
_PATIENCE, _TIMES = 3.0, 5
_MOST_BYTES = 1 << 16

#: What switches everything off that a full-screen program may have left on, and on what it may have left off.
RESET = (
    "\x1b[?2026l"  # synchronized output: what waits is drawn
    "\x1b[?1049l"  # alternate screen
    "\x1b[<u\x1b[=0u"  # kitty's keyboard protocol
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, pasting and size reports
    "\x1b[?1l\x1b>"  # keys of an application
    "\x1b[r\x1b[?6l\x1b[?7h\x1b[4l"  # scroll region, origin, wrapping, inserting
    "\x1b(B\x0f\x1b[0m\x1b[0 q\x1b[?25h"  # letters, colours, cursor
)


class Link:
    """The controlling terminal, listening to us alone.

    Args:
        descriptor: open for reading and writing.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def delays(self) -> list[float]:
        """Seconds from asking to the answer, several times; none when it does not answer."""
        found = []
        for _ in range(_TIMES):
            began = time.monotonic()
            if _HERE.search(self._asked(_WHERE, 1)) is None:
                break
            found.append(time.monotonic() - began)
        return found

    def features(self) -> tuple[bool, bool]:
        """Whether it knows kitty's keyboard protocol, and synchronized output."""
        answer = self._asked(b"\x1b[?u\x1b[?2026$p" + _WHERE, 1)
        sync = _SYNC.search(answer)
        return _KITTY.search(answer) is not None, sync is not None and sync[1] in (b"1", b"2", b"3")

    def widths(self, characters: Sequence[str]) -> dict[str, int]:
        """Cells it draws each character in; empty when it does not answer."""
        asked = b"".join(b"\r" + char.encode() + _WHERE for char in characters)
        columns = [int(match[2]) for match in _HERE.finditer(self._asked(asked, len(characters)))]
        os.write(self._descriptor, b"\r\x1b[K")
        if len(columns) != len(characters):
            return {}
        return {char: column - 1 for char, column in zip(characters, columns, strict=True)}

    def _asked(self, question: bytes, positions: int) -> bytes:
        """What comes until it has told so many cursor positions, or time is up."""
        os.write(self._descriptor, question)
        answer, end = b"", time.monotonic() + _PATIENCE
        while len(_HERE.findall(answer)) < positions and len(answer) < _MOST_BYTES:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                break
            more = os.read(self._descriptor, 4096)
            if not more:
                break
            answer += more
        return answer


@contextmanager
def link() -> Iterator[Link | None]:
    """The terminal, which echoes nothing meanwhile; None where there is none, or we are in its background."""
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            yield None
            return
        before = termios.tcgetattr(descriptor)
        quiet = termios.tcgetattr(descriptor)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, quiet)
        try:
            yield Link(descriptor)
        finally:
            # Flushed, so that an answer that comes late is not taken for something typed.
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    finally:
        os.close(descriptor)


def median_ms(delays: Iterable[float]) -> float | None:
    """The middle one in milliseconds, None without any."""
    known = list(delays)
    return statistics.median(known) * 1000 if known else None


def put_right() -> bool:
    """Let the terminal be as a shell wants it: modes off, cursor on, lines echoed; False where there is none."""
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, _sane(termios.tcgetattr(descriptor)))
        os.write(descriptor, RESET.encode())
    finally:
        os.close(descriptor)
    return True


def _sane(found: list[int | list[bytes | int]]) -> list[int | list[bytes | int]]:
    """Flags as `stty sane` sets those that full-screen programs change."""
    into, out, control, local, *speeds, characters = found
    assert isinstance(into, int)
    assert isinstance(out, int)
    assert isinstance(local, int)
    into |= termios.BRKINT | termios.ICRNL | termios.IXON
    into &= ~(termios.IGNBRK | termios.INLCR | termios.IGNCR | termios.IXOFF)
    out |= termios.OPOST | termios.ONLCR
    local |= termios.ISIG | termios.ICANON | termios.IEXTEN | termios.ECHO | termios.ECHOE | termios.ECHOK
    local &= ~(termios.ECHONL | termios.NOFLSH | termios.TOSTOP)
    return [into, out, control, local, *speeds, characters]
