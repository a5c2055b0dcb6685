"""One database behind a URL: connections that survive forks, tables made on first use, faults as one error.

SQLite runs in WAL mode, so that readers never wait for a writer; a writer takes its lock at the start of its
transaction (`BEGIN IMMEDIATE`) and waits for it up to `LOCK_SECONDS`, because a lock taken half-way fails at once.
`synchronous` is FULL: with NORMAL a power cut may take back commits, and the queue would hold a finished job whose
receipt is unread. The price is one sync a commit, two a receipt, against a second or more of reading.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Column, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from pantry_queue.config import mask_url
from pantry_queue.errors import ConfigError
from pantry_queue.receipts.store.faults import unavailable
from pantry_queue.receipts.store.schema import metadata

#: How long a writer waits for another one.
LOCK_SECONDS = 30
CONNECT_SECONDS = 5
#: Any number, the same in all processes: who makes the tables on PostgreSQL holds this advisory lock.
_MAKING_TABLES = 0x70616E747279


class Database:
    """Opens nothing until it is used; safe to be used on both sides of a fork.

    Args:
        url: as `Settings.store_url` gives it.
        look_only: nothing is made or changed; reading fails where file or tables are missing.

    Attributes:
        where: the address without its password, for messages.

    Raises:
        ConfigError: the URL cannot be used.
    """

    def __init__(self, url: str, *, look_only: bool = False) -> None:
        self._url = _parsed(url)
        if self._url.get_backend_name() == "sqlite":
            self.where = str(self._url.database)
        else:
            self.where = self._url.set(query={}).render_as_string(hide_password=True)
        self._look_only = look_only
        self._engine: Engine | None = None
        self._owner = 0
        self._ready = look_only

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that sees one state of the data.

        Raises:
            StoreUnavailable: the database is away or refused us.
        """
        with self._transaction(write=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or undone by any exception.

        Raises:
            StoreUnavailable: the database is away, locked or refused us; nothing was written.
        """
        with self._transaction(write=True) as connection:
            yield connection

    def prepare(self) -> None:
        """Make what is missing of the tables; any number of processes may do so at once.

        A database that an earlier version made gets the columns that have come since, empty.

        Raises:
            StoreUnavailable: the database is away or refused us.
        """
        if self._ready:
            return
        with self._translated():
            engine = self._live_engine()
            with engine.connect() as connection:
                whole = not _missing(connection)
            if not whole:
                self._make_tables(engine)
        self._ready = True

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        if self._engine is not None:
            self._engine.dispose(close=self._owner == os.getpid())
        self._engine = None

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Connection]:
        self.prepare()
        with self._translated():
            engine = self._live_engine().execution_options(pantry_write=write)
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            # Without the cause: its text would hold the statement with all that is in the receipt.
            raise unavailable(error, self.where) from None

    def _live_engine(self) -> Engine:
        if self._engine is not None and self._owner != os.getpid():
            # We are the child of a fork: the parent's connections stay the parent's, so drop them unclosed.
            self._engine.dispose(close=False)
            self._engine = None
        if self._engine is None:
            self._engine = _looking_engine(self._url) if self._look_only else _engine(self._url)
            self._owner = os.getpid()
        return self._engine

    def _make_tables(self, engine: Engine) -> None:
        with engine.execution_options(pantry_write=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING_TABLES})
            metadata.create_all(connection)
            for column in _missing(connection):
                wanted = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(text(f"ALTER TABLE {column.table.name} ADD COLUMN {wanted}"))


def _missing(connection: Connection) -> list[Column[Any]]:
    """The columns that this version has and the database lacks, those of missing tables among them."""
    there = inspect(connection)
    tables = set(there.get_table_names())
    missing: list[Column[Any]] = []
    for table in metadata.sorted_tables:
        held = {column["name"] for column in there.get_columns(table.name)} if table.name in tables else ()
        missing += [column for column in table.columns if column.name not in held]
    return missing


def _parsed(url: str) -> URL:
    expected = "postgresql://user:password@host:5432/name or sqlite:////path/to/file.db"
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise ConfigError(f"DATABASE_URL is {mask_url(url)!r}; it should be {expected}.") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"DATABASE_URL is {mask_url(url)!r}; it should be {expected}.")
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or ":memory:" in parsed.database:
            raise ConfigError(f"DATABASE_URL keeps nothing ({mask_url(url)!r}): several processes need a file.")
        return parsed
    query = dict(parsed.query)
    if "ssl" in query:  # asyncpg's name for it
        query["sslmode"] = query.pop("ssl")
    return parsed.set(query=query)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c lock_timeout={LOCK_SECONDS}s",
        "application_name": "pantry-queue",
    }
    if sys.platform == "darwin":
        # libpq asks for Kerberos tickets first, and that framework of macOS dies in a forked process.
        arguments["gssencmode"] = "disable"
    return create_engine(
        url,
        connect_args={name: value for name, value in arguments.items() if name not in url.query},
        pool_pre_ping=True,
        pool_recycle=1800,
    )


def _looking_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return _engine(url).execution_options(postgresql_readonly=True)
    # `mode=ro` of SQLite's own URIs makes no file; the query part belongs to them.
    file = f"file:{quote(str(url.database))}"
    return create_engine(url.set(database=file, query={"mode": "ro", "uri": "true"}))


def _sqlite_engine(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    seconds = float(str(url.query.get("timeout", LOCK_SECONDS)))
    engine = create_engine(url, connect_args={"timeout": seconds})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions late and by itself; `_begin` does it instead.
        connection.isolation_level = None
        _write_ahead_log(connection, seconds)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("pantry_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _write_ahead_log(connection: sqlite3.Connection, seconds: float) -> None:
    """The mode is kept in the file; changing it does not wait for others as a transaction does, so we wait here."""
    end = time.monotonic() + seconds
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
