"""A stretch of many registries merged: what lies between two ranks, and how many entries come before it.

A console reads the same window, or one beside it, again and again. Where the last one was found the next is found in
one round trip: a read-only script adds up what comes before the stretch, and answers only the entries inside it, so
that a thousand registries cost a few short replies. How many entries of a registry come before it is remembered, and
proved by the two entries at that place, which costs the server one walk where counting costs two.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pantry_queue.monitor.each import NAME, ask_each, run
from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.wire import Command, ask, number, permitted, raw_of, scored

if TYPE_CHECKING:
    from redis import Redis

#: Registries of one call of the script: one to two milliseconds of the server's time.
_A_CALL = 200
#: Entries one call answers, as a rule no more than are in a window.
_MOST = 1000
#: Without the script: entries of each registry, at least, and times its even share of what is wanted.
_EACH = 8
#: ARGV: the key's two halves, the command, -1 or 1 (what makes a rank of a score), the two ends of the stretch as
#: ranks (the first is not part of it, and empty where it begins with the first entry; the last may be empty too),
#: entries wanted, entries answered at most, a list of how many come before it as far as is known, and the names.
#: Replies: entries of all; those before; index and count of what of the list was wrong; index, member and score of
#: the entries; whether these are all. A key of another type is empty; another refusal is the only reply.
_SCRIPT = """
local head, tail, command, sign = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local low, high = tonumber(ARGV[5]), tonumber(ARGV[6]) or math.huge
local wanted, most, known = tonumber(ARGV[7]), tonumber(ARGV[8]), cjson.decode(ARGV[9])
local total, before, whole, changed, found = 0, 0, 1, {}, {}
for index = 10, #ARGV do
  local key, offset = head .. ARGV[index] .. tail, 0
  local length = redis.pcall('ZCARD', key)
  if type(length) == 'table' then
    if string.sub(length.err, 1, 9) ~= 'WRONGTYPE' then return {length} end
    length = 0
  end
  if length > 0 then
    if low then offset = math.min(known[index - 9], length) end
    local skipped = math.min(offset, 1)
    local entries = redis.call(command, key, offset - skipped, offset, 'WITHSCORES')
    local last, first = entries[2 * skipped], entries[2 * skipped + 2]
    if low and (last and sign * tonumber(last) > low or first and sign * tonumber(first) <= low) then
      local score = string.format('%.17g', sign * low)
      offset = sign < 0 and redis.call('ZCOUNT', key, score, '+inf') or redis.call('ZCOUNT', key, '-inf', score)
      skipped = 0
      entries = redis.call(command, key, offset, offset, 'WITHSCORES')
    end
    if wanted > 1 and #entries / 2 > skipped and sign * tonumber(entries[#entries]) <= high then
      skipped = 0
      entries = redis.call(command, key, offset, offset + wanted - 1, 'WITHSCORES')
    end
    for place = 2 * skipped + 1, #entries, 2 do
      if sign * tonumber(entries[place + 1]) > high then break end
      found[#found + 1] = index - 10
      found[#found + 1] = entries[place]
      found[#found + 1] = entries[place + 1]
    end
  end
  if offset ~= known[index - 9] then
    changed[#changed + 1] = index - 10
    changed[#changed + 1] = offset
  end
  total, before = total + length, before + offset
  if #found > 3 * most then whole, wanted = 0, 0 end
end
return {total, before, changed, found, whole}
"""


class Bounds(NamedTuple):
    """The two ends of a stretch as ranks, which grow towards later entries: above `low`, up to `high`.

    With `low` of minus infinity it begins with the first entry, whatever its rank.
    """

    low: float
    high: float


class Found(NamedTuple):
    """What lies in a stretch.

    Attributes:
        total: entries of all registries.
        offsets: of each, how many come before the stretch.
        before: their sum.
        entries: rank, index of the registry, member and score; by rank, and as they are merged.
        whole: these are all, as far as the first so many were wanted.
    """

    total: int
    offsets: list[int]
    before: int
    entries: list[tuple[float, int, bytes, float]]
    whole: bool


def read(client: Redis, sources: Sequence[Source], bounds: Bounds, wanted: int, offsets: Sequence[int]) -> Found:
    """What lies in a stretch, in one round trip; two where no script may be run.

    Args:
        client: a connection that returns bytes.
        sources: registries, none of them a list, all in one order.
        bounds: of the stretch.
        wanted: the first so many entries of it at least are answered.
        offsets: how many entries of each come before it, as a guess: those before the last stretch that was read.

    Raises:
        redis.exceptions.RedisError: the server is away, or a registry may not be read.
    """
    starts = range(0, len(sources), _A_CALL)
    calls = [_call(sources[at : at + _A_CALL], bounds, wanted, offsets[at : at + _A_CALL]) for at in starts]
    replies = run(client, calls)
    if replies is None or any(isinstance(permitted(reply[0]), Exception) for reply in replies):
        return _counted(client, sources, bounds, wanted)
    return _told(replies, sources, offsets)


def _call(sources: Sequence[Source], bounds: Bounds, wanted: int, offsets: Sequence[int]) -> Command:
    first = replace(sources[0], queue=NAME)
    head, _, tail = first.key.partition(NAME)
    low, high = ("" if math.isinf(end) else repr(end) for end in bounds)
    command, sign = ("ZREVRANGE", -1) if first.newest_first else ("ZRANGE", 1)
    names = [raw_of(source.queue) for source in sources]
    known = json.dumps(list(offsets))
    return ("EVAL_RO", _SCRIPT, 0, head, tail, command, sign, low, high, wanted, _MOST, known, *names)


def _told(replies: Sequence[Any], sources: Sequence[Source], offsets: Sequence[int]) -> Found:
    """The answers of the script's calls put together."""
    found, sign = Found(0, list(offsets), 0, [], True), -1 if sources[0].newest_first else 1
    entries, total, before, complete = found.entries, 0, 0, True
    for call, reply in enumerate(replies):
        of_all, before_it, changed, inside, whole = reply
        total, before, complete = total + of_all, before + before_it, complete and bool(whole)
        for index, offset in zip(changed[::2], changed[1::2], strict=True):
            found.offsets[call * _A_CALL + index] = offset
        for index, member, score in zip(inside[::3], inside[1::3], map(float, inside[2::3]), strict=True):
            entries.append((sign * score, call * _A_CALL + index, member, score))
    entries.sort(key=_by_rank)
    return found._replace(total=total, before=before, whole=complete)


def _counted(client: Redis, sources: Sequence[Source], bounds: Bounds, wanted: int) -> Found:
    """The same where no script may be run: all is counted, and what lies in the stretch is read by position."""
    first, begins = replace(sources[0], queue=NAME), math.isinf(bounds.low)
    questions = [first.length(), first.counting(bounds.high, ties=True)]
    questions += [] if begins else [first.counting(bounds.low, ties=True)]
    replies = ask_each(client, questions, [source.queue for source in sources])
    lengths, ends = ([number(permitted(reply[part])) for reply in replies] for part in (0, 1))
    offsets = [0 if begins else number(reply[2]) for reply in replies]
    each = min(wanted, _EACH * (1 + wanted // len(sources)))
    filled = [index for index, end in enumerate(ends) if end > offsets[index]]
    inside = ask(client, [sources[at].range(offsets[at], min(each, ends[at] - offsets[at])) for at in filled])
    sign = -1 if first.newest_first else 1
    entries = [
        (sign * score, index, member, score)
        for index, reply in zip(filled, inside, strict=True)
        for member, score in scored(reply)
    ]
    entries.sort(key=_by_rank)
    whole = each == wanted or all(ends[index] - offsets[index] <= each for index in filled)
    return Found(sum(lengths), offsets, sum(offsets), entries, whole)


def _by_rank(entry: tuple[float, int, bytes, float]) -> float:
    return entry[0]
