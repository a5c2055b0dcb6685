"""What is carried out at the moment, as the screens show it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event

from pantry_queue.control.outcome import Progress


@dataclass(slots=True)
class Running:
    """One operation that is under way.

    Attributes:
        verb: what is done, for the status line.
        title: the same with what it is done to.
        total: jobs; 0 while that is not known.
        progress: the last that was told.
        stop: set to end it after the chunk it is at.
        hidden: it goes on in the background.
        began: by the monotonic clock.
    """

    verb: str
    title: str
    total: int
    progress: Progress = field(default_factory=lambda: Progress(0, 0, 0, 0, 0))
    stop: Event = field(default_factory=Event)
    hidden: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """For so long it has been under way."""
        return time.monotonic() - self.began
