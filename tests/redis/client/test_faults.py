"""Lost replies, hostile data, bad input, a Redis that is away, killed callers."""

from __future__ import annotations

import base64
import os
import pickle
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis as RealRedis

from pantry_queue import embedded
from pantry_queue.client import QueueClient
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.errors import ConfigError, PayloadError, RedisUnavailable, Refused
from tests.redis.client.proxy import LossyDoor
from tests.redis.control.jobs import Marker, add, fail
from tests.redis.control.keyspace import differences, dump

if TYPE_CHECKING:
    from redis import Redis

Work = Callable[..., None]


# -- replies that never arrive ----------------------------------------------------------------------------
@pytest.fixture
def door(settings: Settings, valkey: embedded.EmbeddedServer) -> Iterator[LossyDoor]:
    door = LossyDoor(valkey.url.removeprefix("unix://"))
    yield door
    door.close()


@pytest.fixture
def behind(door: LossyDoor, settings: Settings) -> QueueClient:
    """A client that talks through the door; its scripts are loaded already."""
    client = QueueClient(replace(settings, redis_url=door.url))
    client.enqueue_ocr_task("first", "/x.png", "u")
    client.cancel_job("ocr-first")
    client.requeue_job("ocr-first")
    return client


def test_a_lost_reply_to_enqueue_enqueues_once(
    behind: QueueClient, door: LossyDoor, settings: Settings, redis_client: Redis
) -> None:
    for number, call in enumerate(
        [
            lambda: behind.enqueue_ocr_task("r", "/x.png", "u"),
            lambda: behind.enqueue_batch_ocr((f"b{number}", "/x.png", "u") for number in range(50))[0],
            lambda: behind.enqueue(add, 1, job_id="any"),
            lambda: behind.enqueue(add, 1, job_id="only", unique=True),
        ],
        start=1,
    ):
        door.lose = 2
        assert call() in ("ocr-r", "ocr-b0", "any", "only")
        assert door.lost == 2 * number
    waiting = redis_client.lrange(f"rq:queue:{settings.queue_name}", 0, -1)
    assert len(waiting) == len(set(waiting)) == 1 + 1 + 50 + 1 + 1


def test_a_lost_reply_does_not_run_a_job_again_that_has_ended_meanwhile(
    behind: QueueClient, door: LossyDoor, redis_client: Redis, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.lose = 1

    def finish_it() -> bool:
        if door.lost and not redis_client.exists("ran"):
            redis_client.set("ran", 1)
            work()
        return True

    # redis-py sleeps before it repeats: the worker is faster.
    monkeypatch.setattr("redis.retry.sleep", lambda _: finish_it())
    behind.enqueue(fail, job_id="j")
    assert redis_client.exists("ran")
    assert behind.get_job_status("j")["status"] == "failed", "not queued a second time"


def test_lost_replies_to_cancel_requeue_and_clear_do_not_change_the_answer(
    behind: QueueClient, door: LossyDoor, redis_client: Redis, work: Work
) -> None:
    behind.enqueue(add, 1, job_id="c")
    door.lose = 1
    assert behind.cancel_job("c") is True
    door.lose = 1
    assert behind.requeue_job("c") is True
    for number in range(5):
        behind.enqueue(fail, job_id=f"f{number}")
    redis_client.delete("rq:queue:pantry-pilot")
    redis_client.rpush("rq:queue:pantry-pilot", *(f"f{number}" for number in range(5)))
    work()
    behind.clear_failed_jobs()
    for number in range(5):
        behind.enqueue(fail, job_id=f"f{number}")
    work()
    before = door.lost
    door.lose = 1
    assert behind.clear_failed_jobs() == 5
    assert door.lost == before + 1


# -- data that would run if it were loaded ------------------------------------------------------------------
def test_nothing_that_is_stored_is_ever_loaded(
    client: QueueClient, settings: Settings, redis_client: Redis, tmp_path: Path
) -> None:
    marker = tmp_path / "ran"
    bomb = pickle.dumps(Marker(str(marker)))
    encoded = base64.b64encode(bomb)
    for state in ("queued", "failed", "finished", "canceled", "scheduled", "lost"):
        redis_client.hset(
            f"rq:job:{state}",
            mapping={
                "status": "queued" if state == "lost" else state,
                "origin": settings.queue_name,
                "data": zlib.compress(bomb),
                "meta": bomb,
                "result": bomb,
                "exc_info": zlib.compress(b"Traceback"),
                "failure_callback_name": "os.abort",
                "created_at": "2026-01-01T00:00:00.000000Z",
            },
        )
        redis_client.xadd(f"rq:results:{state}", {"type": 1, "return_value": encoded, "exc_string": encoded})
        if state in ("failed", "finished", "canceled", "scheduled"):
            redis_client.zadd(f"rq:{state}:{settings.queue_name}", {state: 9e9})
    redis_client.rpush(f"rq:queue:{settings.queue_name}", "queued")
    redis_client.sadd("rq:job:queued:dependents", "failed")
    for state in ("queued", "failed", "finished", "canceled", "scheduled"):
        assert client.get_job_status(state)["status"] == state
    client.get_queue_info()
    assert client.enqueue(add, 1, job_id="child", depends_on=["scheduled", "finished"]) == "child"
    assert client.enqueue(add, 1, job_id="child-of-met", depends_on="finished") == "child-of-met"
    assert client.enqueue(add, 1, job_id="queued") == "queued"
    assert client.enqueue(add, 1, job_id="lost") == "lost"
    assert client.requeue_job("finished")
    assert client.cancel_job("scheduled")
    assert client.requeue_job("canceled")
    assert client.clear_failed_jobs() == 1
    assert redis_client.hget("rq:job:scheduled", "meta") == bomb, "kept byte for byte"
    assert redis_client.hget("rq:job:canceled", "data") == zlib.compress(bomb)
    assert not marker.exists()
    redis_client.hset("rq:job:scheduled", "exc_info", bomb)  # RQ itself stumbles over this one
    with pytest.raises(PayloadError, match="A job that c3 depends on cannot be read"):
        client.enqueue(add, 1, job_id="c3", depends_on="scheduled")
    pickle.loads(bomb)
    assert marker.exists(), "the trap works"


# -- input that cannot be used ------------------------------------------------------------------------------
BAD_RECEIPTS: list[tuple[dict[str, Any], str]] = [
    ({"receipt_id": ""}, "receipt_id is ''"),
    ({"receipt_id": "a b"}, "receipt_id is 'a b'"),
    ({"receipt_id": "a:b"}, "letters, digits, _ and -"),
    ({"receipt_id": "é"}, "receipt_id"),
    ({"receipt_id": None}, "receipt_id is None"),
    ({"receipt_id": True}, "receipt_id is True"),
    ({"receipt_id": "x" * 201}, "1 to 200"),
    ({"receipt_id": 10**5000}, "1 to 200"),
    ({"image_path": ""}, "image_path is ''"),
    ({"image_path": None}, "image_path is None"),
    ({"image_path": Path("/x.png")}, "image_path"),
    ({"image_path": "/a\0b"}, "image_path"),
    ({"image_path": "\udcff"}, "image_path"),
    ({"image_path": "x" * 4097}, "1 to 4096 characters"),
    ({"user_id": None}, "user_id is None"),
    ({"user_id": 1.5}, "user_id is 1.5"),
    ({"user_id": ""}, "user_id"),
    ({"priority": "urgent"}, "priority is 'urgent'; it should be high, default or low"),
    ({"priority": ["high"]}, "priority"),
    ({"colour": "red"}, "'colour' is not what a task consists of"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD_RECEIPTS)
def test_a_bad_receipt_is_refused_with_what_it_should_be_and_nothing_is_enqueued(
    change: dict[str, Any], sentence: str, client: QueueClient, redis_client: Redis
) -> None:
    good = {"receipt_id": "r", "image_path": "/x.png", "user_id": "u"}
    with pytest.raises(PayloadError) as caught:
        client.enqueue_batch_ocr([good, good | change])
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("Receipt 2 ")
    assert "\n" not in str(caught.value)
    assert redis_client.dbsize() == 0


@pytest.mark.parametrize("task", ["r1", b"r1", ("r1",), ("r1", "/x", "u", "low", 5), None, 7, {"receipt_id"}])
def test_something_that_is_no_task_is_refused(task: Any, client: QueueClient) -> None:
    with pytest.raises(PayloadError, match=r"receipt_id, image_path, user_id|receipt_id is"):
        client.enqueue_batch_ocr([task])


def test_a_fault_of_the_callers_own_data_is_not_blamed_on_redis(client: QueueClient) -> None:
    def rows() -> Iterator[tuple[str, str, str]]:
        yield ("r", "/x.png", "u")
        raise ConnectionError("the database of receipts is away")

    with pytest.raises(ConnectionError, match="database of receipts"):
        client.enqueue_batch_ocr(rows())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda client: client.enqueue(add, b"x" * 70_000), "more than 65,536"),
        (lambda client: client.enqueue(add, meta={"x": b"x" * 70_000}), "more than 65,536"),
        (lambda client: client.enqueue(add, open), "more than"),
        (lambda client: client.enqueue(add, sys.stdout), "cannot be stored"),
        (lambda client: client.enqueue(lambda: 1), "function of a module"),
        (lambda client: client.enqueue(5), "cannot be enqueued as it is"),
        (lambda client: client.enqueue(add, 1, job_id="a b"), "letters, numbers"),
        (lambda client: client.enqueue(add, 1, job_timeout=0), "0 timeout is not allowed"),
        (lambda client: client.enqueue(add, 1, unique=True), "unique needs a job_id"),
    ],
)
def test_what_cannot_be_a_job_is_refused_in_one_sentence(
    call: Callable[[QueueClient], str], sentence: str, client: QueueClient, redis_client: Redis
) -> None:
    if sentence == "more than":  # a builtin is pickled by its name, and is fine
        assert call(client)
        return
    with pytest.raises(PayloadError) as caught:
        call(client)
    assert sentence in str(caught.value)
    assert redis_client.dbsize() == 0


def test_unique_refuses_whatever_exists(client: QueueClient, redis_client: Redis, work: Work) -> None:
    client.enqueue(add, 1, job_id="j", unique=True)
    work()
    before = dump(redis_client)
    with pytest.raises(Refused, match="Job j exists already"):
        client.enqueue(add, 1, job_id="j", unique=True)
    redis_client.sadd("rq:queues", "rq:queue:pantry-pilot")
    assert differences(before, dump(redis_client)) == {}


def test_a_key_of_another_kind_is_not_overwritten(client: QueueClient, redis_client: Redis) -> None:
    redis_client.set("rq:job:ocr-r", "kept")
    with pytest.raises(Refused, match="Job ocr-r cannot be stored"):
        client.enqueue_ocr_task("r", "/x.png", "u")
    assert redis_client.get("rq:job:ocr-r") == b"kept"
    redis_client.flushdb()
    redis_client.set("rq:queue:pantry-pilot", "kept")
    with pytest.raises(RedisUnavailable, match="WRONGTYPE"):
        client.enqueue_ocr_task("r", "/x.png", "u")
    assert not redis_client.exists("rq:job:ocr-r"), "nothing half written"


def test_a_long_description_is_cut(client: QueueClient, redis_client: Redis) -> None:
    client.enqueue(add, *range(5000), job_id="j")
    assert len(redis_client.hget("rq:job:j", "description").decode()) == 1000


# -- connections --------------------------------------------------------------------------------------------
def test_a_connection_of_the_callers_own_is_used_unless_it_decodes(
    settings: Settings, valkey: embedded.EmbeddedServer
) -> None:
    own = RealRedis(unix_socket_path=valkey.url.removeprefix("unix://"))
    assert QueueClient(settings, own).enqueue_ocr_task("r", "/x.png", "u") == "ocr-r"
    with pytest.raises(ConfigError, match="decode_responses=True"):
        QueueClient(settings, RealRedis(unix_socket_path=valkey.url.removeprefix("unix://"), decode_responses=True))


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.enqueue_ocr_task("r", "/x.png", "u"),
        lambda client: client.enqueue(add, 1),
        lambda client: client.enqueue(add, 1, depends_on="x"),
        lambda client: client.get_job_status("x"),
        lambda client: client.get_queue_info(),
        lambda client: client.cancel_job("x"),
        lambda client: client.requeue_job("x"),
        lambda client: client.clear_failed_jobs(),
    ],
)
def test_a_redis_that_is_away_is_one_sentence(call: Callable[[QueueClient], Any]) -> None:
    client = QueueClient(Settings(redis_url="redis://:hunter2@127.0.0.1:1/0"))
    with pytest.raises(RedisUnavailable) as caught:
        call(client)
    assert "No Redis answers" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_sentence_names_the_server_of_the_callers_own_connection() -> None:
    for own, where in (
        (RealRedis(host="127.0.0.1", port=1, db=3, retry=None, password="hunter2"), "redis://127.0.0.1:1/3"),
        (RealRedis(unix_socket_path="/nowhere.sock", retry=None), "unix:///nowhere.sock"),
    ):
        with pytest.raises(RedisUnavailable, match=f"No Redis answers at {where}: "):
            QueueClient(Settings(redis_url="redis://elsewhere:6379/0"), own).get_queue_info()


def test_importing_the_client_needs_no_redis_and_loads_neither_redis_nor_rq() -> None:
    code = (
        "import sys\n"
        "from pantry_queue.client import QueueClient, queue_client\n"
        "assert isinstance(queue_client, QueueClient)\n"
        "from pantry_queue.client import queue_client as again\n"
        "assert again is queue_client\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'redis', 'rq', 'textual', 'httpx'}))\n"
    )
    environment = os.environ | {"REDIS_HOST": "nowhere.invalid"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


def test_an_ocr_job_is_enqueued_without_rq(settings: Settings) -> None:
    code = (
        "import sys\n"
        "from pantry_queue.client import queue_client\n"
        "queue_client.enqueue_ocr_task('r', '/x.png', 'u')\n"
        "print('rq' in sys.modules, queue_client.get_queue_info()['count'])\n"
    )
    environment = os.environ | {"PANTRY_REDIS_URL": settings.redis_url or ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "False 1\n"


def test_another_key_prefix_is_honoured_everywhere(settings: Settings, redis_client: Redis) -> None:
    code = (
        "from pantry_queue.client import queue_client as q\n"
        "from rq import Queue, SimpleWorker\n"
        "from pantry_queue.connection import connect\n"
        "q.enqueue_ocr_task('r', '/x.png', 'u')\n"
        "q.cancel_job('ocr-r'); q.requeue_job('ocr-r'); q.cancel_job('ocr-r')\n"
        "q.enqueue('tests.redis.control.jobs.fail', job_id='f')\n"
        "c = connect(q.settings)\n"
        "w = SimpleWorker([Queue(q.settings.queue_name, connection=c)], connection=c)\n"
        "w.work(burst=True, logging_level='CRITICAL')\n"
        "print(q.get_job_status('f')['error'], q.get_queue_info()['failed_jobs'], q.clear_failed_jobs())\n"
    )
    environment = os.environ | {"PANTRY_REDIS_URL": settings.redis_url or "", "RQ_KEY_PREFIX": "{shop}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "ValueError: on purpose 1 1\n"
    assert {key.split(b":")[0] for key in redis_client.scan_iter()} == {b"{shop}"}


# -- a caller that dies ---------------------------------------------------------------------------------------
def test_a_batch_that_is_killed_can_be_sent_again(settings: Settings, redis_client: Redis) -> None:
    code = (
        "from pantry_queue.client import queue_client as q\n"
        "q.enqueue_batch_ocr((f'r{n}', '/x.png', 'u') for n in range(60_000))\n"
    )
    environment = os.environ | {"PANTRY_REDIS_URL": settings.redis_url or ""}
    queue = f"rq:queue:{settings.queue_name}"
    victim = subprocess.Popen([sys.executable, "-c", code], env=environment)
    end = time.monotonic() + 60
    while redis_client.llen(queue) < 3000:
        assert time.monotonic() < end
        assert victim.poll() is None
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    killed_at = redis_client.llen(queue)
    assert killed_at < 60_000
    assert killed_at % 1000 == 0, "a chunk is there whole or not at all"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    waiting = redis_client.lrange(queue, 0, -1)
    assert waiting == [f"ocr-r{number}".encode() for number in range(60_000)]
    assert connect(settings).hget("rq:job:ocr-r59999", "status") == b"queued"
