"""The API behind a real uvicorn on loopback, over a real Valkey and an empty SQLite file."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from PIL import Image
from sqlalchemy import create_engine, insert
from starlette.types import ASGIApp

from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.receipts.api import create_app
from pantry_queue.receipts.store import ReceiptStore
from pantry_queue.receipts.store.schema import receipts

DAY = "2026-11-24"


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Poll until true, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def picture(kind: str = "JPEG", size: tuple[int, int] = (80, 120)) -> bytes:
    """A small image of this format."""
    file = io.BytesIO()
    Image.new("RGB", size, "white").save(file, kind)
    return file.getvalue()


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application with uvicorn; gives its base URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@dataclass
class Api:
    """A running API, and what stands behind it, to look at from the other side."""

    http: httpx.Client
    settings: Settings
    store: ReceiptStore
    queue: QueueClient

    def upload(self, content: bytes | None = None, **fields: str) -> httpx.Response:
        """Hand an image in."""
        data = {"purchase_date": DAY, **fields}
        return self.http.post("/receipts", files={"file": ("r.jpg", content or picture())}, data=data)

    def kept(self) -> list[Path]:
        """The files in the folder of uploads."""
        return sorted(self.settings.upload_dir.glob("*"))


@contextmanager
def running(settings: Settings) -> Iterator[Api]:
    """The API with these settings."""
    store = ReceiptStore(settings.store_url)
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60) as http:
        yield Api(http, settings, store, QueueClient(settings))
    store.close()


@pytest.fixture
def api(settings: Settings, tmp_path: Path) -> Iterator[Api]:
    """The API over an empty queue and an empty store."""
    here = replace(
        settings, database_url=f"sqlite:///{tmp_path / 'receipts.db'}", receipts_dir=str(tmp_path / "uploads")
    )
    with running(here) as api:
        yield api


def add_many(api: Api, count: int, user_id: int = 1) -> None:
    """That many pending receipts, in one statement."""
    api.store.ensure_user(user_id)
    engine = create_engine(api.settings.store_url)
    with engine.begin() as connection:
        rows = [{"user_id": user_id, "image_path": f"/receipts/{number}.jpg"} for number in range(count)]
        connection.execute(insert(receipts), rows)
    engine.dispose()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The body of a refusal, checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, object] = answer.json()
    assert body["code"] == code
    assert str(body["detail"]).endswith(".")
    assert "Traceback" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
    return body
