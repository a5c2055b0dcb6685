"""Why a request to the agent is not answered with a receipt."""

from __future__ import annotations

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - becomes an answer, not a crash
    """A request that is answered with ``success: false``.

    Attributes:
        status: the HTTP status.
        code: a stable word for the reason, for programs.
        sentence: what happened and what to do.
        headers: more headers, such as ``Retry-After`` in seconds.
    """

    def __init__(self, status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.headers = dict(headers or {})
