"""Subcommands that find: filters, groups of failures, schedules, exports, logs."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from .conftest import Cli


def test_jobs_list_with_a_filter(cli: Cli, history: Redis) -> None:
    found = cli("jobs", "list", "--where", "error:zero or description:three", "--json")
    assert (found.code, found.err) == (0, "")
    assert {row["id"] for row in found.json()} == {"sum", "division"}
    assert [row["id"] for row in cli("jobs", "list", "--where", "func:sleep", "--limit", "2", "--jsonl").lines()] == [
        "wait-2",
        "wait-1",
    ]
    oldest = cli("jobs", "list", "--state", "queued", "--state", "failed", "--oldest", "--jsonl").lines()
    assert [row["id"] for row in oldest] == ["wait-0", "wait-1", "wait-2", "division"]


def test_a_filter_that_cannot_be_understood_is_wrong_usage(cli: Cli, history: Redis) -> None:
    found = cli("jobs", "list", "--where", "quue:low", "--json")
    assert (found.code, found.out) == (2, "")
    assert "character 1" in found.err
    assert "did you mean queue?" in found.err
    assert cli("export", "--state", "nonsense").code == 2


def test_a_bounded_search_says_what_it_covered(cli: Cli, history: Redis) -> None:
    found = cli("jobs", "list", "--state", "queued", "--where", "func:sleep", "--scan", "2", "--jsonl")
    assert len(found.lines()) == 2
    assert found.err == "newest 2 of 3 jobs looked at, 2 found\n"


def test_failures_by_cause(cli: Cli, history: Redis) -> None:
    (group,) = cli("failures", "list", "--json").json()
    promised = "signature exception message where func queue count last_hour last_day first_at last_at sample_id"
    assert set(promised.split()) <= set(group)
    assert (group["exception"], group["func"], group["queue"]) == ("ZeroDivisionError", "operator.truediv", "emails")
    assert (group["count"], group["last_hour"], group["sample_id"]) == (1, 1, "division")
    table = cli("failures", "list")
    assert group["signature"] in table.out
    shown = cli("failures", "show", group["signature"], "--json").json()
    assert shown["traceback"].splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert [row["id"] for row in shown["jobs"]] == ["division"]
    assert "ZeroDivisionError: division by zero" in cli("failures", "show", group["signature"]).out
    missing = cli("failures", "show", "0123456789")
    assert (missing.code, missing.out) == (3, "")


def test_workers_show(cli: Cli, history: Redis) -> None:
    worker = SimpleWorker([Queue("emails", connection=history)], connection=history, name="w.1")
    worker.register_birth()
    found = cli("workers", "show", "w.1", "--json").json()
    assert (found["name"], found["queues"], found["pid"]) == ("w.1", ["emails"], worker.pid)
    assert "verdict" in cli("workers", "show", "w.1").out
    assert cli("workers", "show", "w.2").code == 3


def test_schedule(cli: Cli, redis_client: Redis) -> None:
    now = time.time()
    redis_client.sadd("rq:queues", "rq:queue:q")
    redis_client.zadd("rq:scheduled:q", {"late": now - 60, "soon": now + 600})
    for job_id in ("late", "soon"):
        redis_client.hset(f"rq:job:{job_id}", mapping={"status": "scheduled", "description": "app.f()", "origin": "q"})
    entry = {"func_name": "app.g", "name": "nightly", "queue_name": "q", "cron": "0 3 * * *"}
    redis_client.zadd("rq:cron_schedulers", {"crond": now})
    redis_client.hset("rq:cron_scheduler:crond", mapping={"cron_jobs": json.dumps([entry])})
    found = cli("schedule", "list", "--json")
    first, second = found.json()
    assert (first["id"], second["id"], second["late"], first["by"]) == ("late", "soon", 0, "rq")
    assert 55 < first["late"] < 120
    assert "no scheduler runs for it" in found.err
    assert "late 1m" in cli("schedule", "list").out
    (row,) = cli("schedule", "cron", "--jsonl").lines()
    assert (row["name"], row["words"], row["alive"], row["next_at"]) == ("nightly", "At 03:00", True, None)
    assert "nightly" in cli("schedule", "cron").out


def test_export_as_csv_and_jsonl(cli: Cli, history: Redis) -> None:
    history.hset("rq:job:sum", "description", '=HYPERLINK("x"), two\nlines')
    rows = list(csv.DictReader(io.StringIO(cli("export").out)))
    by_id = {row["id"]: row for row in rows}
    assert set(by_id) == {"sum", "division", "wait-0", "wait-1", "wait-2"}
    assert by_id["division"]["error"] == "ZeroDivisionError: division by zero"
    assert by_id["sum"]["description"].startswith("'=HYPERLINK"), "no formula for a spreadsheet"
    lines = cli("export", "--format", "jsonl", "--where", "state:failed").lines()
    assert [line["id"] for line in lines] == ["division"]


def test_a_log_as_it_is_kept(cli: Cli, history: Redis) -> None:
    for text in ("one", "two \x1b[31mred", "password=hunter2"):
        history.xadd("pantry:log:sum", {"line": text})
    assert cli("jobs", "log", "sum").out == "one\ntwo \\x1b[31mred\npassword=***\n"
    assert cli("jobs", "log", "sum", "--jsonl").lines()[0] == {"line": "one"}
    assert cli("jobs", "log", "sum", "--follow").code == 0, "a job that has ended says no more"
    assert cli("jobs", "show", "sum", "--json").json()["log"][0] == "one"
    nothing = cli("jobs", "log", "division")
    assert (nothing.code, nothing.out) == (0, "")
    assert "PantryWorker" in nothing.err
    assert cli("jobs", "log", "nobody").code == 3


def test_queues_list(cli: Cli, history: Redis) -> None:
    (queue,) = cli("queues", "list", "--json").json()
    assert (queue["name"], queue["failed"], queue["queued"]) == ("emails", 1, 3)


@pytest.mark.parametrize(
    "command", [("jobs", "list"), ("failures", "list"), ("schedule", "list"), ("schedule", "cron"), ("export",)]
)
def test_an_empty_server_and_one_that_is_away(cli: Cli, redis_client: Redis, command: tuple[str, ...]) -> None:
    assert cli(*command).code == 0
    away = cli(*command, PANTRY_REDIS_URL="unix:///nowhere/at/all.sock")
    assert (away.code, away.out) == (5, "")
    assert away.err.count("\n") == 1


def test_another_prefix(cli: Cli, redis_client: Redis) -> None:
    redis_client.sadd("{o}:queues", "{o}:queue:q")
    redis_client.zadd("{o}:failed:q", {"j": 4e9})
    redis_client.hset("{o}:job:j", mapping={"status": "failed", "description": "app.f()", "origin": "q"})
    for command in (("jobs", "list"), ("failures", "list"), ("export", "--format", "jsonl")):
        found = cli(*command, *(() if "export" in command else ("--jsonl",)), RQ_KEY_PREFIX="{o}")
        assert [line["func"] for line in found.lines()] == ["app.f"]
