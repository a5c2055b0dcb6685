"""Jobs that fit a filter, looked for in any number of states and queues: streamed, bounded, stoppable.

Only lists that can hold a match are read, and of each job only the fields the filter looks at; a hit is then read
whole. Nothing is kept but the chunk at hand, so a search of any length needs the same memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pantry_queue.keys import Keys
from pantry_queue.monitor import jobs
from pantry_queue.monitor.candidate import Candidate, candidates
from pantry_queue.monitor.merge import Source, queue_names
from pantry_queue.monitor.model import STATES, JobRow, SearchChunk
from pantry_queue.monitor.query import EVERYTHING, Query
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.stream import CHUNK, Stream
from pantry_queue.monitor.wire import ask, name_of, raw_of, server_time
from pantry_queue.text import safe

if TYPE_CHECKING:
    from redis import Redis

#: The first steps are small, so that the first hits come at once.
_FIRST_CHUNK = 100


def search(
    client: Redis,
    keys: Keys,
    query: Query = EVERYTHING,
    *,
    states: Sequence[str] = STATES,
    queues: Sequence[str | bytes] | None = None,
    newest_first: bool = True,
    scan: int | None = None,
    limit: int | None = None,
    errors: bool = True,
) -> Iterator[SearchChunk]:
    """Look for jobs.

    Args:
        client: a connection that returns bytes.
        keys: names under RQ's prefix.
        query: what they have to fit (`query.parse`).
        states: lists to look in, one after the other.
        queues: names; None for every queue that is registered or listened to. Those of one state are merged by time.
        newest_first: order within a state, as `jobs.window` has it.
        scan: entries to look at, at most; None for all.
        limit: hits after which the search ends; None for no limit.
        errors: hits bear their last error.

    Yields:
        A chunk a step, its hits and how far the search has come, the last `finished`. It runs only while asked.

    Raises:
        ValueError: there is no such state.
        redis.exceptions.RedisError: the server is away, or a list may not be read.
    """
    streams = _streams(client, keys, query, states, queues, newest_first)
    looked, hits, total = 0, 0, sum(stream.total for _, stream in streams)
    for count, found in _steps(client, keys, query, streams, scan, errors):
        rows = found if limit is None else found[: limit - hits]
        looked, hits = looked + count, hits + len(rows)
        finished = limit is not None and hits >= limit
        yield SearchChunk(rows, looked, total, hits, finished=finished)
        if finished:
            return
    yield SearchChunk((), looked, total, hits, finished=True)


def _steps(
    client: Redis, keys: Keys, query: Query, streams: Sequence[tuple[str, Stream]], scan: int | None, errors: bool
) -> Iterator[tuple[int, tuple[JobRow, ...]]]:
    """State after state, `scan` entries in all: how many entries a step looked at, and its hits."""
    looked = 0
    started, began = server_time(ask(client, [("TIME",)])[0]), time.monotonic()
    for state, stream in streams:
        for places in _bounded(stream, None if scan is None else scan - looked):
            now = started + timedelta(seconds=time.monotonic() - began)
            looked += len(places)
            yield len(places), _hits(client, keys, query, state, places, now, errors)


def _streams(
    client: Redis,
    keys: Keys,
    query: Query,
    states: Sequence[str],
    queues: Sequence[str | bytes] | None,
    newest_first: bool,
) -> list[tuple[str, Stream]]:
    unknown = [state for state in states if state not in STATES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no state of a list of jobs; it should be one of {', '.join(STATES)}.")
    names = [name_of(name) for name in queues] if queues is not None else queue_names(client, keys)
    return [(state, Stream(client, _sources(keys, query, state, names, newest_first))) for state in states]


def _sources(keys: Keys, query: Query, state: str, names: Sequence[str], newest_first: bool) -> list[Source]:
    return [Source(keys, state, name, newest_first) for name in names if query.possible(state, safe(raw_of(name)))]


def _bounded(stream: Stream, most: int | None) -> Iterator[list[Place]]:
    """Chunks, the first of them small, of `most` entries in all."""
    left = most
    if left is not None and left <= 0:
        return
    for places in _split_first(stream):
        if left is not None:
            places = places[:left]  # noqa: PLW2901
            left -= len(places)
        yield places
        if left is not None and left <= 0:
            return


def _split_first(stream: Stream) -> Iterator[list[Place]]:
    chunks = stream.chunks(CHUNK)
    first = next(chunks, [])
    if first[:_FIRST_CHUNK]:
        yield first[:_FIRST_CHUNK]
    if first[_FIRST_CHUNK:]:
        yield first[_FIRST_CHUNK:]
    yield from chunks


def _hits(
    client: Redis, keys: Keys, query: Query, state: str, places: Sequence[Place], now: datetime, errors: bool
) -> tuple[JobRow, ...]:
    if all(query.certain(state, safe(raw_of(name))) for name in {place.queue for place in places}):
        return jobs.read(client, keys, state, places, errors=errors)
    found = candidates(client, keys, state, places, query.reads)
    fitting = [candidate for candidate in found if query.matches(candidate, now)]
    rows = jobs.read(client, keys, state, [candidate.place for candidate in fitting], errors=errors)
    return tuple(_with_args(row, candidate) for row, candidate in zip(rows, fitting, strict=True))


def _with_args(row: JobRow, candidate: Candidate) -> JobRow:
    return row if candidate.args is None else replace(row, args=candidate.args)
