"""What undo needs of jobs, as `pantry:trash:<operation>:jobs` keeps it: a line holds many jobs, column by column.

Jobs of one call have most of it in common, and a column that is the same in all of them stands there once: that is
what makes keeping it cheap. Written by `remember` in `scripts/bulk.lua`, or here where no script may run. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pantry_queue.errors import PantryError
from pantry_queue.monitor.wire import name_of, raw_of

#: More records than any line holds.
_MOST = 100_000
#: Of one job: id, state, queue, place, life in milliseconds (true: as long as its entry), when, and what its kind of
#: operation needs beside that.
Record = Sequence[Any]


def packed(records: Sequence[Record]) -> bytes:
    """A line of records of equal length.

    Args:
        records: at least one; values are text, numbers, booleans, or lists that are not empty.
    """
    columns = [list(column) for column in zip(*records, strict=True)]
    same = [not isinstance(c[0], list | tuple) and all(v == c[0] and type(v) is type(c[0]) for v in c) for c in columns]
    line = [column[0] if alike else column for column, alike in zip(columns, same, strict=True)]
    return raw_of(json.dumps([len(records), *line], ensure_ascii=False))


def unpacked(line: bytes | str) -> list[list[Any]]:
    """The records of a line.

    Raises:
        PantryError: it is none that was written here.
    """
    try:
        count, *columns = json.loads(name_of(line))
        if not isinstance(count, int) or count > _MOST or not columns:
            raise ValueError(count)
        found = [[column[at] if isinstance(column, list) else column for column in columns] for at in range(count)]
        if any(not isinstance(value, str) for record in found for value in (*record[:3], *(None,) * (3 - len(record)))):
            raise ValueError(columns)
        return found
    except (ValueError, TypeError, IndexError, RecursionError):
        raise PantryError(
            "The trash holds a line that this version cannot read; what it names cannot be brought back or deleted."
        ) from None
