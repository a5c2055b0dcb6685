"""Finding the middle of many registries merged, without reading what comes before it.

A window far down a merged list starts at some score. How many entries rank before a score is the sum of one ZCOUNT a
registry, so that the score is found by narrowing down, each step one round trip whatever the registries hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from pantry_queue.monitor import nearby
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.strand import Strand
from pantry_queue.monitor.wire import ask, number, permitted, scored

if TYPE_CHECKING:
    from redis import Redis

#: Entries that may be left to read before the window: so many, or so many a registry, of each of which some are read.
_NEAR = 512
_NEAR_EACH = 2
#: Registries that are asked for a first guess, and steps after which what is left is read whatever it is.
_GUESSES = 64
_MOST_STEPS = 60


class _Guess(NamedTuple):
    """A rank to begin with, entries to a unit of rank, whether ranks differ, and whether some are infinite."""

    rank: float
    density: float
    spread: bool
    endless: bool


class _Look(NamedTuple):
    """What one step tells of each registry: its entries, those up to a rank, and the first few if asked for."""

    lengths: list[int]
    upto: list[int]
    following: Sequence[Any] = ()


class Side(NamedTuple):
    """A rank, and how many entries stand before it (an upper end) or up to it (a lower one)."""

    rank: float
    entries: int


def near(sources: Sequence[Any]) -> int:
    """So many entries may be left to read before a window."""
    return max(_NEAR, _NEAR_EACH * len(sources))


def strands_at(client: Redis, sources: Sequence[Source], start: int, count: int) -> list[Strand]:
    """A strand of each registry that leaves out entries which certainly come before position `start` of all merged.

    The sum of what is left out is at most `start`, and as a rule close to it.

    Args:
        client: a connection that returns bytes.
        sources: registries, none of them a list, all in one order.
        start: a position in the merged order.
        count: entries that are wanted from there on.

    Raises:
        redis.exceptions.NoPermissionError: a registry may not be read.
    """
    if start <= near(sources) or not count:
        look = _from_the_top(client, sources, 2 * (start + count) // len(sources) + 1 if count else 0)
    else:
        look = _Search(client, sources, start, near(sources)).found()
    strands = []
    for index, source in enumerate(sources):
        strands.append(Strand(source, look.lengths[index], look.upto[index]))
        if look.following:
            strands[-1].add(look.following[index])
    return strands


def suppose(client: Redis, sources: Sequence[Source], start: int) -> None:
    """Tell `nearby` where position `start` of all merged may be, as far as a few registries tell.

    Where many entries share a rank, or ranks are infinite, nothing is told: there `strands_at` is the way.

    Args:
        client: a connection that returns bytes.
        sources: registries, none of them a list, all in one order.
        start: a position in the merged order.

    Raises:
        redis.exceptions.NoPermissionError: a registry may not be read.
    """
    lengths, total = (look := _from_the_top(client, sources, 0)).lengths, sum(look.lengths)
    guess = _guess(client, sources, lengths, start) if start < total else None
    if guess is not None and guess.spread and not guess.endless:
        nearby.suppose(client, sources, total, start, guess.rank, guess.density)


class _Search:
    """Narrowing down where position `start` is, until no more than `near` entries are left before it."""

    def __init__(self, client: Redis, sources: Sequence[Source], start: int, near: int) -> None:
        self._client, self._sources, self._start, self._near = client, sources, start, near
        self._target = start - near // 2

    def found(self) -> _Look:
        """What is to be read from; its counts sum up to `start` at most."""
        look = _from_the_top(self._client, self._sources, 0)
        if self._start >= sum(look.lengths):
            return look
        guess = _guess(self._client, self._sources, look.lengths, self._target)
        if guess is None:
            return look
        for edge in (-math.inf, math.inf) if guess.endless else ():  # RQ keeps with the score `inf` what never expires
            before, upto = (_upto(self._client, self._sources, edge, ties=ties) for ties in (False, True))
            if sum(before) <= self._start < sum(upto):
                return look._replace(upto=into_ties(before, upto, self._start))
        return self._narrowed(guess)

    def _narrowed(self, guess: _Guess) -> _Look:
        # Ranks grow towards later entries; those of a descending order are scores with their sign turned.
        low, high = Side(-math.inf, 0), Side(math.inf, 0)
        best, rank = None, guess.rank
        for step in range(_MOST_STEPS):
            here = _look(self._client, self._sources, rank)
            if best is None:
                best, high = here._replace(upto=[0] * len(here.upto)), Side(math.inf, sum(here.lengths))
            if self._start >= high.entries and not math.isfinite(high.rank):
                return best
            if sum(here.upto) <= self._start:
                best, low = here, Side(rank, sum(here.upto))
                if self._start - low.entries <= self._near:
                    return best
            else:
                asked = _may_be_ties(low, high, rank)
                less = _upto(self._client, self._sources, rank, ties=False) if asked else here.upto
                if sum(less) <= self._start:
                    return _Look(here.lengths, into_ties(less, here.upto, self._start))
                high = Side(rank, sum(less))
            following = between(low, high, self._target, guess.density * 2.0**-step, halve=step % 3 == 2)
            if not low.rank < following < high.rank:
                break
            rank = following
        return best or _from_the_top(self._client, self._sources, 0)


def _from_the_top(client: Redis, sources: Sequence[Source], step: int) -> _Look:
    """Lengths, and the first `step` entries of each."""
    first = replace(sources[0], queue=NAME)
    questions = [first.length(), *([first.range(0, step)] if step else [])]
    replies = ask_each(client, questions, [source.queue for source in sources])
    lengths = [number(permitted(reply[0])) for reply in replies]
    return _Look(lengths, [0] * len(lengths), [reply[1] for reply in replies] if step else ())


def _look(client: Redis, sources: Sequence[Source], rank: float) -> _Look:
    first = replace(sources[0], queue=NAME)
    questions = [first.length(), first.counting(rank, ties=True)]
    replies = ask_each(client, questions, [source.queue for source in sources])
    return _Look([number(permitted(reply[0])) for reply in replies], [number(reply[1]) for reply in replies])


def _may_be_ties(low: Side, high: Side, rank: float) -> bool:
    """Whether it is worth asking how many share this very rank: when what is left lies within two seconds of it."""
    return not math.isfinite(low.rank) or rank - low.rank <= 2 or high.rank - rank <= 2


def _guess(client: Redis, sources: Sequence[Source], lengths: Sequence[int], start: int) -> _Guess | None:
    """What a few registries tell of position `start`; None where they are empty."""
    total = sum(lengths)
    sign = -1 if sources[0].newest_first else 1
    filled = [(source, length) for source, length in zip(sources, lengths, strict=True) if length]
    chosen = filled[:: max(1, len(filled) // _GUESSES)]
    at = [position for _, length in chosen for position in (0, int(start / total * length), length - 1)]
    asked = [source for source, _ in chosen for _ in range(3)]
    replies = ask(client, [source.range(position, 1) for source, position in zip(asked, at, strict=True)])
    found = [[sign * score for _, score in scored(reply)] for reply in replies]
    endless = any(math.isinf(rank) for one in found for rank in one)
    ranks = [[rank for rank in one if math.isfinite(rank)] for one in found]
    firsts, middles, lasts = (sorted(chain.from_iterable(ranks[part::3])) for part in range(3))
    if not middles:
        return _Guess(0.0, 1.0, spread=False, endless=True) if endless else None
    extent = (lasts[-1] if lasts else middles[-1]) - (firsts[0] if firsts else middles[0])
    density = total / extent if extent > 0 else 1.0
    return _Guess(middles[len(middles) // 2], density, spread=extent > 0, endless=endless)


def _upto(client: Redis, sources: Sequence[Source], rank: float, *, ties: bool) -> list[int]:
    """How many entries of each registry stand before this rank, and at it if `ties`."""
    question = replace(sources[0], queue=NAME).counting(rank, ties=ties)
    return [number(reply) for (reply,) in ask_each(client, [question], [source.queue for source in sources])]


def into_ties(before: Sequence[int], upto: Sequence[int], start: int) -> list[int]:
    """Entries of one rank are merged source by source: go through them in that order."""
    left = start - sum(before)
    found = []
    for less, more in zip(before, upto, strict=True):
        taken = min(left, more - less)
        left -= taken
        found.append(less + taken)
    return found


def between(low: Side, high: Side, target: int, density: float, *, halve: bool) -> float:
    """The rank to try next: on a straight line between what is known, every third time one half way."""
    if not math.isfinite(low.rank) and not math.isfinite(high.rank):
        return math.nan
    if not math.isfinite(high.rank):
        following = low.rank + max(1.0, (target - low.entries) / density)
    elif not math.isfinite(low.rank):
        following = high.rank - max(1.0, (high.entries - target) / density)
    elif halve or high.entries <= low.entries:
        following = low.rank + (high.rank - low.rank) / 2
    else:
        following = low.rank + (high.rank - low.rank) * (target - low.entries) / (high.entries - low.entries)
    whole = round(following)  # RQ's scores are whole seconds as a rule, and then ties are met exactly
    return float(whole) if low.rank < whole < high.rank else following
