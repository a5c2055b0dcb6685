"""Calling the OCR agents: one client a process, one of them a call, the next when one is down or busy."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx

from pantry_queue.config import mask_url
from pantry_queue.receipts.store import Extraction
from pantry_queue.tasks.agent_answer import describe, read_answer
from pantry_queue.tasks.errors import (
    AgentAway,
    AgentBusy,
    AgentRefuses,
    AgentSlow,
    AgentTroubled,
    BadAnswer,
    ImageRefused,
    ReceiptFailed,
)
from pantry_queue.text import safe

CONNECT_SECONDS = 2.0
WRITE_SECONDS = 5.0
POOL_SECONDS = 5.0
#: The slowest dense receipts on a busy laptop took over 10 s.
READ_SECONDS = 60.0
#: All attempts of one call together, when the job's own time-out is not shorter.
CALL_SECONDS = 90.0
_ANSWER_LIMIT = 8 * 2**20

_REFUSALS = {
    400: ("the agent calls the request malformed", "check the image path {path}"),
    403: ("the agent may not read {path}", "put the image under a folder the agent is allowed to read"),
    404: ("the agent finds no image at {path}", "check that it is there, and that the agent sees the same folder"),
    413: ("the image is too large for the agent", "make it smaller and upload it again"),
    415: ("the image is not one the agent can read", "upload a JPEG, PNG, WebP or TIFF"),
    422: ("the image is not one the agent can read", "upload a JPEG, PNG, WebP or TIFF"),
}
#: Asked again later it may answer otherwise; all other statuses but 200 are final.
_PASSING = frozenset({408, 425, 500, 502, 503, 504})
_BUSY = frozenset({429, 503})


class AgentClient:
    """The agents under some base URLs, called with kept connections; may be made before a fork and used after it.

    Args:
        urls: base URLs without a trailing slash, at least one.
        token: the bearer token they want to see; empty when they want none.
    """

    def __init__(self, urls: Sequence[str], token: str = "") -> None:
        self._urls = tuple(urls)
        self._headers = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
        if token:
            self._headers.append((b"authorization", b"Bearer " + token.encode()))
        self._client = _new_client()
        self._user = 0

    def extract(self, receipt_id: int, image_path: str, user_id: int, *, seconds: float = CALL_SECONDS) -> Extraction:
        """Have one receipt read.

        The agents are tried in turn, from one chosen at random: one that cannot be reached or is busy is passed
        over, and is asked again by the next call.

        Args:
            receipt_id: named in the request and expected in the answer.
            image_path: path or URL, as the agent understands it.
            user_id: whose receipt it is.
            seconds: in all, over all agents.

        Raises:
            ReceiptFailed: asking again cannot help.
            AgentAway, AgentSlow, AgentTroubled, AgentBusy: asking again later may help.
        """
        end = time.monotonic() + seconds
        order = {"receipt_id": receipt_id, "image_path": image_path, "user_id": user_id}
        start = random.randrange(len(self._urls))
        busy: list[AgentBusy] = []
        for url in self._urls[start:] + self._urls[:start]:
            try:
                return self._ask(url, order, end)
            except AgentBusy as error:
                busy.append(error)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        if busy:
            raise min(busy, key=lambda error: error.retry_after or 0)
        raise AgentAway(
            f"no agent answers at {', '.join(map(mask_url, self._urls))}: start it, or correct AGENT_URL."
        ) from None

    def _ask(self, url: str, order: Mapping[str, Any], end: float) -> Extraction:
        where = mask_url(url)
        left = end - time.monotonic()
        if left <= 0:
            raise AgentSlow(f"the agent at {where} was not reached in time: check how busy it is.")
        limits = httpx.Timeout(
            connect=min(CONNECT_SECONDS, left),
            write=WRITE_SECONDS,
            pool=POOL_SECONDS,
            read=min(READ_SECONDS, left),
        )
        try:
            status, headers, body = self._exchange(url, order, limits, end)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except httpx.TimeoutException:
            raise AgentSlow(
                f"the agent at {where} did not answer in time: check how busy it is, or start another one."
            ) from None
        except httpx.TransportError as error:
            raise AgentAway(
                f"the agent at {where} broke off the connection ({type(error).__name__}): check that it still runs."
            ) from None
        except httpx.DecodingError:
            raise BadAnswer(f"the answer of the agent at {where} cannot be decoded: check AGENT_URL.") from None
        if status == HTTPStatus.OK:
            return read_answer(body, int(order["receipt_id"]))
        raise _fault(where, status, headers, body, str(order["image_path"]))

    def _exchange(
        self, url: str, order: Mapping[str, Any], limits: httpx.Timeout, end: float
    ) -> tuple[int, httpx.Headers, bytes]:
        request = self._live_client().build_request(
            "POST",
            f"{url}/extract",
            # Written here, not by httpx: a file name that is not UTF-8 must pass as it is.
            content=json.dumps(order).encode(),
            headers=self._headers,
            timeout=limits,
        )
        response = self._live_client().send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _ANSWER_LIMIT:
                    raise BadAnswer(f"the answer of the agent at {mask_url(url)} is too long: check AGENT_URL.")
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the answer trickles", request=request)
            return response.status_code, response.headers, bytes(body)
        finally:
            response.close()

    def _live_client(self) -> httpx.Client:
        if self._user not in (0, os.getpid()):
            # We are the child of a fork: connections the parent opened stay the parent's.
            self._client = _new_client()
        self._user = os.getpid()
        return self._client


def _new_client() -> httpx.Client:
    # Agents are neighbours: no proxy of the environment stands between. Besides, asking macOS for its proxies
    # ends a forked process.
    return httpx.Client(trust_env=False, verify=httpx.create_ssl_context(), follow_redirects=False)


def _fault(where: str, status: int, headers: httpx.Headers, body: bytes, image_path: str) -> Exception:
    told = f"{status} {_told(body)}".rstrip()
    if status in _BUSY:
        return AgentBusy(
            f"the agent at {where} asks to come back later ({told}): wait, or start another one.",
            _retry_after(headers.get("retry-after")),
        )
    if status in _PASSING:
        return AgentTroubled(f"the agent at {where} has a fault of its own ({told}): look into its log.")
    path = repr(str(safe(image_path, 200)))
    if status == HTTPStatus.UNAUTHORIZED:
        return AgentRefuses(f"the agent at {where} wants a token ({told}): set its AGENT_TOKEN for the worker too.")
    if status in _REFUSALS:
        what, hint = _REFUSALS[status]
        return ImageRefused(f"{what.format(path=path)} ({told}): {hint.format(path=path)}.")
    if 400 <= status < 600:
        return ReceiptFailed(f"the agent at {where} refused the request ({told}): correct AGENT_URL.")
    return BadAnswer(f"the agent at {where} answered {status}, which it never should: correct AGENT_URL.")


def _told(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    return describe(answer) if isinstance(answer, Mapping) else ""


def _retry_after(header: str | None) -> int | None:
    """Seconds of a Retry-After header, in either of its two forms (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return int(header.strip()[:9])
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, round((moment - datetime.now(UTC)).total_seconds()))
