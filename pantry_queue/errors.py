"""Every error the project raises on purpose.

Each carries one sentence that says what happened and what to do; command line and console show that sentence
and nothing else.
"""

from __future__ import annotations


class PantryError(Exception):
    """Base of all errors raised on purpose; `str(error)` is the sentence shown to the user."""


class ConfigError(PantryError):
    """A setting holds a value that cannot be used."""


class RedisUnavailable(PantryError):  # noqa: N818 - reads as what happened, like the state on screen
    """Redis cannot be reached or refused us.

    Attributes:
        cause: a stable word for the kind of trouble: `refused`, `timeout`, `auth`, `permission`, `certificate`,
            `loading`, `readonly`, `memory`, `busy`, `lost` or `error`.
    """

    def __init__(self, sentence: str, cause: str = "error") -> None:
        super().__init__(sentence)
        self.cause = cause

    @property
    def lasting(self) -> bool:
        """Whether no waiting ends it: somebody has to change something first."""
        return self.cause in ("permission", "auth", "certificate")


class NotFound(PantryError):  # noqa: N818
    """A job, queue, worker, group or operation that was named does not exist."""


class Refused(PantryError):  # noqa: N818
    """An action was refused before anything was changed: read-only, or not confirmed."""


class MissingExtra(PantryError):  # noqa: N818
    """A part was asked for whose optional dependencies are not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages: install them with pip install 'pantry-console[{extra}]'.")


class PayloadError(PantryError):
    """A job cannot be enqueued as it is: its arguments cannot be stored, or are too large."""


class StoreUnavailable(PantryError):  # noqa: N818
    """The database of receipts cannot be reached, is locked, or refused us.

    Attributes:
        cause: a stable word for the kind of trouble: `locked`, `refused`, `auth`, `missing`, `starting`, `lost`,
            `full`, `readonly` or `error`.
    """

    def __init__(self, sentence: str, cause: str = "error") -> None:
        super().__init__(sentence)
        self.cause = cause
