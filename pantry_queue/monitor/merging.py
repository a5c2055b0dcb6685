"""A window over many lists or registries as if they were one.

Registries are merged by score, lists by the time their jobs were enqueued. Of each source little more is read than
what stands in the window: registries begin at a rank close before it (`seek`), and each is read in growing steps until
nothing unread can belong into the window.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from pantry_queue.monitor import nearby, seek, seek_lists
from pantry_queue.monitor.each import NAME, ask_each
from pantry_queue.monitor.merge import Source, enqueued
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.strand import Strand
from pantry_queue.monitor.wire import ask, number, permitted

if TYPE_CHECKING:
    from redis import Redis


def merged(client: Redis, sources: Sequence[Source], start: int, count: int) -> tuple[list[Place], int]:
    """The window.

    Args:
        client: a connection that returns bytes.
        sources: of one state, all in the same order.
        start: position of the first entry in the merged order.
        count: entries at most.

    Returns:
        The entries, and how many there are in all.

    Raises:
        redis.exceptions.NoPermissionError: a list may not be read.
    """
    if not sources:
        return [], 0
    if sources[0].is_list:
        strands = _listed(client, sources, start if count else 0)
    else:
        found = nearby.window(client, sources, start, count) if count else None
        if found is None and count and start > seek.near(sources):
            seek.suppose(client, sources, start)
            found = nearby.window(client, sources, start, count)
        if found is not None:
            return found
        strands = seek.strands_at(client, sources, start, count)
    return _window(client, strands, start, count)


def _window(client: Redis, strands: list[Strand], start: int, count: int) -> tuple[list[Place], int]:
    total, offsets = sum(strand.length for strand in strands), [strand.offset for strand in strands]
    if not count or start >= total:
        return [], total
    start -= sum(offsets)
    filled = [strand for strand in strands if strand.length > strand.offset]
    ranks = _settled(client, filled, start + count)
    if not strands[0].source.is_list:
        nearby.remember(client, [strand.source for strand in strands], offsets, total, ranks, start, count)
    return _cut(filled, ranks, start, count), total


def _listed(client: Redis, sources: Sequence[Source], start: int) -> list[Strand]:
    replies = ask_each(client, [replace(sources[0], queue=NAME).length()], [source.queue for source in sources])
    lengths = [number(permitted(reply)) for (reply,) in replies]
    return list(map(Strand, sources, lengths, seek_lists.offsets(client, sources, lengths, start)))


def _settled(client: Redis, strands: Sequence[Strand], need: int) -> list[float]:
    """Read on until the first `need` entries are certain; returns the ranks of all that was read, in order."""
    step = min(need, 2 * need // max(1, len(strands)) + 1)
    while True:
        ranks = sorted(chain.from_iterable(strand.ranks for strand in strands))
        last = ranks[need - 1] if len(ranks) >= need else math.inf
        waiting = [
            strand for strand in strands if strand.wants(need) and not (strand.ranks and strand.ranks[-1] > last)
        ]
        if not waiting:
            return ranks
        _extend(client, waiting, step)
        step = min(need, step * 4)


def _extend(client: Redis, strands: Sequence[Strand], step: int) -> None:
    """Read the next `step` entries of each."""
    replies = ask(client, [strand.source.range(strand.offset + len(strand.entries), step) for strand in strands])
    held = [len(strand.entries) for strand in strands]
    if strands[0].source.is_list:
        found = [strand.source.places(reply) for strand, reply in zip(strands, replies, strict=True)]
        times = enqueued(client, [strand.source for strand in strands], found)
        for strand, places in zip(strands, found, strict=True):
            strand.add_listed(places, times)
    else:
        for strand, reply in zip(strands, replies, strict=True):
            strand.add(reply)
    for strand, before in zip(strands, held, strict=True):
        if len(strand.entries) == before:  # it has shrunk since it was counted
            strand.length = strand.offset + before


def _cut(strands: Sequence[Strand], ranks: Sequence[float], start: int, count: int) -> list[Place]:
    """The entries from `start` on of strands whose ranks, merged, are these; equal ones in the order of the sources."""
    chosen = ranks[start : start + count]
    if not chosen:
        return []
    before = sum(bisect_left(strand.ranks, chosen[0]) for strand in strands)
    placed = sorted(
        (strand.ranks[position], index, position)
        for index, strand in enumerate(strands)
        for position in range(bisect_left(strand.ranks, chosen[0]), bisect_right(strand.ranks, chosen[-1]))
    )
    return [strands[index].place(position) for _, index, position in placed[start - before : start - before + count]]
