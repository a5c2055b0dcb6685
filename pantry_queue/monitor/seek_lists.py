"""Finding the middle of many lists merged, without reading what comes before it.

A list has no scores: when a job was enqueued stands in its hash. A list is taken to be in the order of those times, as
RQ fills it, so that the place of a time is found by halving. Jobs that were put in front are the exception; far down
a merged list they are shown where their list has them, which may be another page than their time would have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pantry_queue.monitor.merge import Source, enqueued
from pantry_queue.monitor.seek import Side, between, into_ties, near
from pantry_queue.monitor.wire import ask

if TYPE_CHECKING:
    from redis import Redis

#: Times that are tried; what is left then is read whatever it is.
_MOST_STEPS = 40


def offsets(client: Redis, sources: Sequence[Source], lengths: Sequence[int], start: int) -> list[int]:
    """How many entries of each list come before position `start` of all merged.

    Their sum is at most `start`, and as a rule close to it.

    Args:
        client: a connection that returns bytes.
        sources: lists, all in one order.
        lengths: of each.
        start: a position in the merged order.

    Raises:
        redis.exceptions.RedisError: the server is away.
    """
    most_left, total = near(sources), sum(lengths)
    least, most = [0] * len(sources), list(lengths)
    if not most_left < start < total:
        return least
    target = start - most_left // 2
    guess = _guess(client, sources, lengths, target)
    if guess is None:
        return least
    rank, density = guess
    low, high = Side(-math.inf, 0), Side(math.inf, total)
    for step in range(_MOST_STEPS):
        upto = _places(client, sources, rank, least, most, ties=True)
        if sum(upto) <= start:
            least, low = upto, Side(rank, sum(upto))
            if start - low.entries <= most_left:
                break
        else:
            before = _places(client, sources, rank, least, upto, ties=False)
            if sum(before) <= start:
                return into_ties(before, upto, start)
            most, high = before, Side(rank, sum(before))
        following = between(low, high, target, density * 2.0**-step, halve=step % 3 == 2)
        if not low.rank < following < high.rank:
            break
        rank = following
    return least


def _guess(client: Redis, sources: Sequence[Source], lengths: Sequence[int], target: int) -> tuple[float, float] | None:
    """A rank near the target, and entries to a unit of rank; None where no job tells its time."""
    filled = [index for index, length in enumerate(lengths) if length]
    share = target / sum(lengths)
    parts = [
        _ranks(client, sources, {index: int(place * (lengths[index] - 1)) for index in filled})
        for place in (0.0, share, 1.0)
    ]
    firsts, middles, lasts = (sorted(rank for rank in part.values() if rank is not None) for part in parts)
    if not (firsts and middles and lasts):
        return None
    extent = lasts[-1] - firsts[0]
    return middles[len(middles) // 2], sum(lengths) / extent if extent > 0 else 1.0


def _places(
    client: Redis, sources: Sequence[Source], rank: float, least: Sequence[int], most: Sequence[int], *, ties: bool
) -> list[int]:
    """How many entries of each list stand before this rank, and at it if `ties`; known to lie between two counts."""
    low, high = list(least), list(most)
    while probes := {index: (low[index] + high[index]) // 2 for index in range(len(low)) if low[index] < high[index]}:
        for index, found in _ranks(client, sources, probes).items():
            # What cannot tell its time stands with the one before it.
            if found is None or found < rank or (ties and found == rank):
                low[index] = probes[index] + 1
            else:
                high[index] = probes[index]
    return low


def _ranks(client: Redis, sources: Sequence[Source], probes: Mapping[int, int]) -> dict[int, float | None]:
    """What the entry at a position of a list, by its index, is merged by; None where its job does not tell."""
    chosen = [sources[index] for index in probes]
    replies = ask(client, [source.range(at, 1) for source, at in zip(chosen, probes.values(), strict=True)])
    found = [source.places(reply) for source, reply in zip(chosen, replies, strict=True)]
    times = enqueued(client, chosen, found)
    sign = -1 if sources[0].newest_first else 1
    ranks = [times.get((places[0].queue, places[0].job_id)) if places else None for places in found]
    return {index: None if at is None else sign * at for index, at in zip(probes, ranks, strict=True)}
