"""A new job by the path of its function: what `rq enqueue` leaves, once, and with its line in the audit."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError
from rq.cli.cli import main as rq_main
from rq.cli.helpers import parse_function_args

from pantry_queue.control import audit, new_job
from pantry_queue.control.arguments import parsed
from pantry_queue.control.lua import Scripts
from pantry_queue.control.new_job import Request
from pantry_queue.errors import ConfigError, NotFound, PayloadError, Refused

from .conftest import Operator
from .keyspace import differences, dump

FUNC = "nowhere.at_all.function"
ACTOR = audit.whoami("cli")


def ours(operator: Operator, request: Request) -> str:
    scripts: Scripts = operator.scripts
    return new_job.enqueue(scripts, scripts.settings, request, ACTOR)


PAIRS: list[tuple[Sequence[str], dict[str, Any]]] = [
    (["text", ":[1, null]", "%(1, 2)", "a=b", "c:=2", "d%={1}"], {}),
    (["--at-front", "--timeout", "10m"], {"at_front": True, "timeout": "10m"}),
    (["--retry-max", "3", "--retry-interval", "5", "--retry-interval", "9"], {"retries": 3, "intervals": (5, 9)}),
    (["--depends-on", "first"], {"depends_on": ("first",)}),
    (["--depends-on", "ended"], {"depends_on": ("ended",)}),
    (["--schedule-at", "2031-01-01T00:00:00"], {"due": datetime(2031, 1, 1).astimezone()}),
    (
        ["--schedule-at", "2031-01-01T00:00:00", "--at-front"],
        {"due": datetime(2031, 1, 1).astimezone(), "at_front": True},
    ),
]


@pytest.mark.parametrize(("words", "options"), PAIRS, ids=[" ".join(words)[:30] for words, _ in PAIRS])
def test_it_leaves_what_rq_enqueue_leaves(
    words: Sequence[str], options: dict[str, Any], operator: Operator, redis_client: Redis, other_database: Redis
) -> None:
    from rq import Queue

    for connection in (redis_client, other_database):
        waits = Queue("default", connection=connection)
        waits.enqueue(FUNC, job_id="first")
        waits.enqueue(FUNC, job_id="ended")
        connection.hset("rq:job:ended", "status", "finished")
    where = other_database.connection_pool.connection_kwargs
    url = f"unix://{where['path']}?db={where['db']}"
    arguments = [word for word in words if "=" in word or word[0] in ":%" or word == "text"]
    rest = [word for word in words if word not in arguments]
    done = CliRunner().invoke(rq_main, ["enqueue", "--url", url, "--job-id", "it", *rest, FUNC, *arguments])
    assert done.exit_code == 0, done.output
    args, kwargs = parsed(arguments)
    assert ours(operator, Request(FUNC, args, kwargs, job_id="it", **options)) == "it"
    assert not differences(dump(other_database), dump(redis_client))
    assert [entry.action for entry in audit.newest(redis_client, operator.scripts.keys, 9)] == ["jobs.enqueue"] * 2


def rq_parsed(words: list[str]) -> Any:
    try:
        args, kwargs = parse_function_args(words)  # type: ignore[no-untyped-call]  # RQ leaves it untyped
    except click.ClickException:
        return None
    except Exception as error:  # what RQ itself does not catch
        return None if not isinstance(error, AssertionError) else error
    return repr((tuple(args), kwargs))


def our_parsed(words: list[str]) -> Any:
    try:
        return repr(parsed(words))
    except PayloadError:
        return None


@given(st.lists(st.text(alphabet="ab1:%=[]{}'\", .-", max_size=8), max_size=3))
def test_words_are_read_as_rq_reads_them(words: list[str]) -> None:
    assert our_parsed(words) == rq_parsed(words)


@pytest.mark.parametrize("lost", [True, False])
def test_it_is_enqueued_once_when_the_reply_is_lost(
    lost: bool, operator: Operator, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, times = Pipeline.execute, []

    def breaks(self: Any, raise_on_error: bool = True) -> Any:
        times.append(1)
        if len(times) > 1:
            return execute(self, raise_on_error)
        if lost:  # it was done, and nobody was told
            with contextlib.suppress(WatchError):
                execute(self, raise_on_error)
        raise WatchError("A ConnectionError occurred on while watching one or more keys")

    monkeypatch.setattr(Pipeline, "execute", breaks)
    made = ours(operator, Request(FUNC, queue="q"))
    assert redis_client.lrange("rq:queue:q", 0, -1) == [made.encode()]
    assert len(times) == (1 if lost else 2)
    assert redis_client.xlen("pantry:audit") == 2


def test_an_id_that_is_in_use_is_refused_and_one_that_has_ended_begins_anew(
    operator: Operator, redis_client: Redis
) -> None:
    ours(operator, Request(FUNC, job_id="it"))
    with pytest.raises(Refused, match="exists already"):
        ours(operator, Request(FUNC, job_id="it"))
    redis_client.lpop("rq:queue:default")
    redis_client.hset("rq:job:it", mapping={"status": "failed", "exc_info": "old"})
    redis_client.zadd("rq:failed:default", {"it": 9e9})
    with pytest.raises(Refused):
        ours(operator, Request(FUNC, job_id="it", unique=True))
    with pytest.raises(NotFound):
        ours(operator, Request(FUNC, depends_on=("nothing",)))
    ours(operator, Request(FUNC, job_id="it", queue="other"))
    assert redis_client.lrange("rq:queue:other", 0, -1) == [b"it"]
    assert not redis_client.exists("rq:failed:default", "rq:queue:default")
    assert redis_client.hmget("rq:job:it", "status", "exc_info") == [b"queued", None]


def test_what_the_audit_cannot_record_is_not_enqueued(operator: Operator, redis_client: Redis) -> None:
    redis_client.set("pantry:audit", "no stream")
    with pytest.raises(Refused, match="pantry:audit"):
        ours(operator, Request(FUNC))
    assert set(redis_client.scan_iter()) == {b"pantry:audit"}


SOON = datetime.now(UTC) + timedelta(hours=1)
WRONG: list[tuple[Request, type[Exception], str]] = [
    (Request("function"), ConfigError, "path of a function"),
    (Request("a.class"), ConfigError, "path of a function"),
    (Request(FUNC, queue="a,b"), ConfigError, "name of a queue"),
    (Request(FUNC, job_id="a b"), ConfigError, "job's id"),
    (Request(FUNC, timeout="soon"), ConfigError, "time-out"),
    (Request(FUNC, unique=True), ConfigError, "unique"),
    (Request(FUNC, due=SOON, depends_on=("a",)), ConfigError, "not for both"),
    (Request(FUNC, ("x" * 70_000,)), PayloadError, "bytes"),
]


@pytest.mark.parametrize(("request_", "kind", "says"), WRONG)
def test_what_cannot_be_enqueued_is_told(request_: Request, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=re.escape(says)):
        new_job.validate(request_)
