"""Why a job is where it is, and whether a deployment is healthy: facts by reads alone, then pure rules."""

from __future__ import annotations

from pantry_queue.monitor.diagnosis.doctor import Step, examine, examining, judge
from pantry_queue.monitor.diagnosis.model import (
    MARKS,
    SEVERITIES,
    Act,
    Check,
    Covered,
    Examination,
    Explanation,
    Finding,
    Place,
)
from pantry_queue.monitor.diagnosis.why import why

__all__ = [
    "MARKS",
    "SEVERITIES",
    "Act",
    "Check",
    "Covered",
    "Examination",
    "Explanation",
    "Finding",
    "Place",
    "Step",
    "examine",
    "examining",
    "judge",
    "why",
]
