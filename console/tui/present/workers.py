"""Pure: workers -> rows, and what is known about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.jobs import arguments, function_name
from console.tui.present.words import age, count, moment, seconds_between, took
from pantry_queue.monitor.model import JobRow, Snapshot, WorkerStat

COLUMNS = (
    Column("WORKER", 14, most=40),
    Column("STATE", 9, most=11),
    Column("QUEUES", 10, most=40, rank=3),
    Column("RUNS", 10, most=40, rank=1, turn=10),
    Column("FOR", 6, align="right", rank=3),
    Column("BEAT", 6, align="right", rank=2),
    Column("DONE", 5, most=9, align="right", rank=4),
    Column("FAILED", 6, most=9, align="right", rank=4),
    Column("BUSY", 5, align="right", rank=6),
    Column("UP", 6, align="right", rank=5),
    Column("HOST", 8, most=24, rank=7),
    Column("PID", 7, align="right", rank=8),
    Column("RQ", 6, rank=9),
    Column("NOTE", 10, most=60, rank=3, grow=1),
)
#: Without the note: where no worker is in trouble.
_NO_NOTE = COLUMNS[:-1]
#: Beside what needs the operator, which says the same as the note, and where running jobs are not asked about.
SHORT_COLUMNS = tuple(column for column in _NO_NOTE if column.label != "FOR")
_WELL = ("alive", "busy")
_LOOKS: dict[str, tuple[str, str]] = {
    "alive": ("✓ idle", "muted"),
    "busy": ("▸ busy", "started"),
    "late": ("! late", "warning"),
    "deaf": ("! deaf", "warning"),
    "dead": ("✗ dead", "failed"),
    "ghost": ("✗ gone", "muted"),
}


def columns(snapshot: Snapshot) -> tuple[Column, ...]:
    """The columns of the list: a note only where there is something to note."""
    trouble = any(worker.verdict not in _WELL for worker in snapshot.workers)
    return COLUMNS if trouble else _NO_NOTE


def worker_key(worker: WorkerStat) -> str:
    """The name Redis knows the worker by."""
    return worker.raw_name.decode("utf-8", "surrogateescape") if worker.raw_name else worker.name


def state_cell(worker: WorkerStat) -> Cell:
    """How a worker is."""
    text, tone = _LOOKS[worker.verdict]
    if worker.verdict == "alive" and worker.state == "suspended":
        return Cell("⊘ suspended", "waiting")
    return Cell(text, tone)


#: Jobs that run, by their ids.
Running = Mapping[str, JobRow]


def worker_rows(snapshot: Snapshot, columns: Sequence[Column], running: Running | None = None) -> tuple[Row, ...]:
    """One row a worker, the ones in trouble marked.

    Args:
        columns: those that are shown.
        running: what is known of the jobs they run.
    """
    shown = [COLUMNS.index(column) for column in columns]
    rows = (_row(worker, snapshot, running or {}) for worker in snapshot.workers)
    return tuple(Row(row.key, tuple(row.cells[place] for place in shown)) for row in rows)


def _row(worker: WorkerStat, snapshot: Snapshot, running: Running) -> Row:
    job = running.get(worker.job_ids[0]) if worker.job_ids else None
    ran = seconds_between(job.started_at, snapshot.taken_at) if job is not None else None
    trouble = worker.verdict not in _WELL
    up = seconds_between(worker.birth_at, snapshot.taken_at)
    busy = worker.working_seconds / up if up else None
    return Row(
        worker_key(worker),
        (
            Cell(worker.name, "strong"),
            state_cell(worker),
            Cell(", ".join(worker.queues), "muted"),
            Cell(_runs(worker, job), "" if worker.job_ids else "faint"),
            Cell(age(ran), "started" if ran is not None else "faint"),
            Cell(age(worker.heartbeat_age), "warning" if worker.verdict == "late" else "muted"),
            Cell(count(worker.successful), "finished" if worker.successful else "faint"),
            Cell(count(worker.failed) if worker.failed else "-", "failed" if worker.failed else "faint"),
            Cell("-" if busy is None else f"{min(busy, 1):.0%}", "muted"),
            Cell(age(up), "muted"),
            Cell(worker.hostname, "muted"),
            Cell("-" if worker.pid is None else str(worker.pid), "muted"),
            Cell(worker.rq_version, "muted"),
            Cell(worker.evidence if trouble else "", "warning" if trouble else ""),
        ),
    )


def _runs(worker: WorkerStat, job: JobRow | None) -> str:
    if not worker.job_ids:
        return "-"
    more = len(worker.job_ids) - 1
    named = f"{function_name(job.func)}({arguments(job)})" if job is not None and job.func else worker.job_ids[0]
    return named + (f" +{more}" if more else "")


def verdict_lines(worker: WorkerStat, snapshot: Snapshot, running: Running | None = None) -> list[tuple[Cell, ...]]:
    """What is known about one worker, for the pane below the list."""
    now = snapshot.taken_at
    verdict = state_cell(worker)
    lines: list[tuple[Cell, ...]] = [(verdict, Cell("  "), Cell(worker.evidence))]
    if worker.shutdown_requested_at is not None:
        asked = f"asked to shut down at {moment(worker.shutdown_requested_at, now)}"
        lines.append((Cell(asked, "warning"),))
    facts = (
        ("host", worker.hostname),
        # Over a unix socket the server names the socket, which is no address.
        ("address", "" if "/" in worker.ip_address else worker.ip_address),
        ("pid", "" if worker.pid is None else str(worker.pid)),
        ("rq", worker.rq_version),
        ("pantry", worker.pantry),
        ("python", worker.python_version.split(" ")[0]),
        ("since", moment(worker.birth_at, now)),
        ("worked for", took(worker.working_seconds)),
    )
    line: list[Cell] = []
    for name, value in facts:
        if value and value != "-":
            line += [Cell(f"{name} ", "muted"), Cell(value + "   ")]
    lines.append(tuple(line))
    lines.append((Cell("queues ", "muted"), Cell(", ".join(worker.queues) or "-")))
    paused = [queue.name for queue in snapshot.queues if queue.paused and queue.name in worker.queues]
    if paused and not worker.pantry:
        goes_on = f"a stock RQ worker, which goes on taking from what is paused: {', '.join(paused)}"
        lines.append((Cell(goes_on, "warning"),))
    if worker.pantry:
        lines.append((Cell("tasks ", "muted"), Cell(", ".join(worker.allowed) or "-")))
    lines += _runs_lines(worker, running or {}, now) or [(Cell("runs ", "muted"), Cell("-"))]
    return lines


def _runs_lines(worker: WorkerStat, running: Running, now: datetime) -> list[tuple[Cell, ...]]:
    lines: list[tuple[Cell, ...]] = []
    for job_id in worker.job_ids:
        job = running.get(job_id)
        since = f"  for {age(seconds_between(job.started_at, now))}" if job is not None and job.started_at else ""
        called = f"  {job.description or job.func}" if job is not None else ""
        lines.append((Cell("runs ", "muted"), Cell(job_id), Cell(called, "strong"), Cell(since, "started")))
    return lines


def summary(snapshot: Snapshot) -> str:
    """`14 workers: 8 busy, 5 idle, 1 late`."""
    words = {"busy": "busy", "alive": "idle", "late": "late", "deaf": "deaf", "dead": "dead", "ghost": "gone"}
    counted = {name: sum(1 for worker in snapshot.workers if worker.verdict == name) for name in words}
    parts = [f"{number} {words[name]}" for name, number in counted.items() if number]
    total = len(snapshot.workers)
    return f"{total} {'worker' if total == 1 else 'workers'}" + (f": {', '.join(parts)}" if parts else "")
