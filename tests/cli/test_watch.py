"""`watch` as processes that are really ended, and a receiver that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from pantry_queue import embedded
from pantry_queue.alerting.watcher import Orders, Watcher
from pantry_queue.alerting.webhook import Webhook, verify
from pantry_queue.config import Settings
from pantry_queue.keys import Keys
from pantry_queue.monitor.alert_rules import Rules
from tests.receiver import Receiver, receiver
from tests.redis.engines.servers import until

from .conftest import Cli
from .inside import cli
from .situations import findings

__all__ = ["cli"]

SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


class Watching:
    """One process, with what it says on both streams in files."""

    def __init__(self, folder: Path, name: str, url: str, hook: str) -> None:
        config = folder / "config.toml"
        (folder / "secret").write_text(SECRET + "\n")
        config.write_text(
            f'[alerts]\nhold = "500ms"\nwebhook = "{hook}/T0KEN"\nsecret_file = "secret"\nmute = ["age"]\n'
        )
        self._said, self._out = folder / f"{name}.err", folder / f"{name}.out"
        with self._said.open("w") as err, self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "console", "watch", "--interval", "1", "--jsonl"],
                env=os.environ | {"PANTRY_REDIS_URL": url, "PANTRY_CONFIG": str(config)},
                stdout=out,
                stderr=err,
            )

    def said(self) -> str:
        return self._said.read_text()

    def out(self) -> list[str]:
        return [json.loads(line)["type"] for line in self._out.read_text().splitlines()]


@contextmanager
def watching(folder: Path, name: str, url: str, hook: str) -> Iterator[Watching]:
    found = Watching(folder, name, url, hook)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()


def types(hook: Receiver) -> list[str]:
    return [f"{json.loads(one.body)['type']} {json.loads(one.body)['data']['alert']}" for one in hook.taken()]


def test_told_once_by_one_watcher_and_handed_on(
    hook: Receiver, redis_client: Redis, settings: Settings, tmp_path: Path
) -> None:
    url = str(settings.redis_url)
    hook.answers = [0]
    queue = Queue("emails", connection=redis_client)
    queue.enqueue("time.sleep", 0, job_id="waits")
    with watching(tmp_path, "first", url, hook.url) as first:
        until(lambda: "Watching" in first.said())
        with watching(tmp_path, "second", url, hook.url) as second:
            until(lambda: len(hook.taken()) == 1)
            started = hook.taken()[0]
            assert verify(SECRET.encode(), started.headers, started.body)
            assert {one.headers["webhook-id"] for one in hook.got} == {started.headers["webhook-id"]}
            assert [one.status for one in hook.got] == [0, 204]
            data = json.loads(started.body)["data"]
            assert (data["code"], data["level"], data["subject"]) == ("no-worker", "critical", "emails")
            assert "no worker listens; 1 wait" in json.loads(started.body)["text"]
            until(lambda: "Another process watches" in second.said())
            until(lambda: b'"outbox": []' in redis_client.get("pantry:alerts"))
            first.process.send_signal(signal.SIGKILL)
            redis_client.delete("pantry:alerts:watcher")  # it would expire within a minute
            until(lambda: "Watching" in second.said())
            # A kind of failure nobody has met, and the end of what the first one told.
            queue.enqueue("operator.truediv", 1, 0)
            SimpleWorker([queue], connection=redis_client).work(burst=True)
            until(lambda: len(hook.taken()) == 3)
            assert "ZeroDivisionError" in findings(redis_client)["new-failure"]["says"], (
                "one look knows what is followed"
            )
            assert sorted(types(hook))[:2] == ["alert.ended no-worker:emails", "alert.started new-failure:" + new(hook)]
            second.process.send_signal(signal.SIGTERM)
            assert second.process.wait(20) == 0
            assert not redis_client.exists("pantry:alerts:watcher")
            assert sorted(second.out()) == ["alert.ended", "alert.started"]
            assert first.out() == ["alert.started"]
            assert not any(secret in first.said() + second.said() for secret in ("T0KEN", SECRET))
    assert redis_client.xlen("pantry:history") >= 1, "who watches samples too"


def new(hook: Receiver) -> str:
    return next(name.rpartition(":")[2] for name in types(hook) if "new-failure" in name)


def test_redis_away_is_told_and_waited_for(hook: Receiver, tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "valkey")
    said: list[str] = []
    orders = Orders(Rules(hold=0.1), interval=0.05)
    here = replace(Settings(), redis_url=server.url)
    watcher = Watcher(here, Keys(), orders, Webhook(hook.url), changed=lambda _: None, tell=said.append)
    end = Event()
    thread = Thread(target=watcher.run, args=(end,))
    thread.start()
    try:
        until(lambda: bool(said))
        server.stop()
        until(lambda: len(hook.taken()) == 1)
        embedded.start(tmp_path / "valkey")
        until(lambda: len(hook.taken()) == 2)
    finally:
        end.set()
        thread.join()
        embedded.start(tmp_path / "valkey").stop()
    assert types(hook) == ["alert.started redis-away:Redis", "alert.ended redis-away:Redis"]
    assert [sentence.rpartition(". ")[2][:7] for sentence in said] == ["Watchin", "Waiting", "Redis a"], said


def test_a_webhook_is_tried_without_redis(cli: Cli, hook: Receiver, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    files = {"PANTRY_CONFIG": str(config), "PANTRY_REDIS_URL": "redis://127.0.0.1:1/"}
    none = cli("watch", "--test", **files)
    assert (none.code, "names no webhook" in none.err) == (2, True)
    config.write_text(f'[alerts]\nwebhook = "{hook.url}/T0KEN"\n')
    done = cli("--read-only", "watch", "--test", PANTRY_WEBHOOK_SECRET=SECRET, **files)
    assert (done.code, "took the message" in done.out) == (0, True)
    assert verify(SECRET.encode(), hook.got[0].headers, hook.got[0].body)
    assert json.loads(hook.got[0].body)["type"] == "alert.test"
    hook.answers = [403]
    refused = cli("watch", "--test", **files)
    assert (refused.code, "status 403" in refused.err, "T0KEN" in refused.err) == (1, True, False)


def test_what_cannot_be_watched(cli: Cli, redis_client: Redis, tmp_path: Path) -> None:
    assert cli("--read-only", "watch").code == 4
    config = tmp_path / "config.toml"
    for content, said in (
        ('webhook_file = "none"', "webhook URL cannot be read from"),
        ('webhook_file = "empty"', "it is empty"),
        ('webhook = "https://h/"\nsecret_file = "bad"', "base64 should stand behind it"),
    ):
        (tmp_path / "empty").write_text("\n")
        (tmp_path / "bad").write_text("whsec_!")
        config.write_text(f"[alerts]\n{content}\n")
        done = cli("watch", PANTRY_CONFIG=str(config))
        assert (done.code, done.err.count("\n"), said in done.err) == (2, 1, True), done.err
    assert not redis_client.keys("pantry:*")
