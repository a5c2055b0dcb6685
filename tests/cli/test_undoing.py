"""What was done can be undone and is told: `undo`, `trash` and `audit`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from redis import Redis

from pantry_queue.config import Settings

from .conftest import Cli


def test_undo_trash_and_audit(cli: Cli, failed: Redis) -> None:
    cli("failures", "clear", "--yes", "--reason", "old", "--as", "anna")
    (operation,) = cli("trash", "list", "--json").json()
    assert (operation["action"], operation["jobs"], operation["reason"]) == ("all.clear-failures", 7, "old")
    assert operation["size"] > 0
    jobs = cli("trash", "show", operation["operation"], "--json").json()
    assert {"id": "emails-0", "state": "failed", "queue": "emails"} in jobs
    assert operation["operation"] in cli("trash", "list").out
    undone = cli("undo", "--json")
    assert (undone.code, undone.json()["done"]) == (0, 7)
    assert failed.zcard("rq:failed:emails") == 5
    assert cli("undo").code == 3
    entries = cli("audit", "--json").json()
    assert [(entry["action"], entry["event"]) for entry in entries] == [
        ("all.clear-failures", "intent"),
        ("all.clear-failures", "outcome"),
        ("trash.undo", "intent"),
        ("trash.undo", "outcome"),
    ]
    assert (entries[0]["via"], entries[0]["facts"]["alias"], entries[0]["facts"]["reason"]) == ("cli", "anna", "old")
    assert entries[1]["facts"]["done"] == "7"
    assert "all.clear-failures" in cli("audit").out
    cli("jobs", "delete", "emails-0", "--yes")
    refused = cli("trash", "empty")
    assert (refused.code, "1 job of operation" in refused.err) == (4, True)
    assert cli("trash", "empty", "--yes").code == 0
    assert cli("trash", "list", "--json").json() == []
    assert cli("trash", "show", "nonsense").code == 3


def test_audit_follow_tells_what_is_added(cli: Cli, failed: Redis, settings: Settings) -> None:
    following = subprocess.Popen(
        [sys.executable, "-m", "console", "audit", "--follow", "--jsonl"],
        env=os.environ | {"PANTRY_REDIS_URL": str(settings.redis_url)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert following.stdout
    cli("jobs", "requeue", "emails-0")
    first = json.loads(following.stdout.readline())
    assert (first["action"], first["event"]) == ("jobs.requeue", "intent")
    following.send_signal(2)
    assert following.wait(20) == 0
