"""Entries that repeat: those of RQ's CronScheduler (`rq.cron`, 2.6 to 3.0) and of rq-scheduler (0.14).

RQ 2.6 does not store its entries at all; 2.7 on stores them as JSON in the scheduler's hash.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pantry_queue.monitor import fields, payload
from pantry_queue.monitor.model import CronEntry, JobRow
from pantry_queue.monitor.rebuilding import NotPlain
from pantry_queue.text import SafeText, safe

#: Fields of a CronScheduler's hash. Its key lives for 120 s (60 s in 2.6) after each heartbeat.
FIELDS = ("hostname", "pid", "config_file", "cron_jobs")
#: Seconds without a heartbeat after which RQ itself takes a CronScheduler for dead (`rq.cron_scheduler_registry`).
SILENT_AFTER = 120
#: Seconds an entry may be late before it counts as missed: a CronScheduler and rq-scheduler look once a minute.
MISSED_AFTER = 70
#: Bytes of a scheduler's entries that are read, and entries shown of one.
LIMIT = 1 << 20
_MOST_ENTRIES = 500
_LONGEST_RULE = 120
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def entries(stored: bytes | None, scheduler: SafeText, *, alive: bool, now: datetime) -> list[CronEntry]:
    """The entries of one CronScheduler.

    Args:
        stored: its field `cron_jobs`.
        scheduler: its name.
        alive: its heartbeat is fresh.
        now: the server's time.
    """
    try:
        listed = json.loads(stored or b"[]")
    except (ValueError, RecursionError):
        return []
    if not isinstance(listed, list):
        return []
    return [_entry(one, scheduler, alive, now) for one in listed[:_MOST_ENTRIES] if isinstance(one, dict)]


def _entry(one: dict[str, Any], scheduler: SafeText, alive: bool, now: datetime) -> CronEntry:
    next_at = _time(one.get("next_enqueue_time"))
    late = max(0.0, (now - next_at).total_seconds()) if next_at else 0.0
    rule, words = _rule(one.get("cron"), one.get("interval"))
    return CronEntry(
        name=_text(one.get("name")) or _text(one.get("func_name")),
        func=_text(one.get("func_name")),
        queue=_text(one.get("queue_name")),
        rule=rule,
        words=words,
        last_at=_time(one.get("latest_enqueue_time")),
        next_at=next_at,
        missed=late > MISSED_AFTER,
        late=late if late > MISSED_AFTER else 0.0,
        scheduler=scheduler,
        alive=alive,
    )


def repeating(row: JobRow, stored_meta: bytes | None, now: datetime, *, alive: bool) -> CronEntry | None:
    """A job of rq-scheduler that repeats; None for one that runs once.

    Args:
        row: the job, `at` being its next time.
        stored_meta: its meta, in which rq-scheduler keeps `cron_string`, `interval` and `repeat`.
        now: the server's time.
        alive: an rq-scheduler holds the lock.
    """
    told = _plain(stored_meta)
    if not told.get("cron_string") and not told.get("interval"):
        return None
    rule, words = _rule(told.get("cron_string"), told.get("interval"))
    left = told.get("repeat")
    late = max(0.0, (now - row.at).total_seconds()) if row.at else 0.0
    return CronEntry(
        name=row.id,
        func=row.func,
        queue=row.queue,
        rule=rule,
        words=SafeText(f"{words}, {left} times more") if isinstance(left, int) and abs(left) < 10**9 else words,
        last_at=row.enqueued_at,
        next_at=row.at,
        missed=late > MISSED_AFTER,
        late=late if late > MISSED_AFTER else 0.0,
        scheduler=SafeText(""),
        alive=alive,
        by="rq-scheduler",
        jobs=(row.id,),
    )


def _plain(stored_meta: bytes | None) -> Mapping[str, Any]:
    try:
        found = payload.plain(stored_meta) if stored_meta else {}
    except NotPlain:
        return {}
    return found if isinstance(found, dict) else {}


def _rule(cron: Any, interval: Any) -> tuple[SafeText, SafeText]:
    if isinstance(cron, str) and cron:
        return safe(cron, _LONGEST_RULE), in_words(cron)
    if isinstance(interval, (int, float)) and math.isfinite(interval) and 0 < interval < 10**9:
        return SafeText(f"every {interval:g} s"), SafeText(f"Every {_duration(interval)}")
    return SafeText(""), SafeText("")


def in_words(cron: str) -> SafeText:
    """A cron text in plain words, such as `At 04:30, only on Monday`; empty when it is none."""
    # Loaded only here: most commands never need it.
    from cron_descriptor import Options, get_description  # type: ignore[import-untyped]

    if len(cron) > _LONGEST_RULE or not cron.isprintable():
        return SafeText("")
    options = Options()
    options.use_24hour_time_format = True
    try:
        return safe(get_description(cron, options), 300)
    except Exception:
        return SafeText("")


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return unit if count == 1 else f"{count} {unit}s"
    return f"{seconds:g} seconds"


def _text(value: Any) -> SafeText:
    return fields.shown(value, 200) if isinstance(value, str) else SafeText("")


def _time(value: Any) -> datetime | None:
    return fields.when(value.encode("utf-8", "replace")) if isinstance(value, str) else None
