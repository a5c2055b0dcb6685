"""Finding the middle of many registries merged, without reading what comes before it.

A window far down a merged list starts at some score. How many entries rank before a score is the sum of one ZCOUNT a
registry, so that the score is found by narrowing down, each step one round trip whatever the registries hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.wire import Command, ask, number, scored

if TYPE_CHECKING:
    from redis import Redis

#: Entries that may be left to read before the window, registries that are asked for a first guess, and steps after
#: which what is left is read whatever it is.
_NEAR = 512
_GUESSES = 16
_MOST_STEPS = 60


class _Guess(NamedTuple):
    """A rank to begin with, entries to a unit of rank, and whether some ranks are infinite."""

    rank: float
    density: float
    endless: bool


class _Side(NamedTuple):
    """A rank, and how many entries stand before it (an upper end) or up to it (a lower one)."""

    rank: float
    entries: int


def offsets(client: Redis, sources: Sequence[Source], lengths: Sequence[int], start: int) -> list[int]:
    """How many entries of each registry certainly come before position `start` of all of them merged.

    Their sum is at most `start`, and as a rule close to it.

    Args:
        client: a connection that returns bytes.
        sources: registries, none of them a list, all in one order.
        lengths: of each.
        start: a position in the merged order.
    """
    nothing = [0] * len(sources)
    guess = _guess(client, sources, lengths, start) if start > _NEAR else None
    if guess is None:
        return nothing
    rank, density, endless = guess
    for edge in (-math.inf, math.inf) if endless else ():  # RQ keeps with the score `inf` what never expires
        before, upto = (_upto(client, sources, edge, ties=ties) for ties in (False, True))
        if sum(before) <= start < sum(upto):
            return _into_ties(before, upto, start)
    # Ranks grow towards later entries; those of a descending order are scores with their sign turned.
    low, high = _Side(-math.inf, 0), _Side(math.inf, sum(lengths))
    best, target = nothing, start - _NEAR // 2
    for step in range(_MOST_STEPS):
        here = _upto(client, sources, rank)
        if sum(here) <= start:
            best, low = here, _Side(rank, sum(here))
            if start - low.entries <= _NEAR:
                return best
        else:
            less = _upto(client, sources, rank, ties=False) if _may_be_ties(low, high, rank) else here
            if sum(less) <= start:
                return _into_ties(less, here, start)
            high = _Side(rank, sum(less))
        following = _next(low, high, target, density * 2.0**-step, halve=step % 3 == 2)
        if not low.rank < following < high.rank:
            break
        rank = following
    return best


def _may_be_ties(low: _Side, high: _Side, rank: float) -> bool:
    """Whether it is worth asking how many share this very rank: when what is left lies within two seconds of it."""
    return not math.isfinite(low.rank) or rank - low.rank <= 2 or high.rank - rank <= 2


def _guess(
    client: Redis, sources: Sequence[Source], lengths: Sequence[int], start: int
) -> tuple[float, float, bool] | None:
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
        return _Guess(0.0, 1.0, endless=True) if endless else None
    extent = (lasts[-1] if lasts else middles[-1]) - (firsts[0] if firsts else middles[0])
    return _Guess(middles[len(middles) // 2], total / extent if extent > 0 else 1.0, endless)


def _upto(client: Redis, sources: Sequence[Source], rank: float, *, ties: bool = True) -> list[int]:
    """How many entries of each registry stand before this rank, and at it unless `ties` is off."""
    first = sources[0]
    key = Source(first.keys, first.state, NAME, first.newest_first).key
    score = -rank if first.newest_first else rank
    end = repr(score) if ties else f"({score!r}"
    question: Command = ("ZCOUNT", key, end, "+inf") if first.newest_first else ("ZCOUNT", key, "-inf", end)
    return [number(reply) for (reply,) in ask_each(client, [question], [source.queue for source in sources])]


def _into_ties(before: Sequence[int], upto: Sequence[int], start: int) -> list[int]:
    """Entries of one score are merged registry by registry: go through them in that order."""
    left = start - sum(before)
    found = []
    for less, more in zip(before, upto, strict=True):
        taken = min(left, more - less)
        left -= taken
        found.append(less + taken)
    return found


def _next(low: _Side, high: _Side, target: int, density: float, *, halve: bool) -> float:
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
