"""Pure: how one sample of many queues is packed into some five bytes a queue.

A payload is a kind (`k` key sample, `d` difference) and a zlib stream of numbers as varints (7 bits a byte, low ones
first). A key sample holds: seconds until the next sample is due, how many queues, each name (length, bytes), the
server's figures, then one field after the other of all queues. A difference holds, after the seconds, how many
samples lie between its key sample and itself, how many milliseconds earlier the sample before it was taken, then for
each number what it differs by from that one (zigzag: 0, -1, 1, -2, ...). Each thirtieth sample is a key sample, so
that a damaged entry costs itself and those up to the next one, and no more.

Rates and ages are kept in steps of 5 %, so that their noise costs one byte: 0 is unknown, 1 is nothing,
n is 0.001 * 1.05^(n - 2). Other figures that may be unknown are kept plus one, and 0 is unknown.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Numbers kept of each queue, and of the server.
QUEUE_FIELDS = "queued started finished failed deferred scheduled workers age arriving ending failing canceled".split()
#: Numbers of a queue in samples of an earlier version, which did not keep the last ones.
_EARLIER_FIELDS = 11
SERVER_FIELDS = "memory_kib clients ops round_trip_us workers".split()
#: Bytes a payload may unfold to, and queues it may name: more is damage.
_UNFOLDED, _MOST_NAMES, _LONGEST_NAME = 256 * 1024, 1000, 4096
_LEAST, _STEP = 0.001, math.log(1.05)
_MOST_STEPS = 1000
#: Bits of a number.
_LONGEST = 63


class Damaged(ValueError):  # noqa: N818 - what it is
    """A payload that is none."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One sample as it is packed.

    Attributes:
        step: seconds until the next one is due.
        names: of queues, as Redis holds them.
        numbers: the server's figures, then field by field that of each queue.
    """

    step: int
    names: tuple[bytes, ...]
    numbers: tuple[int, ...]

    def server(self) -> tuple[int, ...]:
        """The server's figures, in the order of `SERVER_FIELDS`."""
        return self.numbers[: len(SERVER_FIELDS)]

    def queue(self, index: int) -> tuple[int, ...]:
        """The figures of one queue, in the order of `QUEUE_FIELDS`."""
        return self.numbers[len(SERVER_FIELDS) + index :: len(self.names)]


def pack(grid: Grid, before: Grid | None = None, back: int = 0, place: int = 1) -> bytes:
    """A sample as it is stored.

    Args:
        before: the sample before it, which names the same queues; None makes this one a key sample.
        back: milliseconds from that one to this.
        place: how far this one is from its key sample, 1 or more.
    """
    body = bytearray()
    if before is None:
        _put(body, (grid.step, len(grid.names)))
        for name in grid.names:
            _put(body, (len(name),))
            body += name
        _put(body, grid.numbers)
        return b"k" + zlib.compress(bytes(body), 9)
    _put(body, (grid.step, place, back))
    differences = (here - there for here, there in zip(grid.numbers, before.numbers, strict=True))
    _put(body, (2 * n if n >= 0 else -2 * n - 1 for n in differences))
    return b"d" + zlib.compress(bytes(body), 9)


def unpack(payload: bytes, known: dict[int, Grid], at: int) -> Grid:
    """A sample as it was.

    Args:
        known: samples by the millisecond they were taken; this one is added.
        at: when this one was taken, in milliseconds.

    Raises:
        Damaged: it is none, or the sample it rests on is not known.
    """
    numbers = _Numbers(_unfolded(payload[1:]))
    step = numbers.one()
    if payload[:1] == b"k":
        count = numbers.one()
        if count > _MOST_NAMES:
            raise Damaged
        names = tuple(numbers.taken(numbers.one()) for _ in range(count))
        known[at] = Grid(step, names, _whole(numbers.rest(), count))
        return known[at]
    numbers.one()
    before = known.get(at - numbers.one()) if payload[:1] == b"d" else None
    if before is None:
        raise Damaged
    changes = zip(before.numbers, _whole(numbers.rest(), len(before.names)), strict=True)
    known[at] = Grid(step, before.names, tuple([there + (n >> 1 ^ -(n & 1)) for there, n in changes]))
    return known[at]


def place_of(payload: bytes) -> int:
    """How far a sample is from its key sample; 0 where it is one itself.

    Raises:
        Damaged: it is no sample.
    """
    numbers = _Numbers(_unfolded(payload[1:]))
    numbers.one()
    return numbers.one() if payload[:1] == b"d" else 0


def scaled(value: float | None) -> int:
    """A rate or an age in steps of 5 %."""
    if value is None or math.isnan(value):
        return 0
    if value < _LEAST:
        return 1
    return min(_MOST_STEPS, 2 + round(math.log(value / _LEAST) / _STEP)) if math.isfinite(value) else _MOST_STEPS


def unscaled(number: int) -> float | None:
    """What `scaled` made the number of, to within 2.5 %."""
    return None if number <= 0 else _UNSCALED[min(number, _MOST_STEPS)]


_UNSCALED = (0.0, 0.0, *(_LEAST * math.exp((number - 2) * _STEP) for number in range(2, _MOST_STEPS + 1)))


def _whole(numbers: Sequence[int], queues: int) -> tuple[int, ...]:
    """All numbers of a sample; what an earlier version did not keep is 0, which is unknown."""
    missing = len(SERVER_FIELDS) + len(QUEUE_FIELDS) * queues - len(numbers)
    if missing not in (0, (len(QUEUE_FIELDS) - _EARLIER_FIELDS) * queues):
        raise Damaged
    return (*numbers, *(0,) * missing)


def _put(body: bytearray, numbers: Iterable[int]) -> None:
    for number in numbers:
        left = max(0, number)
        while left > 0x7F:
            body.append(left & 0x7F | 0x80)
            left >>= 7
        body.append(left)


def _unfolded(packed: bytes) -> bytes:
    unfolding = zlib.decompressobj()
    try:
        body = unfolding.decompress(packed, _UNFOLDED)
    except zlib.error:
        raise Damaged from None
    if not unfolding.eof:
        raise Damaged
    return body


class _Numbers:
    """Numbers read one after the other; every way to run over the end is `Damaged`."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def one(self) -> int:
        number = shift = 0
        while self._at < len(self._body) and shift < _LONGEST:
            byte = self._body[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
        raise Damaged

    def taken(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) != count or count > _LONGEST_NAME:
            raise Damaged
        self._at += count
        return found

    def rest(self) -> list[int]:
        """All that are left."""
        body, self._at = self._body[self._at :], len(self._body)
        # Most take one byte, and a day has five million of them.
        if body.isascii():
            return list(body)
        found, number, shift = list[int](), 0, 0
        for byte in body:
            if byte < 0x80:
                found.append(number | byte << shift)
                number = shift = 0
            else:
                number |= (byte & 0x7F) << shift
                shift += 7
                if shift >= _LONGEST:
                    raise Damaged
        if shift:
            raise Damaged
        return found
