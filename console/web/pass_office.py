"""Who may come in: a token that works once, and the cookie it is exchanged for."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hmac import compare_digest

#: Seconds a cookie is good for, and how many are at a time: the oldest goes first.
LIFETIME = 12 * 3600
_MOST = 32


class PassOffice:
    """Holds the one token that is good, and the cookies that were given for those before.

    Args:
        issued: is told each new token, the first one too.
        clock: seconds, for the age of cookies.
    """

    def __init__(self, issued: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._issued = issued
        self._clock = clock
        self._token = ""
        self._cookies: dict[str, float] = {}

    def issue(self) -> None:
        """Make a token; the one before is good no more."""
        self._token = secrets.token_urlsafe(32)
        self._issued(self._token)

    def exchange(self, token: str) -> str | None:
        """A cookie for the token, which is good no more: the next one is issued at once; None for a wrong one."""
        if not self._token or not compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            return None
        cookie = secrets.token_urlsafe(32)
        self._cookies[cookie] = self._clock()
        while len(self._cookies) > _MOST:
            del self._cookies[next(iter(self._cookies))]
        self.issue()
        return cookie

    def knows(self, cookie: str) -> bool:
        """Whether this cookie was given, and not too long ago."""
        given = cookie.encode("utf-8", "replace")
        # Compared with each in constant time, so that nothing about them can be learnt from the time it takes.
        found = [known for known in self._cookies if compare_digest(given, known.encode())]
        return bool(found) and self._clock() - self._cookies[found[0]] < LIFETIME
