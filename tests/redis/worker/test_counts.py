"""What a worker counts of its work: ours as RQ's own, over the same jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq import Queue, Retry

from pantry_queue.keys import Keys
from pantry_queue.workers import stats
from tests.redis.task.agent import PATIENCE
from tests.redis.task.stage import Stage

CHORES = "tests.redis.worker.chores"
#: Seconds each run of a job takes at least.
TOIL = 0.05


@dataclass(frozen=True)
class Counted:
    """What a worker's record says in the end, and what its jobs became."""

    successful: int
    failed: int
    states: tuple[str, ...]


def jobs(queue: Queue) -> list[Any]:
    """Good, failing, failing at first, always failing with tries, coming back by themselves (within and beyond what
    they ask for), stopped by time, killed, and one that neither worker runs: RQ's cannot import it, ours may not."""
    toil = f"{CHORES}.toil"
    return [
        queue.enqueue(toil, TOIL),
        queue.enqueue(toil, TOIL, result_ttl=0),
        queue.enqueue(toil, TOIL, tries=9),
        queue.enqueue(toil, TOIL, tries=2, retry=Retry(max=3)),
        queue.enqueue(toil, TOIL, tries=9, retry=Retry(max=2)),
        queue.enqueue(toil, TOIL, back=2),
        queue.enqueue(toil, TOIL, tries=1, back=9, retry=Retry(max=1)),
        queue.enqueue(f"{CHORES}.sleep", 30, job_timeout=1),
        queue.enqueue(f"{CHORES}.crash", retry=Retry(max=1)),
        queue.enqueue("not.there.at.all"),
    ]


#: Runs of `toil` above: each works so long at least.
_RUNS = 1 + 1 + 1 + 3 + 3 + 3 + 5
ENDS = ("finished", "gone", "failed", "finished", "failed", "finished", "failed", "failed", "failed", "failed")


def counted(stage: Stage, name: str, made: list[Any]) -> tuple[Counted, float]:
    """What a worker that has ended counted, and its working time."""
    record = stage.redis.hgetall(f"rq:worker:{name}")
    states = tuple((stage.redis.hget(job.key, "status") or b"gone").decode() for job in made)
    done = Counted(int(record[b"successful_job_count"]), int(record[b"failed_job_count"]), states)
    return done, float(record[b"total_working_time"])


def test_ours_counts_as_rqs_own(stage: Stage) -> None:
    made = {name: jobs(Queue(name, connection=stage.redis)) for name in (stage.settings.queue_name, "ours")}
    began = time.monotonic()
    workers = [
        stage.worker("ours", "--burst", "--name", "ours", "--queue", "ours"),
        stage.worker("stock", "--burst", "--name", "stock"),
    ]
    assert [worker.wait(PATIENCE) for worker in workers] == [0, 0], stage.log()
    lived = time.monotonic() - began
    ours, our_time = counted(stage, "ours", made["ours"])
    theirs, their_time = counted(stage, "stock", made[stage.settings.queue_name])
    assert ours == theirs
    assert ours.states == ENDS
    for worked in (our_time, their_time):
        assert _RUNS * TOIL + 1 <= worked <= lived, "every run counts, once"


def test_names_of_functions_do_not_fill_redis(redis_client: Redis) -> None:
    at, keys = datetime.fromtimestamp(6000, UTC), Keys()
    with redis_client.pipeline() as pipe:
        for number in [*range(300), 299, 0]:
            name = f"{number:03}{'x' * 1000}"
            stats.count(pipe, keys, name, failed=number == 299, enqueued=at, started=at, ended=at)
        assert pipe.execute() == [1] * 302
    found = redis_client.hgetall(keys.stats(100))
    names = {field.rpartition(b"|")[0] for field in found if b"|" in field}
    assert (len(names), max(map(len, names)), int(found[b"functions"])) == (201, 120, 200)
    other, first = stats.OTHER.encode(), b"000" + b"x" * 117
    assert [int(found[field]) for field in (other + b"|n", other + b"|f", first + b"|n")] == [101, 2, 2]
    assert redis_client.ttl(keys.stats(100)) > 0
    redis_client.set(keys.stats(101), "of another kind")
    at = datetime.fromtimestamp(6060, UTC)
    with redis_client.pipeline() as pipe:
        stats.count(pipe, keys, "f", failed=False, enqueued=None, started=at, ended=at)
        assert pipe.execute() == [0]
