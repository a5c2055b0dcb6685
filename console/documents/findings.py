"""Answers of `jobs why` and `doctor` as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.documents.values import iso

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Check, Examination, Explanation, Finding


def explanation_json(found: Explanation) -> dict[str, Any]:
    """The document of `jobs why --json`."""
    return {
        "id": found.job_id,
        "state": found.state or None,
        "queue": found.queue or None,
        "func": found.func or None,
        "position": found.position,
        "waiting": found.waiting,
        "answer": finding_json(found.answer),
        "checks": [_check_json(one) for one in found.checks],
        "at": iso(found.at),
        "took_ms": round(found.took_ms, 3),
    }


def _check_json(check: Check) -> dict[str, Any]:
    finding = finding_json(check.finding) if check.finding else None
    return {"code": check.code, "mark": check.mark, "says": check.says, "finding": finding}


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding; `action` is null where no action of the table does it."""
    act = finding.act
    return {
        "severity": finding.severity,
        "code": finding.code,
        "subject": finding.subject,
        "says": finding.says,
        "evidence": list(finding.evidence),
        "remedy": finding.remedy or None,
        "command": finding.command or None,
        "action": act.name or None,
        "selection": {"ids": list(act.ids), "states": list(act.states), "queues": list(act.queues)}
        if act.name
        else None,
    }


def examination_json(found: Examination) -> dict[str, Any]:
    """The document of `doctor --json`."""
    return {
        "at": iso(found.at),
        "took_ms": round(found.took_ms, 3),
        "worst": found.worst(),
        "findings": [finding_json(one) for one in found.findings],
        "checks": [_check_json(one) for one in found.checks],
        "covered": [
            {"what": one.what, "looked": one.looked, "total": one.total, "note": one.note or None}
            for one in found.covered
        ],
    }
