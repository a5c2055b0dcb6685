"""Subcommands that look: what they print, as people and as programs read it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import datetime

from redis import Redis
from rq import Queue

from pantry_queue.config import Settings

from .conftest import Cli


def test_status_as_json_has_the_promised_fields(cli: Cli, history: Redis) -> None:
    done = cli("status", "--json")
    document = done.json()
    assert (done.code, done.err) == (0, "")
    assert {"taken_at", "round_trip_ms", "redis", "suspended", "queues", "workers", "totals"} <= set(document)
    assert document["taken_at"].endswith("Z")
    assert datetime.fromisoformat(document["taken_at"]).tzinfo is not None
    (queue,) = document["queues"]
    counts = {name: queue[name] for name in ("name", "queued", "started", "finished", "failed", "canceled", "ready")}
    assert counts == {
        "name": "emails",
        "queued": 3,
        "started": 0,
        "finished": 1,
        "failed": 1,
        "canceled": 0,
        "ready": 0,
    }
    assert (queue["workers"], queue["paused"], document["suspended"]) == (0, False, False)
    assert queue["oldest_age"] >= 0
    assert document["totals"]["queued"] == 3
    assert document["redis"]["eviction_policy"] == "noeviction"


def test_status_for_people_says_what_is_wrong(cli: Cli, history: Redis) -> None:
    done = cli("status")
    assert done.code == 0
    assert "!! emails: no worker listens; 3 wait" in done.out
    assert "\x1b" not in done.out


def test_status_watch_streams_one_document_a_line(cli: Cli, settings: Settings, history: Redis) -> None:
    # Its reader goes away after the second line, as `head -2` does.
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "status", "--json", "--watch", "0.2"],
        env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": str(settings.redis_url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first, second = process.stdout.readline(), process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(30) == 0
    process.stderr.close()
    assert first.startswith('{"taken_at"')
    assert first != second


def test_jobs_list_one_state(cli: Cli, history: Redis) -> None:
    rows = cli("jobs", "list", "--state", "queued", "--json").json()
    assert [row["id"] for row in rows] == ["wait-2", "wait-1", "wait-0"]
    oldest = cli("jobs", "list", "--state", "queued", "--oldest", "--limit", "2", "--jsonl").lines()
    assert [row["id"] for row in oldest] == ["wait-0", "wait-1"]
    assert set(rows[0]) >= {
        "id", "state", "queue", "func", "description", "created_at", "enqueued_at", "started_at", "ended_at",
        "worker", "error",
    }  # fmt: skip
    assert (rows[0]["func"], rows[0]["error"], rows[0]["started_at"]) == ("time.sleep", None, None)


def test_jobs_list_without_a_state_is_every_state(cli: Cli, history: Redis) -> None:
    rows = cli("jobs", "list", "--jsonl").lines()
    assert sorted(row["id"] for row in rows) == ["division", "sum", "wait-0", "wait-1", "wait-2"]
    (failed,) = cli("jobs", "list", "--state", "failed", "--jsonl").lines()
    assert failed["error"] == "ZeroDivisionError: division by zero"


def test_jobs_list_streams_more_than_one_window(cli: Cli, redis_client: Redis) -> None:
    queue = Queue("many", connection=redis_client)
    with redis_client.pipeline() as pipe:
        queue.enqueue_many(
            [Queue.prepare_data("time.sleep", (0,), job_id=f"job-{n}") for n in range(450)], pipeline=pipe
        )
        pipe.execute()
    rows = cli("jobs", "list", "--state", "queued", "--oldest", "--limit", "0", "--jsonl").lines()
    assert [row["id"] for row in rows] == [f"job-{n}" for n in range(450)]
    assert len(cli("jobs", "list", "--queue", "elsewhere", "--jsonl").out) == 0


def test_jobs_show(cli: Cli, history: Redis) -> None:
    job = cli("jobs", "show", "sum", "--json").json()
    assert (job["state"], job["args"], job["kwargs"], job["result"]) == ("finished", ["2", "3"], {}, "5")
    assert (job["description"], job["position"], job["retries_left"]) == ("two and three", None, None)
    assert 0 < job["expires_in"] <= 500
    assert len(job["results"]) == 1
    failed = cli("jobs", "show", "division", "--json").json()
    assert failed["traceback"].splitlines()[-1] == "ZeroDivisionError: division by zero"
    waiting = cli("jobs", "show", "wait-1", "--json").json()
    assert (waiting["position"], waiting["timeout"]) == (1, 180)
    text = cli("jobs", "show", "division")
    assert "operator.truediv(1, 0)" in text.out
    assert text.out.rstrip().endswith("ZeroDivisionError: division by zero")


def test_secrets_are_masked_unless_they_are_asked_for(cli: Cli, redis_client: Redis) -> None:
    Queue("emails", connection=redis_client).enqueue("app.login", "ann", password="canary\x1b[31m", job_id="login")
    for options in ([], ["--json"]):
        masked, revealed = cli("jobs", "show", "login", *options), cli("jobs", "show", "login", "--reveal", *options)
        assert "canary" not in masked.out
        assert "canary" in revealed.out
        assert "\x1b" not in revealed.out


def test_jobs_show_what_it_waits_for_and_what_waits_for_it_as_trees(cli: Cli, redis_client: Redis) -> None:
    queue = Queue("emails", connection=redis_client)
    first = queue.enqueue("app.first", job_id="first")
    second = queue.enqueue("app.second", job_id="second", depends_on=first)
    queue.enqueue("app.third", job_id="third", depends_on=second)
    found = cli("jobs", "show", "third", "--json").json()
    (above,) = found["dependency_tree"]
    assert (above["id"], above["state"], above["func"], above["loop"]) == ("second", "deferred", "app.second", False)
    assert [one["id"] for one in above["children"]] == ["first"]
    assert found["dependent_tree"] is None
    text = cli("jobs", "show", "first").out
    assert "waited for by\n  second deferred emails app.second\n    third deferred emails app.third\n" in text
    redis_client.sadd("rq:job:third:dependents", "first")
    redis_client.delete("rq:job:second")
    redis_client.sadd("rq:job:first:dependents", "odd\x1b[31m")
    text = cli("jobs", "show", "first").out
    assert "second expired" in text
    assert "stands above already" in text
    assert "\x1b" not in text


def test_lists_are_one_document_or_one_object_a_line(cli: Cli, history: Redis) -> None:
    cli("jobs", "cancel", "wait-1", "--yes")
    for noun in ("queues", "jobs", "failures", "alerts", "trash"):
        whole, lines = cli(noun, "list", "--json").json(), cli(noun, "list", "--jsonl").out.splitlines()
        assert len(lines) == len(whole) > 0
        assert set(json.loads(lines[0])) == set(whole[0])


def test_a_job_that_is_not_there(cli: Cli) -> None:
    done = cli("jobs", "show", "nobody\x1b[31m")
    assert (done.code, done.out) == (3, "")
    assert "There is no job nobody\\x1b[31m" in done.err


def test_workers_list_names_a_ghost(cli: Cli, redis_client: Redis) -> None:
    redis_client.sadd("rq:workers", "rq:worker:gone")
    (worker,) = cli("workers", "list", "--json").json()
    assert (worker["name"], worker["verdict"]) in {("gone", "ghost"), ("gone", "dead")}
    assert worker["evidence"]


def test_hostile_text_never_reaches_the_terminal_as_it_is(cli: Cli, redis_client: Redis) -> None:
    nasty = "\x1b]52;c;aGk=\x07[red]x[/] \u202eabc\x9b31m"
    Queue(nasty, connection=redis_client).enqueue("time.sleep", 1, job_id="odd", description=nasty)
    for arguments in (["status"], ["jobs", "list"], ["jobs", "show", "odd"], ["status", "--json"]):
        out = cli(*arguments).out
        assert not any(mark in out for mark in ("\x1b", "\x07", "\u202e", "\x9b")), arguments
        assert "[red]x[/]" in out or "odd" in out


def on_a_terminal(url: str, columns: int, *arguments: str) -> list[str]:
    """Lines the program draws on a terminal of this width, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "--no-color", *arguments],
        env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": url, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while part := os.read(ours, 65536):
            drawn += part
    os.close(ours)
    assert process.wait(30) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", drawn.decode()).splitlines()


def test_a_narrow_terminal_cuts_what_matters_least(settings: Settings, history: Redis) -> None:
    lines = on_a_terminal(str(settings.redis_url), 80, "jobs", "list", "--state", "failed")
    row = next(line for line in lines if "division" in line)
    assert max(map(len, lines)) <= 80
    assert all(word in row for word in ("division", "failed", "emails", "operator.tru", "ZeroDivis"))
    assert row.endswith("…")
    wide = on_a_terminal(str(settings.redis_url), 200, "jobs", "list", "--state", "failed")
    assert any("ZeroDivisionError: division by zero" in line for line in wide)
    counts = on_a_terminal(str(settings.redis_url), 40, "status")
    assert any(line.split()[:4] == ["emails", "3", "0", "1"] for line in counts)


def test_the_key_prefix_of_rq_is_honoured(cli: Cli, redis_client: Redis) -> None:
    redis_client.sadd("{acme}:queues", "{acme}:queue:elsewhere")
    redis_client.rpush("{acme}:queue:elsewhere", "one")
    document = cli("status", "--json", RQ_KEY_PREFIX="{acme}").json()
    assert [(queue["name"], queue["queued"]) for queue in document["queues"]] == [("elsewhere", 1)]
