"""Pure: one job -> its way through time, its facts, and the texts that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from console.tui.present.cells import Cell, Chip, chip
from console.tui.present.jobs import function_name
from console.tui.present.states import look
from console.tui.present.traceback import error_lines, own_frames
from console.tui.present.values import laid_out
from console.tui.present.words import age, amount, clock, moment, seconds_between, span, took
from pantry_queue.monitor.model import Argument, JobDetail, JobResult, JobRow
from pantry_queue.text import SafeText

Lines = list[tuple[Cell, ...]]


class Tab(NamedTuple):
    """A text that belongs to a job."""

    name: str
    lines: Lines


#: Tabs whose texts are read only when they are looked at.
LOG, TREE, RAW = "Log", "Tree", "Raw"


def call(detail: JobDetail) -> list[Cell]:
    """The job as a call, as far as it can be read without running any of it."""
    payload = detail.payload
    func = payload.func or detail.row.func
    module = func[: len(func) - len(function_name(func))]
    cells = [Cell(module, "muted"), Cell(function_name(func) or "?", "strong"), Cell("(", "muted")]
    parts = [Cell(argument.value) for argument in payload.args]
    for place, part in enumerate(parts):
        cells += [Cell(", ", "muted")] if place else []
        cells.append(part)
    for place, argument in enumerate(payload.kwargs):
        cells += [Cell(", ", "muted")] if parts or place else []
        cells += [Cell(f"{argument.name}=", "muted"), Cell(argument.value)]
    return [*cells, Cell(")", "muted")]


def timeline(row: JobRow, now: datetime, *, timeout: int | None = None) -> list[Chip]:
    """What happened when, with the time between; the earliest pieces are left out first where there is no room."""
    chips: list[Chip] = []
    waited_from = row.enqueued_at or row.created_at
    if row.created_at is not None:
        chips.append(_step("created", row.created_at, now, rank=4))
    if row.enqueued_at is not None and (seconds_between(row.created_at, row.enqueued_at) or 0) >= 1:
        chips.append(_gap(seconds_between(row.created_at, row.enqueued_at), "", rank=5))
        chips.append(_step("enqueued", row.enqueued_at, now, rank=3))
    if row.started_at is not None and row.state not in ("queued", "scheduled", "deferred", "created"):
        chips.append(_gap(seconds_between(waited_from, row.started_at), "waiting", rank=2))
        chips.append(_step("started", row.started_at, now, rank=1))
    return [*chips, *_end(row, now, waited_from, timeout)]


def _end(row: JobRow, now: datetime, waited_from: datetime | None, timeout: int | None) -> list[Chip]:
    it = look(row.state)
    if row.state == "started":
        limit = f" of {span(timeout)}" if timeout and timeout > 0 else ""
        running = took(seconds_between(row.started_at, now))
        return [_arrow(2), chip(f"{it.glyph} running for {running}{limit}", it.tone)]
    if row.ended_at is not None and row.state in ("finished", "failed", "stopped", "canceled"):
        ran = seconds_between(row.started_at, row.ended_at)
        ago = f"  {age(seconds_between(row.ended_at, now))} ago"
        end = Chip((Cell(f"{it.glyph} {row.state} {moment(row.ended_at, now)}", it.tone), Cell(ago, "muted")))
        if row.started_at is None:
            return [_gap(None, "never ran", rank=1), end]
        return [_gap(ran, "running", rank=1), end]
    if row.state == "scheduled" and row.at is not None:
        left = (row.at - now).total_seconds()
        when = f"due in {age(left)}" if left >= 0 else f"overdue since {age(-left)}"
        return [_arrow(2), chip(f"{it.glyph} {when}, at {moment(row.at, now)}", it.tone)]
    waiting = age(seconds_between(waited_from, now))
    return [_arrow(2), chip(f"{it.glyph} {row.state} for {waiting}", it.tone)]


def _step(name: str, at: datetime, now: datetime, *, rank: int) -> Chip:
    return Chip((Cell(f"{name} ", "muted"), Cell(moment(at, now))), rank)


def _gap(seconds: float | None, doing: str, *, rank: int) -> Chip:
    text = " ".join(part for part in (took(seconds) if seconds is not None else "", doing) if part)
    return Chip((Cell("── ", "faint"), Cell(text, "muted"), Cell(" ──▸", "faint")), rank)


def _arrow(rank: int) -> Chip:
    return chip("──▸", "faint", rank=rank)


def facts(detail: JobDetail, now: datetime) -> Lines:
    """Name and value of what is known, one a line; what does not apply is left out."""
    row = detail.row
    retries = "" if detail.retries_left is None else amount(detail.retries_left, "left", "left")
    if detail.retry_intervals:
        retries += ", after " + ", ".join(span(seconds) for seconds in detail.retry_intervals[:6])
    position = "" if detail.position is None else "next" if detail.position == 0 else f"{detail.position:,} before it"
    known: list[tuple[str, str]] = [
        ("queue", row.queue),
        ("in the queue", position),
        ("worker", row.worker or ""),
        ("timeout", span(detail.timeout) if detail.timeout is not None else ""),
        ("retries", retries),
        ("repeats", "" if detail.repeats_left is None else amount(detail.repeats_left, "left", "left")),
        ("waits at most", span(detail.ttl) if detail.ttl is not None and detail.ttl > 0 else ""),
        ("result kept", span(detail.result_ttl, forever="for ever") if detail.result_ttl is not None else ""),
        ("failure kept", span(detail.failure_ttl, forever="for ever") if detail.failure_ttl is not None else ""),
        ("kept for", age(detail.expires_in) if detail.expires_in is not None else ""),
        ("group", detail.group or ""),
        ("created", moment(row.created_at, now)),
        ("enqueued", moment(row.enqueued_at, now)),
        ("started", moment(row.started_at, now)),
        ("ended", moment(row.ended_at, now)),
    ]
    lines: Lines = [(Cell(f"{name:<14}", "muted"), Cell(value)) for name, value in known if value and value != "-"]
    for name, ids in (("waits for", detail.depends_on), ("waited for by", detail.dependents)):
        for place, job_id in enumerate(ids[:8]):
            lines.append((Cell(f"{name if place == 0 else '':<14}", "muted"), Cell(job_id)))
        if len(ids) > 8:
            lines.append((Cell(" " * 14), Cell(f"and {len(ids) - 8:,} more", "muted")))
    return lines


def tabs(detail: JobDetail, now: datetime, *, with_facts: bool) -> list[Tab]:
    """The texts of a job; the first is the one an operator wants to see first.

    Args:
        detail: the job.
        now: the server's time.
        with_facts: whether the facts are one of them, for want of a place of their own.
    """
    found: list[Tab] = []
    if detail.traceback:
        found.append(Tab("Error", error_lines(detail.traceback)))
    if detail.result is not None:
        found.append(Tab("Result", _result(detail.result)))
    payload = Tab("Arguments", _payload(detail))
    found = [*found, payload] if detail.row.state in ("finished", "failed", "stopped") else [payload, *found]
    if with_facts:
        found.append(Tab("Facts", facts(detail, now)))
    if detail.meta:
        found.append(Tab(f"Meta {len(detail.meta)}", _arguments(detail.meta)))
    if detail.log or detail.row.state == "started":
        found.append(Tab(LOG, []))
    runs = [*_executions(detail, now), *(line for result in detail.results for line in _run(result, now))]
    if runs:
        found.append(Tab(f"Runs {len(detail.executions) + len(detail.results)}", runs))
    related = len(detail.depends_on) + len(detail.dependents)
    return [*found, *([Tab(f"{TREE} {related}", [])] if related else []), Tab(RAW, [])]


def _result(result: str) -> Lines:
    return [(Cell(line),) for line in laid_out(result)]


def _payload(detail: JobDetail) -> Lines:
    payload = detail.payload
    lines: Lines = [tuple(call(detail)), ()]
    if payload.args or payload.kwargs:
        numbered = [Argument(SafeText(f"{place + 1}"), argument.value) for place, argument in enumerate(payload.args)]
        lines += _arguments([*numbered, *payload.kwargs])
    else:
        lines.append((Cell("called with no arguments", "muted"),))
    lines.append(())
    lines.append((Cell(f"read from {payload.format} without running any of it", "faint"),))
    lines += [(Cell("! ", "warning"), Cell(note)) for note in payload.notes]
    if detail.row.description:
        lines.append((Cell("description  ", "faint"), Cell(detail.row.description, "muted")))
    return lines


def _arguments(items: Sequence[Argument]) -> Lines:
    width = min(24, max((len(item.name) for item in items), default=0)) + 2
    lines: Lines = []
    for item in items:
        for place, line in enumerate(laid_out(item.value)):
            lines.append((Cell(f"{item.name if place == 0 else '':<{width}}", "key"), Cell(line)))
    return lines


def _executions(detail: JobDetail, now: datetime) -> Lines:
    return [
        (
            Cell("▸ running  ", "started"),
            Cell(f"since {moment(run.created_at, now)}  "),
            Cell(f"on {run.worker or 'an unknown worker'}  ", "muted"),
            Cell(f"last heartbeat {age(seconds_between(run.last_heartbeat_at, now))} ago", "muted"),
        )
        for run in detail.executions
    ]


_KINDS = {
    "successful": ("✓", "finished"),
    "failed": ("✗", "failed"),
    "stopped": ("⊗", "stopped"),
    "retried": ("✗", "waiting"),
    "max_retries_exceeded": ("✗", "failed"),
}


def _run(result: JobResult, now: datetime) -> Lines:
    glyph, tone = _KINDS.get(result.kind, ("?", "warning"))
    lasted = took(seconds_between(result.started_at, result.ended_at))
    lines: Lines = [
        (
            Cell(f"{glyph} {result.kind.replace('_', ' ')}  ", tone),
            Cell(f"{moment(result.at, now)}  "),
            Cell(f"took {lasted}  " if lasted != "-" else "", "muted"),
            Cell(f"on {result.worker}" if result.worker else "", "muted"),
        )
    ]
    if result.value is not None:
        lines.append((Cell("  "), Cell(result.value)))
    if result.traceback:
        lines.append((Cell("  "), Cell(result.traceback[-1], tone)))
    return lines


def preview(row: JobRow, detail: JobDetail | None, now: datetime) -> Lines:
    """A job in a few lines, for the pane beside a list; without `detail` what the list knows."""
    lines: Lines = []
    if detail is not None:
        lines.append(tuple(call(detail)))
    else:
        lines.append((Cell(row.func, "strong"), Cell("  "), Cell(row.description, "muted")))
    if row.error:
        lines.append((Cell(row.error, "failed"),))
    if detail is not None and detail.result is not None:
        lines.append((Cell("result ", "muted"), Cell(detail.result)))
    lines.append(tuple(_short_facts(row, now)))
    if detail is not None and detail.traceback:
        lines += own_frames(detail.traceback)
    return lines


def _short_facts(row: JobRow, now: datetime) -> list[Cell]:
    pairs = (
        ("queue", row.queue),
        ("enqueued", clock(row.enqueued_at)),
        ("waited", took(seconds_between(row.enqueued_at, row.started_at))),
        ("ran", took(seconds_between(row.started_at, row.ended_at))),
        ("ended", moment(row.ended_at, now)),
        ("worker", row.worker or "-"),
        ("retries left", "-" if row.retries_left is None else str(row.retries_left)),
    )
    cells: list[Cell] = []
    for name, value in pairs:
        if value and value != "-":
            cells += [Cell(f"{name} ", "muted"), Cell(f"{value}   ")]
    return cells
