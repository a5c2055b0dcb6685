"""How a reading can fail. RQ repeats all but `ReceiptFailed`; the text is what an operator sees.

`kind` is the class that the attempts of a receipt tell (`ReceiptStore.attempts`).
"""

from __future__ import annotations

from pantry_queue.errors import PantryError


class ReceiptFailed(PantryError):  # noqa: N818 - reads as what happened
    """Trouble that no further try can end: the job fails at once, whatever tries it has left."""

    kind = "bad_input"


class ImageRefused(ReceiptFailed):
    """The agent will not take this image, or not from this path."""


class ReadingFailed(ReceiptFailed):
    """The agent took the image and found no receipt in it."""


class AgentRefuses(ReceiptFailed):
    """The agent does not take our token: not this receipt's fault, and every other one would meet it too."""

    kind = "config"


class BadAnswer(ReceiptFailed):
    """The agent answered something else than it promises."""

    kind = "bad_answer"


class AgentAway(PantryError):  # noqa: N818
    """No agent could be reached, or the connection broke off."""

    kind = "agent_down"


class AgentSlow(PantryError):  # noqa: N818
    """The agent did not answer in time."""

    kind = "agent_down"


class AgentTroubled(PantryError):  # noqa: N818
    """The agent, or a proxy before it, reported a fault of its own."""

    kind = "agent_down"


class AgentBusy(AgentTroubled):
    """The agent is up and asks to come back later.

    Attributes:
        retry_after: seconds it asks for; None when it does not say.
    """

    kind = "agent_busy"

    def __init__(self, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class AgentResting(AgentBusy):
    """The agent has failed so often that nobody asks it for a while (`pantry_queue.tasks.breaker`)."""

    kind = "agent_down"
