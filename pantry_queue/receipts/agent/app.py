"""The agent's web application: ``POST /extract``, ``GET /health``, ``GET /ready``."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pantry_queue.receipts.engine import OcrUnavailable
from pantry_queue.receipts.images import ImageRefused, ImageSources

from .answers import ReceiptId, json_response, problem_body, read_body
from .problem import Problem
from .reading import MAX_WAITING, ReadingDesk
from .requests import check_token, extract_request, read_json, receipt_id_of

_log = logging.getLogger(__name__)


def create_app(sources: ImageSources, *, token: str | None = None, max_waiting: int = MAX_WAITING) -> Starlette:
    """The agent as an ASGI application. It loads its models in the background once it is started.

    :param sources: where images may come from
    :param token: when given, ``POST /extract`` needs ``Authorization: Bearer <token>``
    :param max_waiting: how many requests may wait beside the one that is read; more are answered 429
    """
    desk = ReadingDesk(sources, max_waiting)
    endpoints = _Endpoints(desk, token)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        desk.open()
        yield

    app = Starlette(
        routes=[
            Route("/extract", endpoints.extract, methods=["POST"]),
            Route("/health", endpoints.health, methods=["GET"]),
            Route("/ready", endpoints.ready, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _no_such_endpoint},
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


@dataclass(frozen=True, slots=True)
class _Endpoints:
    desk: ReadingDesk
    token: str | None

    async def extract(self, request: Request) -> Response:
        started = time.perf_counter()
        receipt_id: ReceiptId = None
        try:
            check_token(request, self.token)
            body = await read_json(request)
            receipt_id = receipt_id_of(body)
            asked = extract_request(body)
            reading = await self.desk.read(asked.image_path, request.is_disconnected)
        except Exception as error:
            problem = _problem(error)
            body = problem_body(receipt_id, problem, _milliseconds(started))
            return json_response(body, problem.status, problem.headers)
        answer = read_body(receipt_id, reading, _milliseconds(started))
        return json_response(answer, headers={"Server-Timing": reading.timings.header()})

    async def health(self, _: Request) -> Response:
        return json_response({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        ready = self.desk.is_ready
        body = {"ready": ready, "busy": self.desk.busy, "error_message": self.desk.failure}
        return json_response(body, 200 if ready else 503, {} if ready else {"Retry-After": "2"})


def _problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case ImageRefused():
            headers = {"Retry-After": "5"} if error.status in (502, 503, 504) else {}
            return Problem(error.status, error.code, str(error), headers)
        case OcrUnavailable():
            _log.exception("The recogniser failed", exc_info=error)
            return Problem(500, "engine_failed", str(error))
        case _:
            _log.exception("A request failed", exc_info=error)
            return Problem(500, "internal", f"The agent failed on this request ({type(error).__name__}); see its log.")


async def _no_such_endpoint(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "no_such_endpoint", 405: "method_not_allowed"}.get(status, "http_error")
    sentence = "The agent answers POST /extract, GET /health and GET /ready, and nothing else."
    headers = error.headers if isinstance(error, HTTPException) else None
    return json_response(problem_body(None, Problem(status, code, sentence), 0), status, headers)


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
