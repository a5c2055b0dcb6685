"""The rows of the table of actions; `actions.py` makes the table of them and tells what the columns mean."""

from __future__ import annotations

from typing import Literal, NamedTuple

Noun = Literal["jobs", "queues", "workers", "alerts", "all", "trash"]
#: What undo has to put back; empty where nothing can be.
Undo = Literal["", "delete", "cancel", "requeue", "move", "reschedule", "copy"]

#: States of jobs that have ended, by RQ's names.
ENDED = ("failed", "stopped", "finished", "canceled")
#: States of jobs that have not started yet.
WAITING = ("queued", "scheduled", "deferred", "ready_to_enqueue", "rate_limited", "created")


class Row(NamedTuple):
    """The fields of `actions.Action` that are not derived."""

    verb: str
    states: tuple[str, ...]
    key: str
    what: str
    done: str
    loses: str = ""
    undo: Undo = ""
    undo_says: str = ""
    asks: bool = False
    options: tuple[str, ...] = ()
    script: str = ""
    drains: bool = False


_UNTIL_STARTED = "while the jobs have not started"
_FROM_TRASH = "from the trash, until it expires"

TABLE: dict[Noun, tuple[Row, ...]] = {
    "jobs": (
        Row(
            "enqueue",
            (),
            "I",
            "Enqueue a new job by the path of its function, which need not be on this machine.",
            "enqueued",
        ),
        Row(
            "requeue",
            ENDED,
            "R",
            "Put jobs that have ended back on their queue, with all retries; their data stays until they have run.",
            "requeued",
            "They run again: what they did outside of the queue they do again.",
            "requeue",
            _UNTIL_STARTED,
            options=("at_front", "to"),
            script="requeue",
            drains=True,
        ),
        Row(
            "retry-now",
            ("scheduled",),
            "R",
            "Put failed jobs that wait for their next try on their queue now.",
            "enqueued",
            "",
            "requeue",
            _UNTIL_STARTED,
            options=("at_front", "to"),
            script="requeue",
        ),
        Row(
            "enqueue-now",
            ("deferred", "scheduled", "ready_to_enqueue"),
            "E",
            "Put deferred or scheduled jobs on their queue now; they do not run again when what they waited for ends.",
            "enqueued",
            "A deferred job runs without the results it was to wait for.",
            "requeue",
            _UNTIL_STARTED,
            options=("at_front", "to"),
            script="requeue",
            drains=True,
        ),
        Row(
            "cancel",
            WAITING,
            "C",
            "Cancel jobs that have not started.",
            "canceled",
            "Jobs that wait for them go on waiting, unless they are let go; that is not undone.",
            "cancel",
            "until they are requeued or deleted",
            asks=True,
            options=("dependents", "parents"),
            script="cancel",
            drains=True,
        ),
        Row(
            "delete",
            (*ENDED, *WAITING),
            "D",
            "Delete jobs with their results, into the trash.",
            "deleted",
            "Jobs that wait for them go on waiting, unless they are deleted too.",
            "delete",
            _FROM_TRASH,
            asks=True,
            options=("dependents",),
            script="delete",
            drains=True,
        ),
        Row(
            "stop",
            ("started",),
            "K",
            "Tell the workers of running jobs to stop them; they end as stopped and are not retried.",
            "told to stop",
            "What a job has done so far; SimpleWorkers do not listen.",
            asks=True,
        ),
        Row(
            "move",
            ("queued", "scheduled", "deferred"),
            "M",
            "Move jobs that wait to another queue, or to the front or back of their own.",
            "moved",
            "",
            "move",
            _UNTIL_STARTED,
            options=("at_front", "to"),
            script="move",
        ),
        Row(
            "reschedule",
            ("scheduled",),
            "T",
            "Let scheduled jobs run at another time.",
            "rescheduled",
            "",
            "reschedule",
            "until they are due",
            options=("due",),
            script="reschedule",
        ),
        Row(
            "copy",
            (*ENDED, *WAITING, "started"),
            "Y",
            "Enqueue copies as new jobs, with other arguments if wanted; the originals stay as they are.",
            "copied",
            "The copies do what the originals did outside of the queue again.",
            "copy",
            _UNTIL_STARTED,
            options=("at_front", "to", "call"),
            script="requeue",
        ),
        Row(
            "rescue",
            ("started",),
            "R",
            "Put jobs whose worker is gone back on their queue.",
            "requeued",
            "They run again: what they had done outside of the queue they do again.",
            options=("at_front", "to"),
            script="requeue",
        ),
        Row(
            "fail",
            ("started",),
            "F",
            "Mark jobs whose worker is gone as failed, without running their callbacks.",
            "marked failed",
            asks=True,
            script="fail",
        ),
    ),
    "queues": (
        Row(
            "empty",
            ("queued",),
            "X",
            "Delete all jobs that wait in a queue, into the trash.",
            "deleted",
            "Jobs that wait for them go on waiting.",
            "delete",
            _FROM_TRASH,
            asks=True,
            script="delete",
            drains=True,
        ),
        Row(
            "delete",
            ("queued",),
            "D",
            "Empty a queue into the trash and forget its name; its failed, finished and other jobs stay.",
            "deleted",
            "A worker or an enqueue makes it known again.",
            "delete",
            _FROM_TRASH,
            asks=True,
            script="delete",
            drains=True,
        ),
        Row(
            "pause",
            (),
            "P",
            "PantryWorkers take nothing from a queue until it is resumed; RQ's own workers do not know of it.",
            "paused",
            options=("seconds",),
        ),
        Row("resume", (), "P", "PantryWorkers take jobs from a paused queue again.", "resumed"),
    ),
    "workers": (
        Row(
            "shutdown",
            (),
            "S",
            "Tell workers on any machine to end once the job in hand has ended; they take no other.",
            "told to end",
            "What has started them may start them again.",
            asks=True,
        ),
        Row(
            "forget",
            (),
            "D",
            "Take workers whose record is gone out of RQ's lists of workers.",
            "forgotten",
            "A worker that still lives registers itself again at its next start.",
        ),
    ),
    "alerts": (
        Row(
            "acknowledge",
            (),
            "O",
            "Answer for an alert for a while: everybody sees who does, and `watch` is quiet about it.",
            "acknowledged",
            options=("seconds",),
        ),
        Row("unacknowledge", (), "O", "Take an acknowledgement back: the alert is told again.", "told again"),
    ),
    "all": (
        Row(
            "suspend",
            (),
            "Z",
            "Workers take no more jobs until resumed; running jobs go on, and each idle RQ worker takes one more.",
            "suspended",
            "",
            options=("seconds",),
            asks=True,
        ),
        Row("resume", (), "Z", "Let all workers take jobs again.", "resumed"),
        Row(
            "clear-failures",
            ("failed", "stopped"),
            "X",
            "Delete all failed and stopped jobs, into the trash.",
            "deleted",
            "Jobs that wait for them go on waiting.",
            "delete",
            _FROM_TRASH,
            asks=True,
            script="delete",
            drains=True,
        ),
    ),
    "trash": (
        Row(
            "undo", (), "u", "Bring back what an operation deleted or changed, as far as it has not moved on.", "undone"
        ),
        Row(
            "empty",
            (),
            "X",
            "Delete what is in the trash for good.",
            "deleted for good",
            "What is in it cannot be brought back.",
            asks=True,
        ),
    ),
}
