"""A result that was stored is used again by the rerun of its order, and the runs over a receipt are told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from sqlite3 import connect

import pytest
from rq import Callback, Retry

from pantry_queue.config import Settings
from tests.cli.conftest import Cli
from tests.cli.inside import cli
from tests.redis.api.conftest import Api, picture, running
from tests.redis.task.agent import Reply, ScriptedAgent, receipt_answer
from tests.redis.task.stage import Stage

__all__ = ["cli"]


@pytest.fixture
def api(settings: Settings, database_url: str, tmp_path: Path) -> Iterator[Api]:
    """The API over the store that the workers of the stage use."""
    with running(replace(settings, database_url=database_url, receipts_dir=str(tmp_path / "uploads"))) as api:
        yield api


def test_a_result_is_used_again_when_its_worker_died_before_it_could_tell(
    api: Api, stage: Stage, agent: ScriptedAgent, cli: Cli, database_url: str, tmp_path: Path
) -> None:
    receipt_id = api.upload(picture()).json()["id"]
    (path,) = map(str, api.kept())
    known = {"engine": "reader 1", "image_sha256": hashlib.sha256(picture()).hexdigest()}
    newer = known | {"engine": "reader 2"}
    agent.script[path] = [
        Reply(500, {"error_code": "internal"}),
        Reply(body=receipt_answer(receipt_id, items=1) | known),
        Reply(body=receipt_answer(receipt_id, items=2) | known),
        Reply(body=receipt_answer(receipt_id, items=3) | newer),
    ]
    dies = Callback("tests.redis.worker.chores.die_after_the_first_success")
    job = stage.enqueue(receipt_id, path, retry=Retry(max=2), on_success=dies)
    stage.burst()
    assert job.get_meta() == {"died": True}
    assert stage.status(receipt_id) == "finished"
    assert len(agent.calls) == 2, "what the process that died had stored is not read again"
    assert job.return_value()["result"]["items"] == 1

    def shown() -> tuple[int, list[str], list[tuple[str, str]]]:
        """Items, outcomes of the runs, and the results that are remembered by image and engine."""
        body = api.http.get(f"/receipts/{receipt_id}").json()
        with connect(api.store.where) as database:
            kept = database.execute("SELECT image_sha, engine FROM ocr_results ORDER BY fence").fetchall()
        return len(body["items"]), [run["kind"] for run in body["attempts"]], kept

    first = (known["image_sha256"], "reader 1")
    assert shown() == (1, ["completed", "agent_down"], [first])
    requeued = cli("jobs", "requeue", job.id, "--yes")
    assert requeued.code == 0
    stage.burst()
    assert shown() == (2, ["completed", "completed", "agent_down"], [first]), "read anew, kept in the place of the old"
    cli("jobs", "requeue", job.id, "--yes")
    stage.burst()
    assert shown() == (3, ["completed"] * 3 + ["agent_down"], [first, (newer["image_sha256"], "reader 2")])

    runs = api.http.get(f"/receipts/{receipt_id}").json()["attempts"]
    assert [(run["run"], run["job_id"]) for run in runs] == [(number, job.id) for number in (4, 3, 2, 1)]
    assert "(500 internal)" in runs[3]["message"]
    assert all(run["started_at"] <= run["ended_at"] for run in runs)
    told = cli("jobs", "show", job.id, "--json", DATABASE_URL=database_url).json()["attempts"]
    assert [(run["run"], run["kind"], run["message"]) for run in told] == [
        (run["run"], run["kind"], run["message"]) for run in runs
    ]
    assert "agent_down" in cli("jobs", "show", job.id, DATABASE_URL=database_url).out
    nowhere = tmp_path / "no" / "store.db"
    assert cli("jobs", "show", job.id, "--json", DATABASE_URL=f"sqlite:///{nowhere}").json()["attempts"] is None
    assert not nowhere.parent.exists(), "who looks makes nothing"
