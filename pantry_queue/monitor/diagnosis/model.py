"""What a diagnosis says: findings, checks with their marks, and what was looked at. Frozen, with no Redis in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pantry_queue.text import SafeText

Severity = Literal["critical", "warning", "info", "ok"]
#: `fine` (+), the `cause` (x), a `warning` (!), and `unknown` (-): not asked, or it does not apply.
Mark = Literal["fine", "cause", "warning", "unknown"]

#: The worst first.
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info", "ok")
MARKS: dict[Mark, str] = {"fine": "+", "cause": "x", "warning": "!", "unknown": "-"}


@dataclass(frozen=True, slots=True)
class Act:
    """What would put a finding right, as data: an action of `control.actions.ACTIONS` and what to select for it.

    Attributes:
        name: `<noun>.<verb>`; empty when no action does it.
        ids: jobs or workers as Redis holds them (`wire.name_of`).
        states, queues: as `control.plan.Selection` takes them.
    """

    name: str = ""
    ids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look at what a finding speaks of.

    Attributes:
        kind: `job`, `queue` or `worker` by name, or one of the views `workers`, `failures`, `schedule`; empty: nowhere.
        name: as Redis holds it (`wire.name_of`).
        state: the list (`monitor.model.STATES`) of the queue's jobs.
    """

    kind: Literal["", "job", "queue", "worker", "workers", "failures", "schedule"] = ""
    name: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: stable, for scripts.
        subject: what it is about: a job, a queue, a worker, or Redis.
        says: one sentence.
        evidence: sentences with figures.
        remedy: what to do, a sentence; empty when nothing has to be done.
        command: a command line that does it; empty when there is none.
        act: the same as an action of the table.
        place: where to look at it.
    """

    severity: Severity
    code: str
    subject: SafeText
    says: SafeText
    evidence: tuple[SafeText, ...] = ()
    remedy: SafeText = SafeText("")
    command: SafeText = SafeText("")
    act: Act = field(default_factory=Act)
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its mark, what was seen in a few words, and the finding where there is one."""

    code: str
    mark: Mark
    says: SafeText
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a job is where it is.

    Attributes:
        state, queue, func: of the job, as far as they are known.
        position, waiting: its place in its queue (0 is next) and how many wait there; None when it does not wait.
        answer: the deciding finding.
        checks: all that was looked at, in the order it decides.
        at: the server's time.
        took_ms: milliseconds the reading took.
    """

    job_id: SafeText
    state: SafeText
    queue: SafeText
    func: SafeText
    position: int | None
    waiting: int | None
    answer: Finding
    checks: tuple[Check, ...]
    at: datetime
    took_ms: float


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of something was looked at; `total` is None when it is not known, `note` says what was left out."""

    what: str
    looked: int
    total: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """The health of a deployment: findings, the worst first, and what they rest on.

    Attributes:
        checks: all that was judged, what is well too; each finding belongs to one of them.
    """

    findings: tuple[Finding, ...]
    covered: tuple[Covered, ...]
    at: datetime
    took_ms: float
    checks: tuple[Check, ...] = ()

    def worst(self) -> Severity:
        """The severity of the worst finding; `ok` when there is none."""
        return self.findings[0].severity if self.findings else "ok"
