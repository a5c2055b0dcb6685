"""Counts by function: how many runs, how many failed, how long they ran and had waited.

One hash a minute, kept for a day. Its fields are `<function>|<count>`:

    n           runs that ended
    f           of those, runs that raised
    r<bucket>   run time; bucket b holds times below 2^b milliseconds, and not below half of that
    w<bucket>   time between enqueueing and start, likewise

and one field without `|`, `functions`: how many are told apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pantry_queue.keys import Keys

KEPT_SECONDS = 25 * 3600
#: Functions told apart in a minute; names come from Redis, and must not fill it.
MOST_FUNCTIONS = 200
OTHER = "…other"
_LONGEST_NAME = 120
_LAST_BUCKET = 28

# The server knows how many there are; a horse does not, and the next one begins anew.
# KEYS 1 the minute; ARGV 1 function, 2 what stands for all beyond the first so many, 3 so many, 4 seconds it is kept,
# 5... counts of this run. A key of another kind is left alone.
_SCRIPT = """
local key, name = KEYS[1], ARGV[1]
local there = redis.pcall('HEXISTS', key, name .. '|n')
if type(there) == 'table' then return 0 end
if there == 0 then
  if tonumber(redis.call('HGET', key, 'functions') or 0) >= tonumber(ARGV[3]) then
    name = ARGV[2]
  else
    redis.call('HINCRBY', key, 'functions', 1)
  end
end
for i = 5, #ARGV do redis.call('HINCRBY', key, name .. '|' .. ARGV[i], 1) end
redis.call('EXPIRE', key, ARGV[4])
return 1
"""


def bucket(seconds: float) -> int:
    """The bucket of a duration: 0 is below 1 ms, 10 below 1.024 s, 28 holds everything above 37 hours."""
    return min(_LAST_BUCKET, int(max(0.0, seconds) * 1000).bit_length())


def name_of(func: str) -> str:
    """A function as it is counted."""
    return func[:_LONGEST_NAME].replace("|", "_")


def count(
    pipe: Any, keys: Keys, func: str, *, failed: bool, enqueued: datetime | None, started: datetime, ended: datetime
) -> None:
    """Add a run to the pipeline that records its end.

    Args:
        pipe: of redis-py, in its transaction.
        func: dotted path.
    """
    told = ["n", f"r{bucket((ended - started).total_seconds())}"]
    if failed:
        told.append("f")
    if enqueued is not None:
        told.append(f"w{bucket((started - enqueued).total_seconds())}")
    key = keys.stats(int(ended.timestamp()) // 60)
    pipe.eval(_SCRIPT, 1, key, name_of(func), OTHER, MOST_FUNCTIONS, KEPT_SECONDS, *told)
