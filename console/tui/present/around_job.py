"""Pure: what lies around a job: its log and progress, the jobs it waits for and that wait for it, its keys in Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.jobs import function_name, job_key
from console.tui.present.states import look
from console.tui.present.words import age, amount, count, size
from pantry_queue.monitor.joblog import Progress

if TYPE_CHECKING:
    from console.tui.present.job import Lines
    from pantry_queue.monitor.model import JobNode
    from pantry_queue.monitor.raw import RawJob

TREE_COLUMNS = (
    Column("JOB", 20, most=60),
    Column("STATE", 10, most=16, rank=1),
    Column("QUEUE", 6, most=16, rank=3),
    Column("FUNCTION", 10, most=40, rank=2),
)
#: Between the number of a row among those of one job and the job's id.
_NUMBER_END = "\x00"
_BAR = 20


def log_lines(lines: Sequence[str], *, running: bool) -> Lines:
    """What a job wrote."""
    if lines:
        return [(Cell(line),) for line in lines]
    said = "it has written nothing yet" if running else "nothing is kept of what it wrote"
    return [(Cell(f"{said}: only a PantryWorker keeps it, for a day", "muted"),)]


def progress_chips(progress: Progress) -> list[Chip]:
    """How far it says it is; where there is little room, the share alone."""
    message = [chip(progress.message, "muted", rank=3)] if progress.message else []
    if not progress.total or progress.total <= 0:
        return [chip(f"{progress.done:g} done", "started"), *message]
    share = min(1.0, max(0.0, progress.done / progress.total))
    filled = round(share * _BAR)
    return [
        Chip((Cell("█" * filled, "started"), Cell("░" * (_BAR - filled), "faint")), 4),
        chip(f"{share * 100:.0f} %", "started"),
        chip(f"{progress.done:g} of {progress.total:g}", "muted", rank=3),
        *message,
    ]


def tree_rows(above: JobNode, below: JobNode) -> tuple[Row, ...]:
    """Jobs it waits for, the job itself, jobs that wait for it; a row's key is that of its job, see `key_of`."""
    found = [*_branch(above.children, "", "waits for ", above.more), _row(below, "", "this job ")]
    found += _branch(below.children, "", "waited for by ", below.more)
    times: Counter[str] = Counter()
    rows = []
    for row in found:
        # By how often it was met above and not by its place, so that the cursor stays with its job.
        rows.append(Row(f"{times[row.key]}{_NUMBER_END}{row.key}", row.cells))
        times[row.key] += 1
    return tuple(rows)


def key_of(row_key: str) -> str:
    """The job of a row of the tree; empty where the row is none."""
    return row_key.partition(_NUMBER_END)[2]


def _branch(children: Sequence[JobNode], indent: str, word: str, more: int) -> Iterator[Row]:
    for place, child in enumerate(children):
        last = place == len(children) - 1 and not more
        yield _row(child, f"{indent}{'└─' if last else '├─'} ", word)
        yield from _branch(child.children, f"{indent}{'   ' if last else '│  '}", "", child.more)
    if more:
        yield Row("", (Cell(f"{indent}└─ and {amount(more, 'more job', 'more jobs')}", "faint"),))


def _row(node: JobNode, indent: str, word: str) -> Row:
    row = node.row
    it = look(row.state)
    state = "gone" if row.expired else f"{it.glyph} {row.state}"
    name = f"{indent}{row.id}{' (again)' if node.loop else ''}"
    func = function_name(row.func) or row.description
    tone = "strong" if word == "this job " else ""
    return Row(job_key(row), (Cell(name, tone), Cell(state, it.tone), Cell(row.queue, "muted"), Cell(func)))


def raw_lines(raw: RawJob | None) -> Lines:
    """Keys and fields as they lie in Redis."""
    if raw is None:
        return [(Cell("there is no such key any more", "muted"),)]
    kept = f"goes in {age(raw.expires_in)}" if raw.expires_in is not None else "stays until it is deleted"
    lines: Lines = [
        (Cell(raw.key, "strong"), Cell(f"  {size(raw.memory)}, {kept}" if raw.memory else f"  {kept}", "muted")),
        (),
    ]
    width = max((len(one.name) for one in raw.fields), default=0) + 2
    for one in raw.fields:
        amount_ = Cell(f"{count(one.size):>9}  ", "faint")
        lines.append((Cell(f"{one.name:<{width}}", "key"), amount_, Cell(one.value)))
    if raw.unknown:
        lines.append((Cell(f"and {amount(raw.unknown, 'field')} that RQ does not know", "warning"),))
    lines += [()] if raw.beside else []
    for key, number, what in raw.beside:
        lines.append((Cell(key, "strong"), Cell(f"  {what}: {count(number)}", "muted")))
    return lines
