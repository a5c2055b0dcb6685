"""A drill for retries: an agent that refuses chosen images a few times before it reads them.

``python -m pantry_queue.receipts.drill --refuse NAME=N`` runs the agent with this in front; the agent itself has no
drill code.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pantry_queue.receipts import serving
from pantry_queue.receipts.agent.answers import json_response, problem_body
from pantry_queue.receipts.agent.problem import Problem
from pantry_queue.receipts.agent.requests import MAX_BODY_BYTES, receipt_id_of
from pantry_queue.receipts.agent.serve import SERVICE, app_from_env

_RETRY_AFTER = "1"


class RefuseFirst:
    """Answers ``POST /extract`` with 503 the first times an image of a listed file name is asked for.

    :param refusals: file name -> how many times to refuse it
    """

    def __init__(self, app: ASGIApp, refusals: Mapping[str, int]) -> None:
        self._app = app
        self._left = dict(refusals)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/extract":
            await self._app(scope, receive, send)
            return
        messages = await _body_messages(receive)
        body = _json_object(b"".join(message.get("body", b"") for message in messages))
        name = PurePosixPath(str(body.get("image_path"))).name
        if self._left.get(name, 0) > 0:
            self._left[name] -= 1
            problem = Problem(503, "drill", "The agent refuses this image for a drill; try again.")
            answer = problem_body(receipt_id_of(body), problem, 0)
            await json_response(answer, 503, {"Retry-After": _RETRY_AFTER})(scope, receive, send)
            return

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)


async def _body_messages(receive: Receive) -> list[Message]:
    messages = [await receive()]
    size = len(messages[0].get("body", b""))
    while messages[-1].get("more_body") and size <= MAX_BODY_BYTES:
        messages.append(await receive())
        size += len(messages[-1].get("body", b""))
    return messages


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent with refusals in front. Returns the exit code of the agent."""
    parser = serving.build_parser(SERVICE, os.environ, "python -m pantry_queue.receipts.drill")
    parser.add_argument(
        "--refuse",
        action="append",
        default=[],
        type=_refusal,
        metavar="NAME=N",
        help="answer 503 the first N times an image of this file name is asked for; may be given again",
    )
    options = parser.parse_args(argv)
    return serving.run(SERVICE, options, lambda: RefuseFirst(app_from_env(), dict(options.refuse)))


def _refusal(text: str) -> tuple[str, int]:
    name, _, times = text.rpartition("=")
    if not name or not times.isascii() or not times.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=N, such as receipt.jpg=2")
    return name, int(times)


if __name__ == "__main__":
    sys.exit(main())
