"""A long outage of the agent: a real one that fails, is given a rest, is asked by one job, and recovers."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from redis import Redis
from rq import Queue, Retry, SimpleWorker

from pantry_queue.receipts.store import ReceiptStore
from tests.cli.conftest import Cli
from tests.cli.inside import cli
from tests.redis.task.agent import Reply, ScriptedAgent, until
from tests.redis.task.stage import Stage

__all__ = ["cli"]

KEY = "pantry:breaker:agent"
BROKEN, REFUSING = Reply(500, {"error_code": "internal"}), Reply(401, {})


@pytest.fixture
def work(stage: Stage, agent: ScriptedAgent, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A stock worker in this process runs all that waits."""
    monkeypatch.setenv("AGENT_URL", agent.url)
    monkeypatch.setenv("DATABASE_URL", database_url)
    queue = Queue(stage.settings.queue_name, connection=stage.redis)
    return lambda: SimpleWorker([queue], connection=stage.redis).work(burst=True) and None


def tries(client: Redis, receipt_id: int) -> tuple[int, int, str]:
    """What is left of a job's own retries, how often it came back besides, and its state."""
    left, rounds, status = client.hmget(f"rq:job:ocr-{receipt_id}", "retries_left", "number_of_retries", "status")
    return int(-1 if left is None else left), int(rounds or 0), (status or b"").decode()


def rest_is_over(client: Redis) -> None:
    """A minute later."""
    client.hset(KEY, "until", time.time() - 1)


def again(cli: Cli, *receipt_ids: int) -> None:
    """Their time has come."""
    assert cli("jobs", "enqueue-now", *(f"ocr-{number}" for number in receipt_ids), "--yes").code == 0


def test_an_outage_is_waited_for(
    work: Callable[[], None], stage: Stage, agent: ScriptedAgent, store: ReceiptStore, cli: Cli
) -> None:
    for number in range(1, 9):
        agent.script[f"/{number}.jpg"] = [Reply(500, delay=1.5) if number == 6 else BROKEN, Reply()][number > 6 :]
        stage.enqueue(number, f"/{number}.jpg", retry=Retry(max=3, interval=[600]))
    work()
    assert len(agent.calls) == 5, "the fifth fault opens it"
    assert [tries(stage.redis, number) for number in (1, 4)] == [(2, 0, "scheduled")] * 2
    assert [tries(stage.redis, number) for number in (5, 6, 8)] == [(3, 1, "scheduled")] * 3, "no try was used up"
    waits = stage.redis.zscore(f"rq:scheduled:{stage.settings.queue_name}", "ocr-8")
    assert waits is not None
    assert 30 < waits - time.time() <= 70, "it comes back when the rest is over"
    assert [store.attempts(number)[0].kind for number in (1, 5)] == ["agent_down"] * 2
    assert store.get(5).ocr_status == "pending"
    assert 0 < stage.redis.ttl(KEY) <= 660

    told = cli("status", "--json").json()["breaker"]
    assert (told["state"], told["rests"], told["refused"]) == ("open", 1, False)
    assert "(500 internal)" in told["why"]
    assert "!! agent: does not answer (since " in cli("status").out
    assert "pantry_agent_resting 1.0\n" in cli("metrics").out
    (finding,) = [one for one in cli("doctor", "--json").json()["findings"] if one["code"] == "breaker"]
    assert finding["severity"] == "critical"
    assert "(500 internal)" in finding["evidence"][0]
    assert "One job asks it again in" in finding["evidence"][1]
    assert "AGENT_URL" in finding["remedy"]
    assert cli("jobs", "why", "ocr-8", "--json").json()["answer"]["code"] == "agent-resting"
    assert cli("jobs", "why", "ocr-1", "--json").json()["answer"]["code"] == "retry-waiting"

    rest_is_over(stage.redis)
    again(cli, 6)
    prober = stage.worker("ours", "--burst")
    until(lambda: agent.calls_for("/6.jpg"), "one job asks")
    again(cli, 5, 7, 8)
    work()
    assert len(agent.calls) == 6, "the others wait for how that goes"
    assert cli("status", "--json").json()["breaker"]["state"] == "half-open"
    assert prober.wait(60) == 0, stage.log()
    assert tries(stage.redis, 6) == (3, 1, "scheduled"), "the probe that fails uses up no try either"
    assert cli("status", "--json").json()["breaker"]["rests"] == 2
    rest_is_over(stage.redis)
    again(cli, 6, 5, 7, 8, 1, 2, 3, 4)
    work()
    assert [tries(stage.redis, number)[2] for number in range(1, 9)] == ["finished"] * 8
    assert not stage.redis.exists(KEY)
    assert store.counts()["completed"] == 8
    assert not [one for one in cli("doctor", "--json").json()["findings"] if one["code"] == "breaker"]


def test_a_refused_token_stops_all_at_once(
    work: Callable[[], None], stage: Stage, agent: ScriptedAgent, store: ReceiptStore, cli: Cli
) -> None:
    for number in (1, 2, 3):
        agent.script[f"/{number}.jpg"] = [REFUSING, Reply()]
        stage.enqueue(number, f"/{number}.jpg", retry=Retry(max=3, interval=[600]))
    work()
    assert (len(agent.calls), tries(stage.redis, 1)[2]) == (1, "failed"), "one alert, not a thousand failures"
    assert store.attempts(1)[0].kind == "config"
    assert [tries(stage.redis, number) for number in (2, 3)] == [(3, 1, "scheduled")] * 2
    assert cli("jobs", "why", "ocr-2", "--json").json()["answer"]["code"] == "agent-refuses"
    assert "agent: refuses our token" in cli("status").out
    rest_is_over(stage.redis)
    again(cli, 2)
    work()
    assert len(agent.calls) == 2
    assert tries(stage.redis, 2) == (3, 1, "scheduled"), "who looks whether it is mended does not fail"
    again(cli, 3)
    work()
    assert agent.calls_for("/3.jpg") == 0
    stage.enqueue(4, "/4.jpg", retry=Retry(max=1))
    work()
    assert tries(stage.redis, 4)[2] == "finished", "a job that cannot come back later asks in any case"
    assert not stage.redis.exists(KEY), "and what it hears counts for all"
    agent.script["/5.jpg"] = [Reply(415, {})]
    stage.enqueue(5, "/5.jpg")
    work()
    assert tries(stage.redis, 5)[2] == "failed"
    again_all = cli("jobs", "requeue", "--state", "failed", "--where", "error:errors.Agent", "--yes")
    assert (again_all.code, tries(stage.redis, 1)[2], tries(stage.redis, 5)[2]) == (0, "queued", "failed")


def test_faults_with_answers_between_are_no_outage(
    work: Callable[[], None], stage: Stage, agent: ScriptedAgent, cli: Cli
) -> None:
    for number in range(1, 13):
        agent.script[f"/{number}.jpg"] = [Reply(415, {}) if number % 4 == 0 else BROKEN]
        stage.enqueue(number, f"/{number}.jpg", retry=Retry(max=3, interval=[600]))
    work()
    assert len(agent.calls) == 12
    assert cli("status", "--json").json()["breaker"] is None
    stage.redis.set(KEY, "somebody else's")
    stage.enqueue(20, "/20.jpg", retry=Retry(max=3, interval=[600]))
    work()
    assert tries(stage.redis, 20)[2] == "finished", "a breaker that cannot be used holds nobody up"


def test_a_single_receipt_outlasts_an_outage_too(
    stage: Stage, work: Callable[[], None], agent: ScriptedAgent, store: ReceiptStore
) -> None:
    queue = Queue(stage.settings.queue_name, connection=stage.redis)
    stage.enqueue(1, "/1.jpg", retry=Retry(max=3, interval=[600]))
    agent.stop()

    def next_try() -> tuple[int, int, str]:
        stage.redis.zadd(f"rq:scheduled:{queue.name}", {"ocr-1": time.time() - 1}, xx=True)
        SimpleWorker([queue], connection=stage.redis).work(burst=True, with_scheduler=True)
        return tries(stage.redis, 1)

    assert [next_try()[0] for _ in range(3)] == [2, 1, 0]
    assert not stage.redis.hexists(KEY, "until"), "that alone may be a restart"
    stage.redis.hset(KEY, "away_since", time.time() - 61)  # RQ's own intervals are longer
    assert next_try() == (0, 1, "scheduled"), "its last try is not used up"
    rest_is_over(stage.redis)
    assert next_try() == (0, 2, "scheduled")
    assert store.get(1).ocr_status == "pending"
    agent.start()
    rest_is_over(stage.redis)
    assert next_try() == (0, 2, "finished")
    assert not stage.redis.exists(KEY)
