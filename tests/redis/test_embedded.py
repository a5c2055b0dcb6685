"""The embedded server: started, attached to, persistent, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.errors import PantryError, RedisUnavailable


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Poll until true, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_it_keeps_what_it_was_given_and_never_evicts(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    client = connect(Settings(redis_url=server.url))
    client.set("kept", "1")
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    server.stop()
    again = embedded.start(tmp_path)
    assert connect(Settings(redis_url=again.url)).get("kept") == b"1"
    again.stop()


def test_a_second_start_attaches_and_leaves_it_running(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    second = embedded.start(tmp_path)
    assert (second.url, second.child) == (first.url, None)
    second.stop()
    assert embedded.attach(tmp_path) == first.url
    first.stop()
    with pytest.raises(RedisUnavailable, match="pantry-console up"):
        embedded.attach(tmp_path)


@pytest.mark.parametrize("temporary", ["short", "deep"])
def test_its_socket_is_private_also_where_the_path_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, temporary: str
) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep) if temporary == "deep" else "/tmp")
    server = embedded.start(deep)
    path = embedded.socket_path(deep)
    try:
        assert len(os.fsencode(path)) <= 100
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert connect(Settings(redis_url=server.url)).ping()
    finally:
        server.stop()
    assert not path.parent.exists()


def test_a_place_that_others_may_look_into_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("e" * 90)
    place = embedded.socket_path(deep).parent
    place.chmod(0o755)
    try:
        with pytest.raises(PantryError, match="not private"):
            embedded.start(deep)
    finally:
        place.rmdir()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("in the way")
    with pytest.raises(PantryError, match=r"did not start: .+"):
        embedded.start(tmp_path)


def test_it_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from pantry_queue import embedded;"
        "print(embedded.start(Path(sys.argv[1])).child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    def gone() -> bool:
        with pytest.raises(RedisUnavailable):
            embedded.attach(tmp_path)
        return True

    until(lambda: not _alive(pid))
    assert gone()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Whoever adopted it may not have collected it yet.
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
