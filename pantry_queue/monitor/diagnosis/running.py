"""Rules about jobs that run, or have ended. Pure: facts -> a check, or None where it does not apply."""

from __future__ import annotations

import shlex

from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Act, Check, Finding, Place, Severity
from pantry_queue.monitor.diagnosis.placing import rescuer
from pantry_queue.monitor.diagnosis.words import check, counted, finding, lasting
from pantry_queue.monitor.model import WorkerStat
from pantry_queue.monitor.wire import name_of

#: What a last line of a traceback tells about the cause: (words in it, code, sentence, remedy).
_CAUSES = (
    (
        ("not_allowed",),
        "not-allowed",
        "The worker refused it: it may not run this task.",
        "Name the task in WORKER_ALLOWED_TASKS of the workers, then requeue it.",
    ),
    (
        ("poison",),
        "poison",
        "It ended its workers again and again, and was given up.",
        "Look for what ends the process (memory, a crash in C code) before it is requeued.",
    ),
    (
        ("signal 9",),
        "killed",
        "Its process was killed, as the system does when memory runs out.",
        "Look at the memory of the worker's machine, then requeue it.",
    ),
    (("Work-horse",), "died", "Its process ended without a word.", "Look at the worker's log, then requeue it."),
    (
        ("AbandonedJob", "Moved to FailedJobRegistry"),
        "abandoned",
        "Its worker was gone, and RQ gave the job up.",
        "Requeue it; jobs with retries, and those of PantryWorkers, run again by themselves.",
    ),
    (
        ("stuck in intermediate",),
        "stuck",
        "A worker took it and died before it started; RQ gave the job up.",
        "Requeue it: it never ran.",
    ),
    (
        ("JobTimeoutException", "maximum timeout"),
        "timeout",
        "It ran for longer than it may.",
        "Give it more time, or make it shorter, then requeue it.",
    ),
    (
        ("ModuleNotFoundError", "ImportError", "Invalid attribute name"),
        "not-importable",
        "The worker could not import its function.",
        "Install the module where the workers run, start them again, then requeue it.",
    ),
    (
        ("DeserializationError", "UnpicklingError"),
        "serializer",
        "The worker could not read its call: another serializer wrote it.",
        "Enqueue and work with the same serializer.",
    ),
)


def runs(facts: JobFacts) -> Check | None:
    """A job that runs: on which worker, and whether that lives."""
    if facts.state != "started":
        return None
    worker, score = _worker(facts), facts.places.get("started")
    name = worker.name if worker else (facts.detail.row.worker or "an unknown worker")
    if score is not None and score < facts.now.timestamp():
        return _orphan(facts, name, facts.now.timestamp() - score)
    if worker is not None and worker.verdict in ("late", "deaf"):
        return _silent(facts, worker, score)
    if worker is None or worker.verdict in ("dead", "ghost") or not _holds(worker, facts):
        return _gone(facts, worker, name, score)
    return _fine(facts, worker)


def _ran(facts: JobFacts) -> float | None:
    started = facts.detail.row.started_at
    return (facts.now - started).total_seconds() if started else None


def _fine(facts: JobFacts, worker: WorkerStat) -> Check:
    ran, limit = _ran(facts), facts.detail.timeout
    so_long = f" for {lasting(ran)}" if ran is not None else ""
    over = ran is not None and limit is not None and 0 < limit < ran
    found = finding(
        "warning" if over else "ok",
        "over-time" if over else "runs",
        facts.detail.row.id,
        f"The job runs{so_long} on {worker.name}" + (f", of {lasting(limit)} it may." if limit and limit > 0 else "."),
        f"{worker.evidence}.",
        remedy="Stop it if it should have ended." if over else "",
        command=f"pantry-console jobs stop {shlex.quote(facts.raw_id)}" if over else "",
        act=Act("jobs.stop", ids=(facts.raw_id,)) if over else None,
        place=Place("worker", name_of(worker.raw_name)),
    )
    return check("runs", "cause", f"runs on {worker.name}", found)


def _silent(facts: JobFacts, worker: WorkerStat, score: float | None) -> Check:
    words = "late" if worker.verdict == "late" else "deaf: it hears no commands"
    found = finding(
        "warning",
        f"worker-{worker.verdict}",
        facts.detail.row.id,
        f"The job runs on {worker.name}, which is {words}.",
        f"{worker.evidence}.",
        _rescued(facts, score),
        remedy="Look whether the worker's process still lives.",
        command=f"pantry-console workers show {shlex.quote(str(worker.name))}",
        place=Place("worker", name_of(worker.raw_name)),
    )
    return check("runs", "cause", f"its worker is {worker.verdict}", found)


def _gone(facts: JobFacts, worker: WorkerStat | None, name: str, score: float | None) -> Check:
    found = finding(
        "critical",
        "worker-gone",
        facts.detail.row.id,
        f"The worker that ran the job is gone: {name}.",
        f"{worker.evidence}." if worker else "RQ knows no worker of this name.",
        _rescued(facts, score),
        remedy="Wait until it is rescued; before its time is over it cannot be told from a job that runs.",
    )
    return check("runs", "cause", "its worker is gone", found)


def _worker(facts: JobFacts) -> WorkerStat | None:
    named = {run.worker for run in facts.detail.executions} | {facts.detail.row.worker}
    found = [worker for worker in facts.snapshot.workers if _holds(worker, facts)]
    found += [worker for worker in facts.snapshot.workers if worker.name in named]
    return found[0] if found else None


def _holds(worker: WorkerStat, facts: JobFacts) -> bool:
    return facts.detail.row.id in worker.job_ids


def _orphan(facts: JobFacts, name: str, since: float) -> Check:
    command = f"pantry-console jobs rescue {shlex.quote(facts.raw_id)}"
    found = finding(
        "critical",
        "orphan",
        facts.detail.row.id,
        f"The job is an orphan: its worker ({name}) has not been heard of, and its time was over {lasting(since)} ago.",
        _rescued(facts, None),
        remedy="Put it back on its queue.",
        command=command,
        act=Act("jobs.rescue", ids=(facts.raw_id,)),
    )
    return check("runs", "cause", "its worker is gone", found)


def _rescued(facts: JobFacts, score: float | None) -> str:
    """When, and by whom."""
    left = max(0.0, score - facts.now.timestamp()) if score is not None else 0.0
    over = f"Its time is over {f'in {lasting(left)}' if left else 'now'}"
    if ours := rescuer(facts):
        return f"{over}; then {ours} puts it back within seconds."
    stock = next((one for one in facts.listeners if one.verdict in ("alive", "busy")), None)
    if stock is None:
        return f"{over}; no worker of its queue is alive to rescue it (any PantryWorker would)."
    return (
        f"{over}; then {stock.name}, a stock worker of its queue, fails or retries it at its next maintenance, "
        "within 10 min (a PantryWorker would put it back within seconds)."
    )


def ended(facts: JobFacts) -> Check | None:
    """A job that has ended: how, and why."""
    row, state = facts.detail.row, facts.state
    if state not in ("failed", "stopped", "canceled", "finished"):
        return None
    ago = f" {lasting((facts.now - row.ended_at).total_seconds())} ago" if row.ended_at else ""
    by = f" on {row.worker}" if row.worker else ""
    if state == "finished":
        found = _finding(facts, "ok", "finished", f"The job finished{ago}{by}.", "")
    elif state == "canceled":
        found = _finding(facts, "info", "canceled", "The job was canceled and will not run.", "Requeue it to run it.")
    elif state == "stopped":
        found = _finding(facts, "info", "stopped", f"The job was stopped by command{ago}{by}.", "Requeue it to run it.")
    else:
        found = _failed(facts, ago, by)
    return check("ended", "cause", f"it is {state}", found)


def _failed(facts: JobFacts, ago: str, by: str) -> Finding:
    error = str(facts.detail.traceback[-1]) if facts.detail.traceback else ""
    for words, code, sentence, remedy in _CAUSES:
        if any(word in error for word in words):
            return _finding(facts, "warning", f"failed-{code}", f"The job failed{ago}{by}. {sentence}", remedy)
    told = f": {error}" if error else ", and no error is kept"
    return _finding(facts, "warning", "failed", f"The job failed{ago}{by}{told}", "Mend the cause, then requeue it.")


def _finding(facts: JobFacts, severity: Severity, code: str, says: str, remedy: str) -> Finding:
    detail = facts.detail
    evidence = [f"It ended with: {detail.traceback[-1]}"] if detail.traceback and severity == "warning" else []
    if len(detail.results) > 1:
        evidence.append(f"It has ended {counted(len(detail.results), 'time')}.")
    if severity == "warning":
        evidence.append(
            "No retries are left." if not detail.retries_left else f"{detail.retries_left} retries are left."
        )
    if detail.expires_in is not None:
        evidence.append(f"Its data is kept for {lasting(detail.expires_in)} more.")
    again = f"pantry-console jobs requeue {shlex.quote(facts.raw_id)}"
    return finding(
        severity,
        code,
        detail.row.id,
        says,
        *evidence,
        remedy=remedy,
        command=again if remedy else "",
        act=Act("jobs.requeue", ids=(facts.raw_id,)) if remedy else None,
    )
