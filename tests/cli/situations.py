"""What `jobs why --json` and `doctor --json` say, without the cost of a command line."""

from __future__ import annotations

import json
from typing import Any

from redis import Redis

from console.documents.findings import examination_json, explanation_json
from pantry_queue.keys import Keys
from pantry_queue.monitor import diagnosis


def explained(client: Redis, job_id: str) -> dict[str, Any]:
    """All that is said of a job."""
    found = diagnosis.why(client, Keys(), job_id)
    assert found is not None, f"{job_id} is known"
    document: dict[str, Any] = json.loads(json.dumps(explanation_json(found)))
    return document


def answer(client: Redis, job_id: str) -> dict[str, Any]:
    """Why a job is where it is."""
    found: dict[str, Any] = explained(client, job_id)["answer"]
    return found


def checks(client: Redis, job_id: str) -> dict[str, dict[str, Any]]:
    """All that was looked at for a job, by code."""
    return {one["code"]: one for one in explained(client, job_id)["checks"]}


def findings(client: Redis, **options: Any) -> dict[str, dict[str, Any]]:
    """What the doctor finds, by code; of several of one code the last."""
    found = json.loads(json.dumps(examination_json(diagnosis.examine(client, Keys(), **options))))
    return {one["code"]: one for one in found["findings"]}
