"""The known faults of an RQ deployment, F1 to F32: which test makes each one, or why none does here.

This table is what keeps a fault from losing its test when tests are moved or renamed.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_RESCUE = "redis/worker/test_rescue.py::test_it_is_put_back_once_not_failed_and_told"
_STORM = "chaos/test_storm.py::test_every_job_is_in_one_final_place_and_saved_once"

#: Fault -> (what happens, tests that make it); no tests: what is said instead is why.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "F1": ("parent and horse killed", (_RESCUE, _STORM)),
    "F2": ("only the parent killed", ("redis/worker/test_horses.py::test_the_parents_death_takes_it_along", _STORM)),
    "F3": (
        "only the horse killed",
        ("redis/worker/test_horses.py::test_a_crash_costs_that_job_and_its_last_words_are_kept", _STORM),
    ),
    "F4": ("killed between taking and registering", (_RESCUE, _STORM)),
    "F5": (
        "frozen while it is handed a job",
        (_STORM, "redis/worker/test_outages.py::test_a_frozen_worker_finds_out_that_its_job_went_to_another"),
    ),
    "F6": (
        "killed while it holds the lock of maintenance",
        ("redis/worker/test_rescue.py::test_one_looks_at_a_time_and_a_dead_holder_is_followed",),
    ),
    "F7": (
        "a job that cannot be read",
        ("redis/worker/test_damage.py::test_every_kind_is_set_aside_by_the_same_worker_which_goes_on",),
    ),
    "F8": (
        "SIGTERM to parent and horse",
        (
            "redis/worker/test_worker.py::test_a_signal_lets_the_running_job_end",
            "redis/worker/test_worker.py::test_workers_stopped_again_and_again_lose_no_job",
        ),
    ),
    "F9": ("Redis comes back empty", ("redis/worker/test_outages.py::test_emptied_while_a_job_runs",)),
    "F10": ("Redis killed, with its append-only file", (_STORM,)),
    "F11": ("Redis away over the end of a job", ("redis/worker/test_outages.py::test_away_over_the_end_of_a_job",)),
    "F12": ("Redis paused", (_STORM,)),
    "F13": (
        "the reply to an enqueue lost",
        (
            "redis/client/test_faults.py::test_a_lost_reply_to_enqueue_enqueues_once",
            "redis/control/test_new_job.py::test_it_is_enqueued_once_when_the_reply_is_lost",
        ),
    ),
    "F14": ("the reply to taking a job lost", (_RESCUE,)),
    "F15": (
        "the reply to the end of a job lost: it is recorded once",
        ("redis/worker/test_outages.py::test_away_over_the_end_of_a_job",),
    ),
    "F16": ("a retry that is written down but scheduled nowhere", (_RESCUE,)),
    "F17": (
        "out of memory, nothing evicted",
        ("redis/worker/test_outages.py::test_out_of_memory_over_the_end_of_a_job",),
    ),
    "F18": ("jobs evicted", ("redis/test_embedded.py::test_it_keeps_what_it_was_given_and_never_evicts",)),
    "F19": (
        "the data of a job expired while its id waits",
        ("redis/monitor/test_snapshot.py::test_counts_tell_live_expired_abandoned_and_overdue_apart",),
    ),
    "F20": (
        "a job that waits takes over the time to live of its end",
        ("redis/control/test_same_as_rq.py::test_requeue_and_enqueue_now",),
    ),
    "F21": (
        "one long call that empties a queue blocks everybody: ours goes in chunks",
        ("redis/control/test_engine.py::test_it_is_stopped_between_chunks_and_running_it_again_does_the_rest",),
    ),
    "F22": (
        "a connection that decodes",
        ("redis/client/test_faults.py::test_a_connection_of_the_callers_own_is_used_unless_it_decodes",),
    ),
    "F23": ("a clock that is off", ("cli/test_doctor.py::test_a_clock_that_is_off",)),
    "F24": (
        "a job that runs out of time",
        (
            "redis/worker/test_horses.py::test_a_job_can_be_stopped_its_horse_killed_and_its_time_run_out",
            "redis/task/test_patience.py::test_a_job_that_runs_out_of_time_leaves_no_receipt_in_processing",
        ),
    ),
    "F25": (
        "a job runs twice at once",
        ("redis/task/test_patience.py::test_two_jobs_for_one_receipt_at_once_leave_one_result",),
    ),
    "F26": (
        "the holder of the scheduler's lock killed",
        ("redis/engines/test_sentinel.py::test_a_failover_in_the_middle_of_it_all",),
    ),
    "F27": (
        "a retry waits and nobody schedules",
        (
            "redis/worker/test_worker.py::test_retries_with_intervals_are_brought_back_by_its_scheduler",
            "redis/monitor/test_schedule.py::test_missed_runs_and_a_silent_scheduler",
        ),
    ),
    "F28": ("RQ keeps the last failure only; a stock worker writes it, so there is nothing of ours to try", ()),
    "F29": (
        "an id that is enqueued again",
        ("redis/client/test_new.py::test_what_waits_or_comes_twice_is_not_told_again",),
    ),
    "F30": (
        "deleted or canceled while it runs",
        ("redis/worker/test_outages.py::test_a_job_deleted_while_it_runs_stays_deleted",),
    ),
    "F31": ("results without an end: time to live is the enqueuing service's choice, doctor reports it", ()),
    "F32": (
        "a payload that is too large",
        ("redis/client/test_faults.py::test_what_cannot_be_a_job_is_refused_in_one_sentence",),
    ),
}


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("fault", FAULTS)
def test_what_makes_it_is_there(fault: str) -> None:
    for test in FAULTS[fault][1]:
        file, _, name = test.partition("::")
        assert name in _tests_of(file), test


def test_every_fault_is_listed() -> None:
    assert list(FAULTS) == [f"F{number}" for number in range(1, 33)]
