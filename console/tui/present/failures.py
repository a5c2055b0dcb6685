"""Pure: groups of failures -> rows, and what is known about one."""

from __future__ import annotations

import re

from console.tui.present.cells import Cell, Column, Row
from console.tui.present.chart import blocks
from console.tui.present.jobs import function_name
from console.tui.present.words import age, amount, count, moment, seconds_between, without_module
from pantry_queue.monitor.model import FailureGroup, FailureReport

COLUMNS = (
    Column("EXCEPTION", 20, most=40, turn=1),
    Column("FUNCTION", 11, most=32, rank=1, turn=1),
    # A number is never cut: it gets what it wants before any text does.
    Column("JOBS", 5, most=9, align="right", turn=-1),
    Column("+1H", 5, most=9, align="right", rank=3, turn=-1),
    Column("+24H", 5, most=9, align="right", rank=5, turn=-1),
    Column("LAST 24 H", 24, rank=6),
    Column("LAST", 6, align="right", rank=2),
    Column("QUEUES", 10, most=30, rank=4),
    Column("MESSAGE", 20, rank=7, grow=1),
)
_HOURS = 24
#: What stands for something else in a message (`monitor.signature`), and what no filter can hold.
_VARIES = re.compile(r"‹\w+›|[\"\\]|…|[^\x20-\x7e\w]|\d+")
#: Shorter parts of a message fit anywhere; more than so many add nothing.
_SAYS_SOMETHING, _MOST_PARTS = 4, 3
#: What stands for the exception where there is none.
ENDED_BY_RQ = "ended by RQ"


def named(group: FailureGroup) -> str:
    """The exception without its module."""
    return without_module(group.exception) or ENDED_BY_RQ


def chosen_words(group: FailureGroup) -> str:
    """`36 jobs that failed with TimeoutError`."""
    what = f"failed with {named(group)}" if group.exception else f"were {ENDED_BY_RQ}"
    return f"{amount(group.count, 'job')} that {what}"


def sample_key(group: FailureGroup) -> str:
    """The id Redis knows the newest job of the group by."""
    return group.raw_sample.decode("utf-8", "surrogateescape") if group.raw_sample else group.sample


def filter_of(group: FailureGroup) -> str:
    """A filter that finds the jobs of the group: its function, and all of its last line that is always the same."""
    said = [part.strip() for text in (group.exception, group.message) for part in _VARIES.split(text)]
    parts = sorted((part for part in said if len(part) >= _SAYS_SOMETHING), key=len)[-_MOST_PARTS:]
    func = [f'func="{group.func}"'] if group.func and not _VARIES.search(group.func) else []
    return " ".join([*func, *(f'error:"{part}"' for part in parts)])


def failure_rows(report: FailureReport) -> tuple[Row, ...]:
    """One row a group, the largest first."""
    return tuple(_row(group, report) for group in report.groups)


def _row(group: FailureGroup, report: FailureReport) -> Row:
    more = f" +{len(group.queues) - 1}" if len(group.queues) > 1 else ""
    return Row(
        group.signature,
        (
            Cell(named(group), "failed"),
            Cell(function_name(group.func) or "-"),
            Cell(count(group.count), "strong"),
            _lately(group.last_hour),
            _lately(group.last_day),
            Cell(blocks(group.hours, _HOURS), "trend"),
            Cell(age(seconds_between(group.last_at, report.at)), "muted"),
            Cell(f"{group.queues[0][0]}{more}" if group.queues else "-", "muted"),
            Cell(group.message, "muted"),
        ),
    )


def _lately(number: int) -> Cell:
    return Cell(count(number), "warning") if number else Cell("-", "faint")


def summary(report: FailureReport) -> str:
    """`3 causes of 87 failed jobs`, and how many were looked at when not all were."""
    causes = f"{amount(len(report.groups), 'cause')} of {amount(report.total, 'failed job')}"
    return causes if report.looked >= report.total else f"{causes}, newest {count(report.looked)} looked at"


def group_lines(group: FailureGroup, report: FailureReport) -> list[tuple[Cell, ...]]:
    """What is known about one group, for the pane below the list."""
    facts = (
        ("call", group.func or "-"),
        ("at", group.where or "-"),
        ("first", moment(group.first_at, report.at)),
        ("last", moment(group.last_at, report.at)),
        ("retried", f"{count(group.retried)} of {count(group.count)} had been retried, and failed again"),
        ("queues", ", ".join(f"{name} {count(number)}" for name, number in group.queues) or "-"),
        ("sample", group.sample),
    )
    said = group.message or group.error or ENDED_BY_RQ
    return [(Cell(said, "strong"),), *((Cell(f"{name:<8}", "muted"), Cell(value)) for name, value in facts)]
