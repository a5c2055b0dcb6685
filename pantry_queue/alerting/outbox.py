"""What is still to be told: one at a time, in order, tried again with growing pauses, and given up in the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from pantry_queue.alerting.message import Message
from pantry_queue.alerting.webhook import Undelivered, Webhook

#: Messages that may wait.
MOST = 500
#: Seconds after which a message is worth nothing any more.
KEPT = 3600.0
#: Seconds between two attempts, growing; and attempts for a message the receiver does not want.
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_UNWANTED = 3
_LONGEST_PAUSE = 300.0


class Outbox:
    """Messages on their way to one receiver.

    Args:
        hook: where they go.
        tell: says a sentence to who runs this.
        waiting: what was not delivered before.
    """

    def __init__(self, hook: Webhook, tell: Callable[[str], None], waiting: Iterable[Message] = ()) -> None:
        self._hook = hook
        self._tell = tell
        self._waiting = deque(waiting, MOST)
        self._failures = 0
        self._not_before = 0.0

    @property
    def waiting(self) -> tuple[Message, ...]:
        """What was not delivered yet, oldest first."""
        return tuple(self._waiting)

    @property
    def room(self) -> int:
        """How many more messages it takes."""
        return MOST - len(self._waiting)

    def add(self, messages: Iterable[Message]) -> None:
        """Put messages at its end."""
        self._waiting.extend(messages)

    def due_in(self, now: float) -> float | None:
        """Seconds until something should be sent; None when nothing waits."""
        return max(0.0, self._not_before - now) if self._waiting else None

    def step(self, now: float, wall: float) -> bool:
        """One attempt, if one is due.

        Args:
            now: seconds of a clock that is never set.
            wall: unix seconds, by which messages grow old.

        Returns:
            whether something left the outbox, so that another step may follow at once.
        """
        while self._waiting and wall - self._waiting[0].at > KEPT:
            self._give_up(f"it was tried for {KEPT / 3600:.0f} h")
        if not self._waiting or now < self._not_before:
            return False
        message = self._waiting[0]
        message.tries += 1
        try:
            self._hook.send(message)
        except Undelivered as trouble:
            if trouble.for_good and message.tries >= _UNWANTED:
                self._give_up(str(trouble))
                return True
            self._wait(trouble, now)
            return False
        if self._failures:
            self._tell(f"The webhook {self._hook.shown} answers again.")
        self._failures = 0
        self._waiting.popleft()
        return True

    def _wait(self, trouble: Undelivered, now: float) -> None:
        if not self._failures:
            self._tell(f"The webhook {self._hook.shown} does not take what it is told ({trouble}); trying again.")
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        self._failures += 1
        self._not_before = now + max(pause, min(trouble.after, _LONGEST_PAUSE))

    def _give_up(self, why: str) -> None:
        lost = self._waiting.popleft()
        self._tell(f"A message was given up, {why}: {lost.body}")
