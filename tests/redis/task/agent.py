"""An agent that answers as it is told, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATIENCE = 60.0


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true answer of `condition`; fails when none comes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    pytest.fail(f"waited {PATIENCE:.0f} s for: {what}")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Reply:
    """What the agent does with one call: after `delay` seconds a status, a body (JSON or raw bytes) and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


def receipt_answer(receipt_id: int, items: int = 2, **metadata: Any) -> dict[str, Any]:
    """An answer as the agent promises it."""
    found = {
        "merchant_name": "Corner Shop",
        "purchase_date": "2026-11-20",
        "total_amount": "24.23",
        "currency": "EUR",
        "confidence": 0.93,
    }
    line = {"quantity": 2, "unit_price": "1.10", "total_price": 2.2, "currency": "EUR", "confidence": 0.9}
    return {
        "receipt_id": receipt_id,
        "metadata": found | metadata,
        "items": [{"item_name": f"item {number}", **line} for number in range(items)],
        "raw_text": "Corner Shop\nTOTAL 24.23",
        "validation": {"valid": True, "errors": [], "warnings": ["items do not add up"], "confidence": 0.9},
        "processing_time_ms": 12,
        "success": True,
        "error_message": None,
        "error_code": None,
    }


class ScriptedAgent:
    """A real HTTP server. `script[image_path]` lists its replies; the last one repeats; without one it reads well."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.script: dict[str, list[Reply]] = {}
        self.calls: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def calls_for(self, image_path: str) -> int:
        """How often this image was asked for."""
        return sum(call["image_path"] == image_path for call in self.calls)

    async def _extract(self, request: Request) -> Response:
        order = await request.json()
        self.calls.append(order)
        self.authorizations.append(request.headers.get("authorization"))
        replies = self.script.get(order["image_path"], [Reply()])
        reply = replies[min(self.calls_for(order["image_path"]), len(replies)) - 1]
        await asyncio.sleep(reply.delay)
        body = receipt_answer(order["receipt_id"]) if reply.status == 200 and reply.body is None else reply.body
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(raw, reply.status, reply.headers, "application/json")

    def start(self) -> None:
        """Listen; returns when connections are taken."""
        app = Starlette(routes=[Route("/extract", self._extract, methods=["POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, daemon=True)
        self._thread.start()
        until(lambda: server.started, "the agent listens")
        self._server = server

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = None
