"""`record` as a process that is really ended, and `history` as people and scripts read it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis

from console.cli.history import curve
from pantry_queue import embedded, history
from pantry_queue.config import Settings
from pantry_queue.history import Sample, ServerFigures
from pantry_queue.keys import Keys
from pantry_queue.monitor import snapshot
from tests.redis.engines.servers import until

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]


@contextmanager
def recording(url: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "record"],
        env=os.environ | {"PANTRY_REDIS_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_recorded_and_read(cli: Cli, history: Redis, settings: Settings) -> None:
    nothing = cli("history", "--json")
    assert (nothing.code, nothing.json()) == (0, [])
    assert "Nothing was sampled in the last 1h00m" in nothing.err
    assert cli("--read-only", "record").code == 4
    assert not history.exists("pantry:history")
    with recording(str(settings.redis_url)) as process:
        until(lambda: history.exists("pantry:history:month"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert "every 10 s" in process.stderr.read()
    (sample,) = cli("history", "--queue", "emails", "--jsonl").lines()
    assert (sample["queued"], sample["failed"], sample["finished"], sample["gap"] > 3000) == (3, 1, 1, True)
    assert sample["redis"]["used_memory"] > 500_000
    assert len(cli("history", "--since", "7d", "--json").json()) == 1
    shown = cli("history").out
    assert "queued" in shown
    assert "█" in shown
    unknown = cli("history", "--queue", "no\x1bsuch")
    assert unknown.code == 3
    assert "\x1b" not in unknown.err


def test_redis_away_is_waited_for_and_another_key_is_told(cli: Cli, redis_client: Redis, tmp_path: Path) -> None:
    with recording(f"unix://{tmp_path}/none.sock") as process:
        assert process.stderr is not None
        assert "Waiting for it." in process.stderr.readline()
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    redis_client.set("pantry:history", "mine")
    done = cli("record")
    assert (done.code, "delete it" in done.err) == (1, True)
    assert (cli("history").code, cli("history").out) == (0, "")


def test_users_of_the_operators_guide(valkey: embedded.EmbeddedServer, redis_client: Redis) -> None:
    from tests.redis.control.test_acl import RULES, words

    taken = snapshot.take(redis_client, Keys(), target="t")
    for user in ("Operator", "Worker"):
        redis_client.execute_command("ACL", "SETUSER", "tried", "reset", "on", ">pw", *words(RULES[user]))
        client = Redis.from_url(valkey.url.replace("unix://", "unix://tried:pw@"))
        redis_client.flushdb()
        assert history.record(client, Keys(), taken), user
        client.close()
    redis_client.execute_command("ACL", "SETUSER", "tried", "reset", "on", ">pw", *words(RULES["Viewer"]))
    client = Redis.from_url(valkey.url.replace("unix://", "unix://tried:pw@"))
    assert len(history.read(client, Keys(), 60)) == 1
    client.close()
    redis_client.execute_command("ACL", "DELUSER", "tried")


def test_a_curve_shows_gaps_and_only_gaps() -> None:
    start, server = datetime.now(UTC), ServerFigures(None, None, None, None)

    def at(seconds: float, gap: float = 0) -> Sample:
        return Sample(start + timedelta(seconds=seconds), gap, 10, None, server)

    samples = [at(0), at(10.4), at(20.6), at(29.8), at(80, 50.2), at(90)]
    assert curve(samples, [1, 2, 4, 8, 8, 8]) == "▁▂▄█····██"
    assert "·" not in curve([at(10 * n + n % 3) for n in range(200)], list(range(200)))
    assert curve([at(0)], [0]).strip() != "·"
