"""The table of actions, and what diagnoses advise, against the commands there are."""

from __future__ import annotations

import re
from pathlib import Path

from pantry_queue.control.actions import ACTIONS, applicable

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]


def test_every_job_action_of_the_table_is_a_verb(cli: Cli) -> None:
    shown = cli("jobs", "--help").out
    for action in applicable("jobs"):
        if action.name == "jobs.enqueue":  # done to no job there is
            assert action.what.split(",")[0] in cli("enqueue", "--help").out
            continue
        assert f" {action.verb} " in shown
        assert action.what.split(",")[0].split(" ")[0] in cli("jobs", action.verb, "--help").out
    assert {action.verb for action in applicable("queues")} <= set(cli("queues", "--help").out.split())


def test_what_the_table_says_is_typed_can_be_typed(cli: Cli) -> None:
    for action in ACTIONS.values():
        assert cli(*action.typed, "--help").code == 0, action.typed


def test_what_a_diagnosis_tells_to_type_can_be_typed(cli: Cli) -> None:
    sources = (Path(__file__).parents[2] / "pantry_queue" / "monitor").rglob("*.py")
    found = [re.findall(r"\"pantry-console ([a-z]+)(?: ([a-z-]+))?", source.read_text("utf-8")) for source in sources]
    told = {tuple(word for word in words if word and word[0] != "-") for some in found for words in some}
    assert ("workers", "stop") in told
    for words in told:
        assert cli(*words, "--help").code == 0, words


def test_the_table_tells_which_actions_ask() -> None:
    asking = {name for name, action in ACTIONS.items() if action.asks}
    assert {"jobs.delete", "jobs.cancel", "jobs.stop", "queues.empty", "queues.delete", "trash.empty"} <= asking
    for action in ACTIONS.values():
        assert action.asks or action.undo != "delete", f"{action.name} deletes and does not ask"


def test_read_only_refuses_everything_before_it_touches_redis(cli: Cli) -> None:
    nowhere = ("--url", "redis://127.0.0.1:1/0", "--read-only")
    commands = [["jobs", action.verb, "x", "--yes"] for action in applicable("jobs") if action.states]
    commands += [["enqueue", "a.b"]]
    commands += [["queues", action.verb, "x", "--yes"] for action in applicable("queues")]
    commands += [["failures", "clear", "--yes"], ["failures", "requeue"], ["failures", "delete", "--yes"]]
    commands += [["suspend", "--yes"], ["resume"], ["undo"], ["trash", "empty", "--yes"]]
    commands += [["workers", "forget", "x"], ["workers", "stop", "x", "--yes"]]
    for command in commands:
        extra = ["--in", "1h"] if "reschedule" in command else []
        done = cli(*nowhere, *command, *extra)
        assert (done.code, done.out) == (4, ""), command
        assert "read-only" in done.err
