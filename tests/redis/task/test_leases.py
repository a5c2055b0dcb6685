"""Two runs over one receipt, as frozen workers, killed horses and second jobs make them."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

from rq import Retry

from pantry_queue.receipts.store import ReceiptStore
from tests.redis.task.agent import Reply, ScriptedAgent, receipt_answer, until
from tests.redis.task.stage import Stage


def test_a_frozen_worker_that_comes_back_late_overwrites_nothing(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    agent.script["/x.jpg"] = [Reply(body=receipt_answer(1, items=40), delay=1), Reply(body=receipt_answer(1, items=1))]
    frozen = stage.worker("stock-simple", "--burst")
    job = stage.enqueue(1, "/x.jpg")
    until(lambda: agent.calls, "the agent is asked")
    os.kill(frozen.pid, signal.SIGSTOP)
    # What a rescuer does with the job of a worker that is silent.
    stage.redis.rpush(f"rq:queue:{stage.settings.queue_name}", job.id)
    stage.burst("stock-simple")
    assert len(store.get(1).items) == 1
    read = store.get(1)
    os.kill(frozen.pid, signal.SIGCONT)
    assert frozen.wait(60) == 0, stage.log()
    assert [(run.fence, run.kind) for run in store.attempts(1)] == [(2, "completed"), (1, "overtaken")]
    assert store.get(1) == read


def test_a_second_job_comes_back_when_the_receipt_is_free(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    fence = store.mark_processing(1, image_path="/x.jpg", user_id=1, holder="another", seconds=600)
    job = stage.enqueue(1, "/x.jpg", retry=Retry(max=1, interval=[60]))
    stage.worker()
    until(lambda: stage.status(1) == "scheduled", "the job comes back later")
    assert (agent.calls, store.get(1).ocr_status) == ([], "processing")
    store.mark_failed(1, "no image", fence=fence)
    until(lambda: stage.status(1) == "finished", "the receipt is free")
    job.refresh()
    assert job.retries_left == 1, "waiting used up no try"
    assert [run.job_id for run in store.attempts(1)] == ["ocr-1", "another"]


def test_a_second_job_that_cannot_wait_long_enough_leaves_the_receipt_to_the_first(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore
) -> None:
    fence = store.mark_processing(1, image_path="/x.jpg", user_id=1, holder="another", seconds=600)
    job = stage.enqueue(1, "/x.jpg", job_timeout=5)
    stage.burst()  # ours has the task imported before the job's time runs
    assert "BeingRead: receipt 1: another job reads receipt 1" in stage.error(job)
    assert (agent.calls, store.get(1).ocr_status, store.attempts(1)[0].kind) == ([], "processing", "running")
    store.mark_pending(1, "agent away", fence=fence)
    assert store.get(1).ocr_status == "pending"


def test_a_rerun_of_the_same_order_asks_the_agent_only_when_the_image_has_changed(
    stage: Stage, agent: ScriptedAgent, store: ReceiptStore, tmp_path: Path
) -> None:
    image = tmp_path / "x.jpg"
    image.write_bytes(b"before")
    known = {"engine": "reader 1", "image_sha256": hashlib.sha256(b"before").hexdigest()}
    agent.script[str(image)] = [Reply(body=receipt_answer(1, items=number) | known) for number in (2, 3, 4)]
    job = stage.enqueue(1, str(image))
    as_queued = stage.redis.dump(job.key)

    def run_again(*, end_recorded: bool) -> None:
        """Without its end recorded: the worker died after it had stored the result, and a rescuer put the job back."""
        if not end_recorded:
            stage.redis.delete(f"rq:results:{job.id}")
        stage.redis.restore(job.key, 0, as_queued, replace=True)
        stage.redis.rpush(f"rq:queue:{stage.settings.queue_name}", job.id)
        until(lambda: stage.status(1) == "finished", "the job has run again")

    stage.worker("stock-simple")
    until(lambda: stage.status(1) == "finished", "the job has run")
    first = job.return_value()
    run_again(end_recorded=False)
    assert (len(agent.calls), job.return_value(refresh=True)["result"]) == (1, first["result"])
    run_again(end_recorded=True)
    assert (len(agent.calls), len(store.get(1).items)) == (2, 3), "what is asked for anew is read anew"
    image.write_bytes(b"after")
    run_again(end_recorded=False)
    assert (len(agent.calls), len(store.get(1).items)) == (3, 4), "another image is another work"
    result = store.newest_result(1)
    assert result is not None
    assert (result.engine, result.image_sha) == tuple(known.values())
