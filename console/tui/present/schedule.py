"""Pure: what is due, what repeats and who sees to it -> rows, and all that is known about one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.tui.present.cells import Cell, Chip, Column, Row, chip
from console.tui.present.jobs import arguments, function_name
from console.tui.present.words import age, amount, count, moment
from pantry_queue.monitor.model import CronEntry, Due, JobRow, Schedule, SchedulerStat
from pantry_queue.monitor.wire import name_of

TABS = ("due", "cron", "schedulers")
#: What is said where a tab has nothing to show.
EMPTY = {
    "due": "no job is scheduled",
    "cron": "nothing repeats: no CronScheduler has an entry, rq-scheduler no repeating job",
    "schedulers": "no scheduler holds a lock: rq worker --with-scheduler starts one",
}
COLUMNS = {
    "due": (
        Column("DUE", 9, most=20),
        Column("IN", 9, most=12, align="right"),
        Column("CALL", 18, most=60, rank=1, grow=1),
        Column("QUEUE", 8, most=24, rank=3),
        Column("REPEATS", 8, most=30, rank=4),
        Column("BY", 4, most=14, rank=5),
        Column("JOB", 13, most=36, rank=6, turn=9),
    ),
    "cron": (
        Column("ENTRY", 10, most=40),
        Column("IN WORDS", 12, most=40, rank=1, grow=1),
        Column("QUEUE", 8, most=24, rank=4),
        Column("LAST", 9, most=20, rank=3),
        Column("NEXT", 9, most=20),
        Column("STATE", 8, most=16, rank=2),
        Column("RULE", 10, most=20, rank=5),
    ),
    "schedulers": (
        Column("QUEUE", 10, most=40),
        Column("SCHEDULER", 14, most=60, grow=1),
        Column("LOCK", 8, align="right"),
    ),
}


def due_key(one: Due) -> str:
    """The id Redis knows the job by."""
    return name_of(one.row.raw_id or one.row.id)


def cron_key(place: int) -> str:
    """Entries of older RQ have no name: they go by their place."""
    return str(place)


def due_rows(found: Schedule) -> tuple[Row, ...]:
    """One row a scheduled job, the soonest first."""
    return tuple(
        Row(
            due_key(one),
            (
                Cell(moment(one.row.at, found.at), "muted"),
                due_cell(one, found.at),
                Cell(_call(one.row), "strong"),
                Cell(one.row.queue or "-", "muted"),
                Cell(one.repeats, "muted"),
                Cell(one.by, "muted"),
                Cell(one.row.id, "muted"),
            ),
        )
        for one in found.due
    )


def _call(row: JobRow) -> str:
    """`send_mail('ana', 'digest')`: the name people call it by, and with what."""
    if not row.func:
        return row.description or "-"
    given = arguments(row)
    return f"{function_name(row.func)}({given})" if given != row.description else function_name(row.func)


def due_cell(one: Due, now: datetime) -> Cell:
    """How long it is until then, or how late it is."""
    if one.late:
        return Cell(f"late {age(one.late)}", "warning")
    return Cell("-" if one.row.at is None else age((one.row.at - now).total_seconds()), "scheduled")


def due_lines(one: Due, now: datetime) -> list[tuple[Cell, ...]]:
    """All about a scheduled job that its row has no room for."""
    lines: list[tuple[Cell, ...]] = [
        (Cell(f"due {moment(one.row.at, now)}  ", "muted"), due_cell(one, now)),
        (Cell("call ", "muted"), Cell(one.row.description or one.row.func or "-")),
        (Cell("put into its queue by ", "muted"), Cell(one.by)),
    ]
    return lines + ([(Cell("repeats ", "muted"), Cell(one.repeats))] if one.repeats else [])


def cron_rows(entries: Sequence[CronEntry], now: datetime) -> tuple[Row, ...]:
    """One row a repeating entry."""
    return tuple(
        Row(
            cron_key(place),
            (
                Cell(entry.name or entry.func or "-", "strong"),
                Cell(entry.words or entry.rule or "-"),
                Cell(entry.queue or "-", "muted"),
                Cell(moment(entry.last_at, now), "muted"),
                Cell(moment(entry.next_at, now), "scheduled"),
                cron_cell(entry),
                Cell(entry.rule, "muted"),
            ),
        )
        for place, entry in enumerate(entries)
    )


def cron_cell(entry: CronEntry) -> Cell:
    """What is wrong with it, if anything is."""
    if entry.alive is False:
        return Cell("scheduler gone", "failed")
    return Cell(f"missed {age(entry.late)}", "warning") if entry.missed else Cell("✓", "muted")


def cron_lines(entry: CronEntry, now: datetime) -> list[tuple[Cell, ...]]:
    """All about a repeating entry."""
    facts = (
        ("rule", f"{entry.rule}: {entry.words}" if entry.words else entry.rule),
        ("call", entry.func),
        ("queue", entry.queue),
        ("last", moment(entry.last_at, now)),
        ("next", moment(entry.next_at, now)),
        ("scheduler", entry.scheduler or entry.by),
        ("made", ", ".join(entry.jobs)),
    )
    return [(cron_cell(entry),), *((Cell(f"{name} ", "muted"), Cell(value)) for name, value in facts if value)]


def trouble_lines(found: Schedule, queue: str | None = None, scheduler: str = "") -> list[tuple[Cell, ...]]:
    """What is wrong; of a queue and a CronScheduler only what concerns them, or none in particular."""
    return [
        (Cell(trouble.says, "warning"),)
        for trouble in found.troubles
        if queue is None or (trouble.queue in ("", queue) and trouble.scheduler in ("", scheduler))
    ]


def beside(found: Schedule) -> tuple[list[Chip], list[Chip]]:
    """What the title tells: jobs that are late, queues whose jobs nobody sees to."""
    late = [chip(f"{count(found.late)} late", "warning")] if found.late else []
    alone = len(found.unattended)
    return late, [chip(f"{amount(alone, 'queue')} without a scheduler", "warning", rank=1)] if alone else []


def scheduler_rows(found: Schedule) -> tuple[Row, ...]:
    """Who holds the lock of which queue; queues with scheduled jobs that nobody sees to come first."""
    alone = [Row(f"!{name}", (Cell(name, "strong"), Cell("nobody", "failed"), Cell("-"))) for name in found.unattended]
    return (*alone, *(_scheduler_row(stat) for stat in found.schedulers))


def _scheduler_row(stat: SchedulerStat) -> Row:
    lasts = Cell("no limit", "warning") if stat.ttl is None else Cell(age(stat.ttl), "muted")
    return Row(f"={stat.queue}", (Cell(stat.queue, "strong"), Cell(stat.holder), lasts))
