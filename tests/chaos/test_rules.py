"""Every rule of `jobs why` and of `doctor`, and the test that makes the real situation it tells of.

This table is what keeps a rule from being added, or losing its test, unnoticed. Those of `chaos/slow_situations.py`
take minutes, or another RQ, and run with `make chaos`; all others in every run. A situation is made by processes, by
calls of RQ and by settings of the server, and no test writes a key for it; what cannot be made so stands in `BY_HAND`.
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
_LIMITS = "cli/test_doctor.py::test_limits_that_are_passed"
_OLDER = "chaos/slow_situations.py::test_workers_and_clients_of_an_older_rq"

#: Where a test has to write a key or a clock -> why.
BY_HAND: dict[str, str] = {
    "clock-here": "one machine has one clock: the console's process is given another one",
    "clock-of-workers": "one machine has one clock: the worker's process is given another one",
    "new-failure": "the failure is real; the lock of a watcher that was killed is taken away, a minute before its end",
}

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
    "versions": _OLDER,
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
    "ghosts": _SILENCE,
    "grows": _FLOWS,
    "kept-for-ever": _KEPT,
    "large-payloads": _KEPT,
    "latency": "cli/test_doctor.py::test_a_server_that_is_far_away",
    "lost-jobs": _TAKEN,
    "memory": _SERVER,
    "new-failure": "cli/test_watch.py::test_told_once_by_one_watcher_and_handed_on",
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
    "unreadable": _OLDER,
    "unregistered": _TIME,
    "versions": _OLDER,
    "waits-in-vain": _OTHERS,
    "worker-deaf": _HELD,
    "worker-gone": _SILENCE,
    "worker-late": _SILENCE,
}
#: Commands of a client that change a key.
_CHANGES = set(
    "set setex hset hdel sadd srem zadd zrem lpush rpush lset lrem linsert rename xadd delete unlink".split()
)
_CHANGES |= set("expire pexpire expireat pexpireat persist incr restore copy".split())
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


def _body(test: str) -> ast.FunctionDef:
    file, _, name = test.partition("::")
    return next(one for one in ast.walk(_tree(ROOT / file)) if isinstance(one, ast.FunctionDef) and one.name == name)


@pytest.mark.parametrize("table", [WHY, DOCTOR])
def test_the_situation_is_made_there(table: dict[str, str]) -> None:
    for code, test in table.items():
        body = _body(test)
        told = {one.value for one in ast.walk(body) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        assert code in told or code.partition("-")[2] in told, f"{test} says nothing of {code}"


def test_no_situation_is_written_by_hand() -> None:
    assert BY_HAND.keys() <= WHY.keys() | DOCTOR.keys()
    for code, test in (*WHY.items(), *DOCTOR.items()):
        written = {
            f"{test} line {call.lineno}: {ast.unparse(call)}"
            for call in ast.walk(_body(test))
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in _CHANGES
            and ast.unparse(call.func.value) in ("redis_client", "client", "stage.redis")
        }
        assert code in BY_HAND or not written, written
