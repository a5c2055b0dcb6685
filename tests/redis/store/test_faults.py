"""A database that is away, locked, full of something else or refuses us: one error, one sentence, no secret."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pantry_queue.config import Settings
from pantry_queue.errors import ConfigError, StoreUnavailable
from pantry_queue.receipts.store import ReceiptStore
from tests.redis.store.postgres import PostgresServer


def fault(url: str) -> StoreUnavailable:
    """What the first use of a store raises; its text is one line without a password."""
    store = ReceiptStore(Settings(database_url=url).store_url)
    with pytest.raises(StoreUnavailable) as caught:
        store.add_receipt("/secret-path.jpg", 1)
    store.close()
    told = str(caught.value)
    assert told.isprintable()
    assert "p%25st" not in told
    assert "wrong-pass" not in told
    assert "secret-path" not in told, "what is in a receipt stays out of errors"
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:wrong-pass@h/x",
        "sqlite:///:memory:",
        "sqlite://",
        "postgresql://u:wrong-pass@h:port/x",
        "nonsense",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_said_so(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ReceiptStore(url)
    assert "DATABASE_URL" in str(caught.value)
    assert "wrong-pass" not in str(caught.value)


def test_sqlite_behind_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, and long enough to be looked at as one\n" * 20)
    assert "not a database" in str(fault(f"sqlite:///{tmp_path / 'text.db'}"))
    assert fault(f"sqlite:///{tmp_path}").cause == "readonly"
    assert fault(f"sqlite:///{tmp_path / 'text.db' / 'below.db'}").cause in ("readonly", "error")


def test_sqlite_whose_folder_is_missing_is_made(tmp_path: Path) -> None:
    store = ReceiptStore(f"sqlite:///{tmp_path / 'a' / 'b' / 'r.db'}")
    assert store.add_receipt("/x.jpg", 1) == 1
    store.close()
    mode = sqlite3.connect(tmp_path / "a" / "b" / "r.db").execute("PRAGMA journal_mode").fetchone()
    assert mode == ("wal",)


def test_sqlite_locked_by_another_program(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'r.db'}?timeout=0.1"
    store = ReceiptStore(url)
    receipt_id = store.add_receipt("/x.jpg", 1)
    other = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.get(receipt_id).id == receipt_id, "readers do not wait for a writer"
    with pytest.raises(StoreUnavailable) as caught:
        store.mark_failed(receipt_id, "x")
    assert caught.value.cause == "locked"
    other.rollback()
    store.mark_failed(receipt_id, "x")
    assert store.get(receipt_id).ocr_status == "failed"
    store.close()


def test_postgresql_that_is_not_there() -> None:
    error = fault("postgresql+asyncpg://postgres:wrong-pass@127.0.0.1:1/pantry_pilot")
    assert error.cause == "refused"
    assert "postgres:***@127.0.0.1:1/pantry_pilot" in str(error)


def test_postgresql_that_refuses_us(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    assert fault(url.replace("p%25st%2Fgr%3As", "wrong-pass")).cause == "auth"
    assert fault(url.rsplit("/", 1)[0] + "/elsewhere").cause == "missing"
    assert fault(url + "?nonsense=1").cause == "error"


def test_postgresql_row_locked_by_another_program(postgres: PostgresServer) -> None:
    import psycopg

    url = postgres.new_database()
    store = ReceiptStore(Settings(database_url=url + "?options=-c%20lock_timeout%3D100").store_url)
    receipt_id = store.add_receipt("/x.jpg", 1)
    with psycopg.connect(url.replace("+asyncpg", "")) as other:
        other.execute("SELECT * FROM receipts FOR UPDATE")
        with pytest.raises(StoreUnavailable) as caught:
            store.mark_failed(receipt_id, "x")
    assert caught.value.cause == "locked"
    store.close()


def test_postgresql_that_crashes_and_comes_back(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    store = ReceiptStore(Settings(database_url=url + "?ssl=prefer").store_url)
    receipt_id = store.add_receipt("/x.jpg", 1)
    postgres.crash()
    try:
        with pytest.raises(StoreUnavailable) as caught:
            store.get(receipt_id)
        assert caught.value.cause in ("refused", "lost", "starting")
    finally:
        postgres.start()
    assert store.get(receipt_id).id == receipt_id
    assert store.add_receipt("/y.jpg", 1) > receipt_id
    store.close()
