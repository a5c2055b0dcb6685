"""What has been read of one of several lists or registries that are merged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pantry_queue.monitor.merge import Source
from pantry_queue.monitor.rows import Place
from pantry_queue.monitor.wire import scored


@dataclass(slots=True)
class Strand:
    """What has been read of one source behind its first `offset` entries.

    Attributes:
        length: entries of the source.
        entries: those of a list, or of a registry member and score, in order.
        ranks: what each is merged by, never falling.
    """

    source: Source
    length: int
    offset: int = 0
    entries: list[Place | tuple[bytes, float]] = field(default_factory=list)
    ranks: list[float] = field(default_factory=list)

    def add(self, reply: Any) -> None:
        """Take the answer to a question of a registry's next entries."""
        pairs = scored(reply)
        if not pairs:
            return
        before = self.ranks[-1] if self.ranks else -math.inf
        self.entries += pairs
        ranks = [-score for _, score in pairs] if self.source.newest_first else [score for _, score in pairs]
        # Between two readings the registry may have changed.
        self.ranks += ranks if ranks[0] >= before else [max(before, rank) for rank in ranks]

    def add_listed(self, places: Sequence[Place], times: dict[tuple[str, bytes], float]) -> None:
        """Take a list's next entries; one whose time is not known, or too early, stands with the one before it."""
        sign = -1 if self.source.newest_first else 1
        for place in places:
            at, before = times.get((place.queue, place.job_id)), self.ranks[-1] if self.ranks else -math.inf
            self.ranks.append(before if at is None else max(before, sign * at))
        self.entries += places

    def wants(self, need: int) -> bool:
        """Whether the first `need` entries behind the offset may hold more than what was read."""
        return len(self.entries) < min(need, self.length - self.offset)

    def place(self, position: int) -> Place:
        """The entry read at this position."""
        entry = self.entries[position]
        return entry if isinstance(entry, Place) else self.source.place(*entry)
