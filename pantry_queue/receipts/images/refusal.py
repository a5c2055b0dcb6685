"""The one way an image is refused: a stable word, an HTTP status and a sentence."""

from __future__ import annotations

from pantry_queue.errors import PantryError


class ImageRefused(PantryError):  # noqa: N818 - reads as what happened
    """An image cannot or may not be read.

    The sentence never repeats a path, an address or a decoder's message: they would tell a stranger what exists.

    Attributes:
        code: a stable word for the reason, for programs.
        status: the HTTP status that says whose fault it is (4xx the caller's, 5xx may pass).
    """

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status
