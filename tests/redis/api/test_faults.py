"""A part that is away is a 503 that says which, nothing is half-done, and all goes on when it is back."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.receipts.api import parts
from tests.redis.api.conftest import Api, add_many, problem, running

QUEUE = "/receipts/ocr/queue-status"


@dataclass
class World:
    """An API with a server and a database of its own, to be taken away."""

    api: Api
    server: embedded.EmbeddedServer
    database: Path

    def ready(self) -> tuple[int, dict[str, bool]]:
        """Status of `/ready`, and which part is there."""
        answer = self.api.http.get("/ready")
        body = answer.json()
        assert ("retry-after" in answer.headers) == (answer.status_code == 503)
        assert all(body[part]["ok"] or body[part]["detail"].endswith(".") for part in ("database", "redis"))
        return answer.status_code, {part: body[part]["ok"] for part in ("database", "redis")}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes to the database for as long as this lasts."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Everything of its own, running. A lock is waited for shorter than usual, to save time."""
    server = embedded.start(tmp_path / "valkey")
    database = tmp_path / "receipts.db"
    settings = Settings(
        redis_url=server.url, database_url=f"sqlite:///{database}?timeout=0.3", receipts_dir=str(tmp_path / "uploads")
    )
    with running(settings) as api:
        world = World(api, server, database)
        yield world
        world.server.stop()


def test_redis_stopped_in_the_middle(world: World, tmp_path: Path) -> None:
    api = world.api
    assert api.upload().status_code == 201
    api.store.add_receipt("/2.jpg", 1)
    api.store.mark_failed(2, "unreadable")
    assert world.ready() == (200, {"database": True, "redis": True})
    world.server.stop()

    asked: list[Callable[[], httpx.Response]] = [
        lambda: api.http.post("/receipts/ocr/process-all"),
        lambda: api.http.post("/receipts/2/ocr/retry"),
        lambda: api.http.get("/receipts/ocr/job/ocr-1"),
        lambda: api.http.get(QUEUE),
        lambda: api.http.get(f"{QUEUE}?receipt_id=1"),
    ]
    bodies = [problem(ask(), 503, "redis_unavailable") for ask in asked]
    assert [body.get("available") for body in bodies] == [None, None, None, False, False]
    assert world.ready() == (503, {"database": True, "redis": False})
    assert api.http.get("/health").status_code == 200
    assert [api.store.get(number).ocr_status for number in (1, 2)] == ["pending", "failed"]
    assert api.store.get(2).extraction_errors == ("unreadable",)
    assert api.upload().status_code == 201  # needs no queue

    world.server = embedded.start(tmp_path / "valkey")
    assert world.ready()[0] == 200
    assert api.http.get(QUEUE).json()["count"] == 0
    assert api.http.post("/receipts/2/ocr/retry").json()["queued"] == 1
    assert api.http.post("/receipts/ocr/process-all").json()["job_ids"] == ["ocr-1", "ocr-3"]


def test_a_database_that_is_locked(world: World) -> None:
    api = world.api
    assert api.upload().status_code == 201
    api.store.mark_failed(1, "unreadable")
    kept = api.kept()
    with world.locked():
        body = problem(api.upload(), 503, "database_unavailable")
        assert "locked" in str(body["detail"])
        problem(api.upload(user_id="2"), 503, "database_unavailable")
        problem(api.http.post("/receipts/1/ocr/retry"), 503, "database_unavailable")
        assert api.http.get("/receipts/1").status_code == 200
    assert api.kept() == kept
    assert api.queue.get_job_status("ocr-1")["status"] == "not_found"
    assert api.store.get(1).ocr_status == "failed"
    assert api.upload(user_id="2").json()["id"] == 2
    assert len(api.kept()) == 2


def test_a_database_that_is_no_database(settings: Settings, tmp_path: Path) -> None:
    database = tmp_path / "receipts.db"
    database.write_bytes(b"not a database" * 1000)
    here = replace(settings, database_url=f"sqlite:///{database}", receipts_dir=str(tmp_path / "uploads"))
    with running(here) as api:
        asked: list[Callable[[], httpx.Response]] = [
            api.upload,
            lambda: api.http.get("/receipts"),
            lambda: api.http.get("/receipts/1"),
            lambda: api.http.post("/receipts/ocr/process-all"),
            lambda: api.http.post("/receipts/1/ocr/retry"),
        ]
        for ask in asked:
            problem(ask(), 503, "database_unavailable")
        ready = api.http.get("/ready")
        assert (ready.status_code, ready.json()["database"]["ok"], ready.json()["redis"]["ok"]) == (503, False, True)
        assert api.kept() == []
        assert api.http.get(QUEUE).json()["count"] == 0
        database.unlink()
        assert api.http.get("/ready").status_code == 200
        assert api.upload().status_code == 201


def test_a_database_that_nobody_answers_for(settings: Settings, tmp_path: Path) -> None:
    nobody = "postgresql+asyncpg://postgres:s3cret@127.0.0.1:9/pantry_pilot"
    with running(replace(settings, database_url=nobody, receipts_dir=str(tmp_path / "uploads"))) as api:
        body = problem(api.upload(), 503, "database_unavailable")
        assert "s3cret" not in str(body)
        assert api.kept() == []
        ready = api.http.get("/ready")
        assert (ready.status_code, ready.json()["database"]["ok"], ready.json()["redis"]["ok"]) == (503, False, True)
        assert "s3cret" not in ready.text


def test_a_redis_that_hangs_is_told_soon_and_does_not_hold_up_the_rest(world: World) -> None:
    assert world.server.child is not None
    os.kill(world.server.child.pid, signal.SIGSTOP)
    try:
        assert world.ready() == (503, {"database": True, "redis": False})
        assert world.api.upload().status_code == 201
        assert world.api.http.get("/receipts").json()["total"] == 1
    finally:
        os.kill(world.server.child.pid, signal.SIGCONT)
    assert world.ready()[0] == 200


def test_what_was_queued_before_redis_went_is_not_doubled_afterwards(world: World, tmp_path: Path) -> None:
    api = world.api
    add_many(api, 2500)
    assert api.http.post("/receipts/ocr/process-all?limit=1200").json()["queued"] == 1200
    world.server.stop()
    problem(api.http.post("/receipts/ocr/process-all"), 503, "redis_unavailable")
    world.server = embedded.start(tmp_path / "valkey")
    assert api.http.post("/receipts/ocr/process-all").json()["queued"] == 1300
    assert api.http.get(QUEUE).json()["count"] == 2500


def test_a_lock_is_waited_for_shorter_than_by_a_worker(settings: Settings, tmp_path: Path) -> None:
    database = tmp_path / "receipts.db"
    here = replace(settings, database_url=f"sqlite:///{database}", receipts_dir=str(tmp_path / "uploads"))
    with running(here) as api, closing(sqlite3.connect(database, isolation_level=None)) as other:
        api.store.prepare()
        other.execute("BEGIN IMMEDIATE")
        # With a worker's patience the request would run into its own time limit first, which is another code.
        problem(api.upload(), 503, "database_unavailable")


def test_a_database_that_hangs_holds_up_neither_readiness_nor_callers_for_ever(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/pantry?connect_timeout=3600"
        with running(replace(settings, database_url=hanging, receipts_dir=str(tmp_path / "uploads"))) as api:
            ready = api.http.get("/ready")
            assert (ready.status_code, ready.json()["database"]["ok"], ready.json()["redis"]["ok"]) == (
                503,
                False,
                True,
            )
            problem(api.http.get("/receipts"), 503, "no_answer")
            assert api.http.get("/receipts/ocr/queue-status").status_code == 200
            assert api.http.get("/health").status_code == 200
