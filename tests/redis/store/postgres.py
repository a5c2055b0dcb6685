"""A private PostgreSQL server, where its programs are installed."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

_PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
_PASSWORD = "p%st/gr:s"
_QUOTED = "p%25st%2Fgr%3As"


def _program(name: str) -> str:
    places = os.pathsep.join(sorted(itertools.chain(*map(glob.glob, _PLACES)), reverse=True))
    found = shutil.which(name) or shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"PostgreSQL is not installed ({name} was not found)")
    return found


def _user() -> str | None:
    """PostgreSQL will not run as root; any other user will do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


class PostgresServer:
    """A server with a password on a free port of 127.0.0.1; its data is gone with it."""

    def __init__(self) -> None:
        self._bin = Path(_program("postgres")).resolve().parent
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="pantry-pg-"))
        self._databases = itertools.count(1)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()
        self.start()

    def _initialise(self) -> None:
        secret = self._folder / "secret"
        secret.write_text(_PASSWORD)
        secret.chmod(0o644)
        command = [str(self._bin / "initdb"), "-D", str(self._folder / "data"), "--username=postgres"]
        command += [f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(command, user=self._user, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [str(self._bin / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-k", str(self._folder), "-c", "max_connections=60"]
        # The machine itself does not crash in a test, so nothing needs to reach its disk.
        command += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        pytest.fail(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-500:]}")

    def crash(self) -> None:
        """All its processes end at once without a clean shutdown, as in a power cut."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it and remove its data."""
        self._end(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def _address(self, database: str) -> str:
        return f"postgresql://postgres:{_QUOTED}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement; rows if it gives some."""
        with psycopg.connect(self._address(database), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return list(cursor.fetchall()) if cursor.description else []

    def new_database(self) -> str:
        """`DATABASE_URL` of an empty database, in the form the rest of the system writes it."""
        name = f"pantry_{next(self._databases)}"
        self.execute(f"CREATE DATABASE {name}")
        return self._address(name).replace("postgresql://", "postgresql+asyncpg://")
