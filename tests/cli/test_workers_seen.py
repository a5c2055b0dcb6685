"""`jobs why` and `doctor` over workers that work, hang, freeze and die: real ones, stock and ours."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

from redis import Redis
from rq import Queue, Retry
from rq.command import send_stop_job_command
from rq.serializers import JSONSerializer

from tests.cli.conftest import Cli
from tests.cli.crew import Crew
from tests.cli.inside import cli
from tests.cli.situations import answer, checks, findings
from tests.redis.engines.servers import until

__all__ = ["cli"]

CHORES = "tests.redis.worker.chores"


def test_jobs_and_the_workers_that_have_them(cli: Cli, redis_client: Redis, crew: Crew) -> None:
    def queue(name: str) -> Queue:
        return Queue(name, connection=redis_client)

    def sleep(name: str, job_id: str) -> None:
        queue(name).enqueue("time.sleep", 60, job_id=job_id)
        crew.busy(job_id)

    crew.stock("busy-1", "busy")
    crew.stock("stubborn", "stubborn")
    crew.stock("paused-1", "paused")
    crew.ours("paused-2", "paused", "strict", allow=["time."])
    queue("stubborn").enqueue(f"{CHORES}.stubborn", 60, job_timeout=1, job_id="stubborn")
    sleep("busy", "runs")
    sleep("paused", "first")
    sleep("paused", "second")

    told = answer(redis_client, "runs")
    assert (told["code"], told["severity"]) == ("runs", "ok")
    assert "busy-1" in told["says"]
    assert "it listens to commands" in told["evidence"][0]
    queue("busy").enqueue("operator.add", 1, 2, job_id="turn")
    told = answer(redis_client, "turn")
    assert (told["code"], told["action"]) == ("all-busy", "jobs.move")
    assert "All workers of queue busy are busy (1)" in told["says"]

    # A queue that is paused, with a worker that obeys and one that does not.
    queue("paused").enqueue("operator.add", 1, 2, job_id="held")
    paused = cli("queues", "pause", "paused")
    assert (paused.code, paused.out) == (0, "1 queue paused.\n")
    assert paused.err == "Stock RQ workers do not know of it and go on taking from paused: paused-1.\n"
    told = answer(redis_client, "held")
    assert (told["code"], told["action"], told["selection"]["queues"]) == ("paused", "queues.resume", ["paused"])
    assert "paused-1: stock RQ workers, which do not know of the pause" in told["evidence"][1]
    # It waits for a worker that may not run it.
    check = checks(redis_client, "held")["allowed"]
    assert (check["mark"], check["finding"]["severity"]) == ("warning", "warning")
    assert check["finding"]["evidence"] == ["paused-2 runs time.."]
    queue("strict").enqueue("operator.add", 1, 2, job_id="refused")
    assert checks(redis_client, "refused")["allowed"]["finding"]["severity"] == "critical"
    found = findings(redis_client)
    assert found["pause-not-obeyed"]["evidence"] == ["paused: paused-1."]
    assert "paused-2" in found["not-allowed"]["evidence"][0]
    crew.kill("paused-2")

    until(lambda: answer(redis_client, "stubborn")["code"] == "over-time")
    assert answer(redis_client, "stubborn")["action"] == "jobs.stop"

    # RQ's own commands.
    send_stop_job_command(redis_client, "runs")
    crew.ended("runs")
    assert answer(redis_client, "runs")["code"] == "stopped"
    assert cli("suspend", "--yes").code == 0
    assert (answer(redis_client, "held")["code"], findings(redis_client)["suspended"]["action"]) == (
        "suspended",
        "all.resume",
    )
    assert cli("resume").code == 0

    # A worker that is killed while it runs a job, and while others wait.
    crew.stock("busy-2", "doomed")
    sleep("doomed", "left")
    queue("doomed").enqueue("operator.add", 1, 2, job_id="waits")
    crew.kill("busy-2")
    told = answer(redis_client, "left")
    assert told["code"] == "worker-deaf"
    assert "Its time is over in" in told["evidence"][1]
    crew.ours("medic", "nothing")
    assert "PantryWorker medic puts it back within seconds" in answer(redis_client, "left")["evidence"][1]
    told = answer(redis_client, "waits")
    assert (told["code"], told["severity"]) == ("workers-silent", "critical")
    assert findings(redis_client)["worker-deaf"]["severity"] == "warning"


def test_jobs_that_a_worker_takes_away(redis_client: Redis, crew: Crew) -> None:
    """RQ pops from two queues without a trace, from one by way of a list; a frozen worker is handed jobs too."""
    crew.stock("frozen-1", "one")
    crew.stock("frozen-2", "two", "three")
    crew.asleep(2)
    for name, queue, job_id in (("frozen-1", "one", "stuck"), ("frozen-2", "two", "lost")):
        crew.freeze(name)
        Queue(queue, connection=redis_client).enqueue("operator.add", 1, 2, job_id=job_id)
        until(lambda queue=queue: redis_client.llen(f"rq:queue:{queue}") == 0)  # type: ignore[misc]
        crew.kill(name)
    told = answer(redis_client, "stuck")
    assert told["code"] == "stuck"
    assert told["command"] == "pantry-console workers launch --no-burst --queue one"
    told = answer(redis_client, "lost")
    assert (told["code"], told["severity"]) == ("lost", "critical")
    found = findings(redis_client)
    assert found["stuck-jobs"]["evidence"][0] == "stuck."
    assert found["lost-jobs"]["evidence"] == ["lost (queued)."]


def test_jobs_that_workers_cannot_run(redis_client: Redis, crew: Crew) -> None:
    def queue(name: str, **options: object) -> Queue:
        return Queue(name, connection=redis_client, **options)  # type: ignore[arg-type]

    crew.stock("json", "json", serializer=JSONSerializer)
    crew.stock("plain", "plain")
    garbage = queue("strict").enqueue("operator.add", 1, 2, job_id="garbage")
    garbage.timeout = "soon"  # RQ writes it as it is told
    garbage.save()
    crew.ours("strict", "strict", allow=["nothing."])
    queue("json").enqueue("operator.add", 1, 2, job_id="pickled")
    queue("plain", serializer=JSONSerializer).enqueue("operator.add", 1, 2, job_id="jsoned")
    queue("plain").enqueue("nowhere.at.all", job_id="import")
    queue("plain").enqueue("time.sleep", 30, job_timeout=1, job_id="slow")
    queue("plain").enqueue(f"{CHORES}.crash", job_id="killed")
    queue("plain").enqueue("os._exit", 3, job_id="died")
    queue("plain").enqueue("operator.truediv", 1, 0, job_id="wrong")
    queue("plain").enqueue(f"{CHORES}.sleep", 0.0, job_id="fine", result_ttl=600)
    queue("plain").enqueue("operator.add", 1, 2, job_id="canceled").cancel()
    queue("plain").enqueue("operator.truediv", 1, 0, job_id="again", retry=Retry(max=3, interval=600))
    queue("strict").enqueue("operator.add", 1, 2, job_id="refused")
    crew.ended("pickled", "jsoned", "import", "slow", "killed", "died", "wrong", "fine", "refused")
    ended = ("pickled", "jsoned", "import", "slow", "killed", "died", "wrong")
    assert {job_id: answer(redis_client, job_id)["code"] for job_id in ended} == {
        "pickled": "failed-serializer",
        "jsoned": "failed-serializer",
        "import": "failed-not-importable",
        "slow": "failed-timeout",
        "killed": "failed-killed",
        "died": "failed-died",
        "wrong": "failed",
    }
    told = answer(redis_client, "import")
    assert (told["action"], told["command"]) == ("jobs.requeue", "pantry-console jobs requeue import")
    codes = {job_id: answer(redis_client, job_id)["code"] for job_id in ("fine", "canceled", "refused")}
    assert codes == {"fine": "finished", "canceled": "canceled", "refused": "failed-not-allowed"}
    until(lambda: answer(redis_client, "again")["code"] == "retry-waiting")
    until(lambda: redis_client.zcard("pantry:quarantine") == 1)
    told = answer(redis_client, "garbage")
    assert told["code"] == "quarantine"
    assert "cannot be read" in told["evidence"][0]

    found = findings(redis_client)
    assert "nowhere.at.all." in found["not-importable"]["evidence"]
    assert found["not-importable"]["action"] == "jobs.requeue"
    assert set(found["serializer"]["selection"]["ids"]) == {"pickled", "jsoned"}
    assert found["quarantine"]["severity"] == "warning"
    # What comes next is judged by what became of those before.
    for name, job_id, func in (("json", "next-1", "operator.add"), ("plain", "next-2", "nowhere.at.all")):
        crew.kill(name)
        queue(name).enqueue(func, 1, 2, job_id=job_id)
    assert checks(redis_client, "next-1")["serializer"]["mark"] == "warning"
    assert checks(redis_client, "next-2")["importable"]["mark"] == "warning"


def test_workers_of_other_versions_and_clocks(redis_client: Redis, crew: Crew) -> None:
    def older() -> None:
        import rq.worker.base

        rq.worker.base.VERSION = "2.6.1"

    def ahead() -> None:
        import rq.utils

        class Clock(datetime.datetime):
            """Five minutes ahead."""

            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
                return datetime.datetime.now(tz) + datetime.timedelta(seconds=300)

        parts = {name: getattr(datetime, name) for name in ("timedelta", "timezone", "date")}
        rq.utils.datetime = SimpleNamespace(datetime=Clock, **parts)  # type: ignore[assignment]

    crew.stock("new", "q", scheduler=True)
    for name, change in (("old", older), ("ahead", ahead)):
        crew.stock(name, name, before=change)
    Queue("ahead", connection=redis_client).enqueue("operator.add", 1, 2, job_id="of-tomorrow")
    crew.ended("of-tomorrow")
    found = findings(redis_client)
    assert "2.6.1, 3.0.0" in found["versions"]["says"]
    assert found["versions"]["severity"] == "warning"
    assert found["clock-of-workers"]["subject"] == "ahead"
    assert 290 < float(found["clock-of-workers"]["evidence"][0].split("+")[1].split(" ")[0]) < 310
    parent = Queue("nobody", connection=redis_client).enqueue("operator.add", 1, 2)
    Queue("nobody", connection=redis_client).enqueue("operator.add", 1, 2, depends_on=parent, job_id="child")
    assert findings(redis_client)["versions"]["severity"] == "critical", "workers before 2.8 fail what others deferred"
    told = checks(redis_client, "child")["versions"]["finding"]
    assert "Those before 2.8 fail deferred jobs" in told["evidence"][0]

    # A scheduler that holds the lock of its queue and does nothing.
    crew.freeze("new")
    early = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=300)
    Queue("q", connection=redis_client).enqueue_at(early, "operator.add", 1, 2, job_id="late")
    told = answer(redis_client, "late")
    assert (told["code"], told["severity"]) == ("overdue", "critical")
    assert told["evidence"][0].startswith("Scheduler ")
    found = findings(redis_client)["overdue"]
    assert (found["subject"], found["selection"]["ids"]) == ("q", ["late"])
