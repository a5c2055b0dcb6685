"""Every rule of `jobs why` and of `doctor`, and the test that makes the real situation it tells of.

This table is what keeps a rule from being added, or losing its test, unnoticed. Those of `chaos/slow_situations.py`
take minutes and run with `make chaos`; all others in every run.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from pantry_queue.monitor.alert_rules import CODES
from pantry_queue.monitor.diagnosis import running
from pantry_queue.monitor.diagnosis.checked import JUDGED

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT.parent / "pantry_queue" / "monitor" / "diagnosis"

_WAIT = "cli/test_diagnosis.py::test_jobs_that_nobody_takes"
_OTHERS = "cli/test_diagnosis.py::test_jobs_that_wait_for_other_jobs"
_TIME = "cli/test_diagnosis.py::test_jobs_that_wait_for_their_time"
_UNREADABLE = "cli/test_diagnosis.py::test_jobs_that_cannot_be_read_or_are_gone"
_HELD = "cli/test_workers_seen.py::test_jobs_and_the_workers_that_have_them"
_TAKEN = "cli/test_workers_seen.py::test_jobs_that_a_worker_takes_away"
_FAILED = "cli/test_workers_seen.py::test_jobs_that_workers_cannot_run"
_STRANGE = "cli/test_workers_seen.py::test_workers_of_other_versions_and_clocks"
_OUTAGE = "redis/task/test_breaker.py::test_an_outage_is_waited_for"
_TOKEN = "redis/task/test_breaker.py::test_a_refused_token_stops_all_at_once"
_SERVER = "cli/test_doctor.py::test_the_server"
_KEPT = "cli/test_doctor.py::test_jobs_and_what_is_kept"
_SILENCE = "chaos/slow_situations.py::test_two_minutes_of_silence"
_FLOWS = "chaos/slow_situations.py::test_flows_that_stand_still_grow_and_fail"
#: Limits are of one's own choosing; what passes them is made there.
_LIMITS = "unit/monitor/test_alarms.py"

#: What `jobs why` answers or warns of -> the test that makes it.
WHY: dict[str, str] = {
    "agent-refuses": _TOKEN,
    "agent-resting": _OUTAGE,
    "all-busy": _HELD,
    "canceled": _FAILED,
    "dependency-canceled": _OTHERS,
    "dependency-failed": _OTHERS,
    "dependency-finished": _OTHERS,
    "dependency-gone": _OTHERS,
    "dependency-waiting": _OTHERS,
    "due-later": _TIME,
    "expired": _UNREADABLE,
    "expires": _TIME,
    "failed": _FAILED,
    "failed-abandoned": _SILENCE,
    "failed-died": _FAILED,
    "failed-killed": _FAILED,
    "failed-not-allowed": _FAILED,
    "failed-not-importable": _FAILED,
    "failed-poison": "chaos/slow_situations.py::test_a_job_that_ends_its_workers",
    "failed-serializer": _FAILED,
    "failed-stuck": _SILENCE,
    "failed-timeout": _FAILED,
    "finished": _FAILED,
    "in-turn": _HELD,
    "lost": _TAKEN,
    "no-worker": _WAIT,
    "not-allowed": _HELD,
    "not-importable": _FAILED,
    "orphan": _SILENCE,
    "over-time": _HELD,
    "overdue": _STRANGE,
    "overdue-no-scheduler": _TIME,
    "paused": _HELD,
    "quarantine": _FAILED,
    "rate-limit": _OTHERS,
    "retry-waiting": _FAILED,
    "runs": _HELD,
    "serializer": _UNREADABLE,
    "stopped": _HELD,
    "stuck": _TAKEN,
    "suspended": _HELD,
    "unreadable": _UNREADABLE,
    "unregistered": _TIME,
    "versions": _STRANGE,
    "worker-deaf": _HELD,
    "worker-gone": _SILENCE,
    "worker-late": _SILENCE,
    "workers-silent": _HELD,
}

#: What `doctor` finds -> the test that makes it.
DOCTOR: dict[str, str] = {
    "age": _LIMITS,
    "breaker": _OUTAGE,
    "canceled-grows": "chaos/slow_situations.py::test_canceled_jobs_that_pile_up",
    "clock-here": "cli/test_doctor.py::test_a_clock_that_is_off",
    "clock-of-workers": _STRANGE,
    "cron-late": _SILENCE,
    "depth": _LIMITS,
    "evicts": _SERVER,
    "expire-before-run": _KEPT,
    "failure-rate": _LIMITS,
    "failures": _FLOWS,
    "ghosts": "cli/test_doctor.py::test_workers_that_are_gone",
    "grows": _FLOWS,
    "kept-for-ever": _KEPT,
    "large-payloads": _KEPT,
    "latency": "cli/test_doctor.py::test_a_server_that_is_far_away",
    "lost-jobs": _TAKEN,
    "memory": _SERVER,
    "new-failure": _LIMITS,
    "no-persistence": _SERVER,
    "no-scheduler": _TIME,
    "no-worker": "cli/test_doctor.py::test_workers_that_are_gone",
    "not-allowed": _HELD,
    "not-importable": _FAILED,
    "orphans": _SILENCE,
    "overdue": _STRANGE,
    "overdue-no-scheduler": _TIME,
    "pause-not-obeyed": _HELD,
    "paused": _HELD,
    "quarantine": _FAILED,
    "replica": "cli/test_doctor.py::test_a_replica_without_its_primary",
    "replication": "chaos/slow_situations.py::test_a_replica_that_does_not_follow",
    "save-failed": "cli/test_doctor.py::test_a_save_that_failed",
    "serializer": _FAILED,
    "slow-commands": _SERVER,
    "stalled": _FLOWS,
    "stuck-jobs": _TAKEN,
    "suspended": _HELD,
    "unreadable": _UNREADABLE,
    "unregistered": _TIME,
    "versions": _STRANGE,
    "worker-deaf": _HELD,
    "worker-gone": _SILENCE,
    "worker-late": _SILENCE,
}
#: Modules with the rules of `jobs why`.
_OF_WHY = ("agent", "gone", "placing", "running", "task", "waiting", "why")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _codes(path: Path) -> set[str]:
    """Codes of findings that are written out, also where one of two is chosen."""
    found: set[str] = set()
    for call in ast.walk(_tree(path)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("finding", "_finding"):
            code = call.args[1 if call.func.id == "finding" else 2]
            words = ast.walk(code) if isinstance(code, ast.IfExp) else [code]
            found |= {one.value for one in words if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def test_every_rule_of_why_has_its_situation() -> None:
    written = set().union(*(_codes(RULES / f"{name}.py") for name in _OF_WHY))
    made = {f"failed-{code}" for _, code, _, _ in running._CAUSES}
    made |= {f"dependency-{code}" for code in ("gone", "failed", "canceled", "waiting")}
    made |= {"worker-late", "worker-deaf", "overdue", "overdue-no-scheduler", "versions"}
    assert WHY.keys() == written | made


def test_every_rule_of_doctor_has_its_situation() -> None:
    assert {code for one in JUDGED for code in one.codes} == DOCTOR.keys()
    assert {*CODES} - {"redis-away"} <= DOCTOR.keys()


@pytest.mark.parametrize("table", [WHY, DOCTOR])
def test_the_situation_is_made_there(table: dict[str, str]) -> None:
    for code, test in table.items():
        file, _, name = test.partition("::")
        tree = _tree(ROOT / file)
        body = next((one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == name), tree)
        told = {one.value for one in ast.walk(body) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        assert name == "" or body is not tree, test
        assert code in told or code.partition("-")[2] in told, f"{test} says nothing of {code}"
