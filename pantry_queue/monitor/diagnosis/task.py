"""Rules about what a job calls and how it is stored; nothing is imported and nothing unpickled. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pantry_queue.monitor.diagnosis.facts import JobFacts
from pantry_queue.monitor.diagnosis.model import Check
from pantry_queue.monitor.diagnosis.words import check, counted, finding

_NEVER = re.compile(r"<locals>|<lambda>|^__main__\.")
#: What the last line of a traceback holds when a worker could not import a function, or not read a call.
IMPORT_ERRORS = ("ModuleNotFoundError", "ImportError", "Invalid attribute name")
READ_ERRORS = ("DeserializationError", "UnpicklingError", "JSONDecodeError", "UnicodeDecodeError")
#: The first version of RQ that writes times of creation as scores of deferred jobs (`rq.registry`).
_SCORES_CHANGED = (2, 8)


def importable(facts: JobFacts) -> Check:
    """Its function has a path that a worker can import, as far as that can be told without importing."""
    func = facts.detail.payload.func
    said = [
        row for row in facts.recent if row.func == func and any(word in (row.error or "") for word in IMPORT_ERRORS)
    ]
    if not _NEVER.search(func) and not said:
        return check("importable", "unknown", f"whether workers can import {func or 'it'} is not tried here")
    reason = (
        f"Of the newest jobs that ended in its queue {len(said)} of the same function failed so: {said[0].error}"
        if said
        else f"{func} exists only in the process that enqueued it."
    )
    found = finding(
        "warning",
        "not-importable",
        facts.detail.row.id,
        f"Workers cannot import {func}.",
        reason,
        remedy="Install the module where the workers run, and start them again.",
    )
    return check("importable", "warning", f"workers cannot import {func}", found)


def names(prefixes: Sequence[str], func: str) -> bool:
    """Whether WORKER_ALLOWED_TASKS names a task: a prefix that ends in a dot, the task itself, or what it lies in."""
    return "*" in prefixes or any(
        func.startswith(one) if one.endswith(".") else func == one or func.startswith(f"{one}.") for one in prefixes
    )


def allowed(facts: JobFacts) -> Check | None:
    """The PantryWorkers of its queue run its function; where there are none, those with our settings would."""
    func = facts.detail.payload.func
    ours = [worker for worker in facts.listeners if worker.pantry]
    if not func or not (ours or facts.allowed is not None):
        return None
    if not ours:
        return _allowed_here(facts, func, facts.allowed or ())
    refusing = [worker for worker in ours if not names(worker.allowed, func)]
    if not refusing:
        return check("allowed", "fine", f"the PantryWorkers of its queue run {func}")
    some = len(refusing) < len(facts.listeners)
    who = f"{len(refusing)} of the {counted(len(facts.listeners), 'worker')} of queue {facts.detail.row.queue}"
    found = finding(
        "warning" if some else "critical",
        "not-allowed",
        facts.detail.row.id,
        f"{who} do not run {func}: the job fails with not_allowed when one of them takes it.",
        *(f"{worker.name} runs {', '.join(worker.allowed) or 'nothing'}." for worker in refusing[:5]),
        remedy="Name the task in WORKER_ALLOWED_TASKS of these workers, and start them again.",
    )
    return check("allowed", "warning", f"workers of its queue do not run {func}", found)


def _allowed_here(facts: JobFacts, func: str, prefixes: Sequence[str]) -> Check:
    if names(prefixes, func):
        return check("allowed", "fine", f"{func} is allowed by WORKER_ALLOWED_TASKS here")
    found = finding(
        "warning",
        "not-allowed",
        facts.detail.row.id,
        f"PantryWorkers with the settings of this machine do not run {func}: the job would fail with not_allowed.",
        f"WORKER_ALLOWED_TASKS is {', '.join(prefixes)}; stock workers do not know of it.",
        remedy="Name the task in WORKER_ALLOWED_TASKS of the workers, and start them again.",
    )
    return check("allowed", "warning", f"{func} is not allowed by WORKER_ALLOWED_TASKS here", found)


def serializer(facts: JobFacts) -> Check:
    """Its call is stored in a form that the workers of its queue read."""
    form = facts.detail.payload.format
    said = [row for row in facts.recent if any(word in (row.error or "") for word in READ_ERRORS)]
    if form != "unknown" and not said:
        return check("serializer", "fine", f"its call is stored as {form}")
    reason = f"{said[0].id} of the same queue ended so: {said[0].error}" if said else "It is neither pickle nor JSON."
    found = finding(
        "critical" if form == "unknown" else "warning",
        "serializer",
        facts.detail.row.id,
        f"Its call is stored as {form}, which workers of its queue may not read.",
        reason,
        remedy="Enqueue and work with the same serializer.",
    )
    return check("serializer", "warning", "the serializer may not fit", found)


def versions(facts: JobFacts) -> Check:
    """The workers are of one RQ."""
    found = sorted({worker.rq_version for worker in facts.snapshot.workers if worker.rq_version})
    if len({one.split(".")[0] for one in found}) < 2 and not harmful(found):
        return check("versions", "fine" if found else "unknown", f"workers run RQ {', '.join(found) or '(unknown)'}")
    told = finding(
        "warning",
        "versions",
        facts.detail.row.id,
        f"Workers of different versions of RQ work here: {', '.join(found)}.",
        *(["Those before 2.8 fail deferred jobs of the others at their maintenance."] if harmful(found) else []),
        remedy="Let all workers run the same version.",
    )
    return check("versions", "warning", f"workers run RQ {', '.join(found)}", told)


def harmful(found: Sequence[str]) -> bool:
    """Whether maintenance of one of these versions of RQ fails deferred jobs of another.

    RQ before 2.8 takes the time of creation, which 2.8 on writes as the score of a deferred job, for its expiry.
    """
    numbers = [tuple(int(part) for part in one.split(".")[:2] if part.isdigit()) for one in found]
    known = [one for one in numbers if len(one) == 2]
    return any(one < _SCORES_CHANGED for one in known) and any(one >= _SCORES_CHANGED for one in known)
