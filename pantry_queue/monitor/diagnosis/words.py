"""How a diagnosis words durations and numbers, and makes its values safe. Pure."""

from __future__ import annotations

from pantry_queue.monitor.diagnosis.model import Act, Check, Finding, Mark, Place, Severity
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import SafeText, safe


def lasting(seconds: float) -> str:
    """A duration in its two largest units."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def counted(number: int, noun: str = "job") -> str:
    """`1 job`, `31 jobs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def said(text: str) -> SafeText:
    """A sentence of ours with foreign names in it, which are safe already or become so."""
    return safe(raw_of(text), None)


def finding(
    severity: Severity,
    code: str,
    subject: str,
    says: str,
    *evidence: str,
    remedy: str = "",
    command: str = "",
    act: Act | None = None,
    place: Place | None = None,
) -> Finding:
    """A finding out of plain sentences."""
    return Finding(
        severity,
        code,
        said(subject),
        said(says),
        tuple(map(said, evidence)),
        said(remedy),
        said(command),
        act or Act(),
        place or Place(),
    )


def check(code: str, mark: Mark, says: str, found: Finding | None = None) -> Check:
    """A check out of a few words."""
    return Check(code, mark, said(says), found)
