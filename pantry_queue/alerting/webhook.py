"""Posting a message to one URL, signed.

The form is that of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp` (of the
attempt, against replay) and `webhook-signature`, HMAC-SHA256 over `id.timestamp.body`; libraries verify it in most
languages, and `verify` does here.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from pantry_queue.alerting.message import Message
from pantry_queue.errors import ConfigError, PantryError
from pantry_queue.text import safe

#: Seconds one attempt may take for each of: connecting, sending, a piece of the answer's head; and in all.
_PATIENCE, _IN_ALL = 5.0, 15.0
#: Seconds a receiver's clock may differ from ours.
TOLERANCE = 300.0
_PREFIX = "whsec_"


class Undelivered(PantryError):  # noqa: N818
    """A message did not arrive; `str` says why, in a few words.

    Attributes:
        for_good: the receiver understood and does not want it; another try will most likely not help.
        after: seconds the receiver asks to be left alone.
    """

    def __init__(self, why: str, *, for_good: bool = False, after: float = 0.0) -> None:
        super().__init__(why)
        self.for_good = for_good
        self.after = after


def signature(secret: bytes, name: str, timestamp: int, body: str) -> str:
    """The value of `webhook-signature`.

    Args:
        secret: `whsec_` with base64 behind it, or any other bytes as they are.

    Raises:
        ConfigError: what stands behind `whsec_` is no base64.
    """
    digest = hmac.digest(_key(secret), f"{name}.{timestamp}.{body}".encode(), "sha256")
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _key(secret: bytes) -> bytes:
    if not secret.startswith(_PREFIX.encode()):
        return secret
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX.encode()), validate=True)
    except binascii.Error:
        raise ConfigError("The secret of the webhook begins with whsec_: base64 should stand behind it.") from None


def verify(secret: bytes, headers: Mapping[str, str], body: str, *, now: float | None = None) -> bool:
    """Whether a message is from who knows the secret, and young. For receivers.

    Args:
        headers: of the request, by names in lower case.
        body: as it came.
        now: unix seconds, the present when left out.
    """
    try:
        timestamp = int(headers["webhook-timestamp"])
        name, given = headers["webhook-id"], headers["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    if abs((time.time() if now is None else now) - timestamp) > TOLERANCE:
        return False
    expected = signature(secret, name, timestamp, body)
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


class Webhook:
    """The receiver.

    Args:
        url: http or https. User and password in it are sent as basic authentication. Never shown whole: with many
            services the path is the secret.
        secret: to sign with; nothing is signed without.

    Raises:
        ConfigError: the secret cannot be used.
    """

    def __init__(self, url: str, secret: bytes = b"") -> None:
        _key(secret)
        self._url = url
        self._secret = secret

    @property
    def shown(self) -> str:
        """The URL as far as it is no secret."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/..."

    def send(self, message: Message) -> None:
        """One attempt. Redirections are not followed: they would lead elsewhere than the operator said.

        Raises:
            Undelivered: it did not arrive, as far as can be told.
        """
        import httpx

        headers = {"content-type": "application/json", "user-agent": "pantry-console", "webhook-id": message.id}
        timestamp = int(time.time())
        headers["webhook-timestamp"] = str(timestamp)
        if self._secret:
            headers["webhook-signature"] = signature(self._secret, message.id, timestamp, message.body)
        try:
            status, after = asyncio.run(self._post(message.body.encode(), headers))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # The text of an error may hold the URL.
            raise Undelivered(f"{safe(type(error).__name__, 40)}") from None
        if not 200 <= status < 300:
            for_good = 300 <= status < 500 and status not in (408, 409, 425, 429)
            wait = float(after) if after.isdigit() and len(after) < 6 else 0.0
            raise Undelivered(f"status {status}", for_good=for_good, after=wait)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Status, and when to come again. Not of the blocking kind, in which a receiver that says its head bit by bit
        could keep us for ever."""
        import httpx

        # Of the answer only its head is read, however much comes behind it.
        async with (
            asyncio.timeout(_IN_ALL),
            httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            return answer.status_code, answer.headers.get("retry-after", "")
