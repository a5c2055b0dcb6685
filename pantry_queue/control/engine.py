"""How a plan is carried out: in chunks, each one atomic step in which every job's state is checked again."""

from __future__ import annotations

import time
import uuid
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from pantry_queue.connection import unavailable
from pantry_queue.control.lua import Scripts, Turn, joined
from pantry_queue.control.operation import Operation
from pantry_queue.control.outcome import NAMED, Outcome, Progress
from pantry_queue.control.pace import Pace
from pantry_queue.control.plan import Plan, Source, script_options
from pantry_queue.control.states import states_in
from pantry_queue.control.submission import stamp, stamp_now
from pantry_queue.errors import RedisUnavailable
from pantry_queue.monitor.wire import name_of
from pantry_queue.text import SafeText, safe

if TYPE_CHECKING:
    from redis.exceptions import RedisError


class Run:
    """One operation that is under way; `through` carries out a plan, `undo` an undo."""

    def __init__(
        self,
        scripts: Scripts,
        operation: Operation,
        total: int,
        progress: Callable[[Progress], None],
        stop: Event | None,
    ) -> None:
        self.scripts = scripts
        self.operation = operation
        self._total = total
        self._progress = progress
        self._stop = stop
        self._looked = self._done = self._emptied = 0
        self._skipped: Counter[str] = Counter()
        self._left: list[tuple[str, str]] = []
        self._failed: list[tuple[str, SafeText]] = []
        self._made: list[str] = []
        self._began = time.monotonic()
        self._send = scripts.bulk

    def through(self, plan: Plan, rate: float | None) -> Outcome:
        """All of a plan."""
        self._leave(plan.left_out)
        shared = {
            **script_options(plan.options),
            "retrying": plan.action.verb == "retry-now",
            "before": stamp(plan.seen_at),
            "before_seconds": int(plan.seen_at.timestamp()),
            "entries": True,
            **({"error": abandoned()} if plan.action.verb == "fail" else {}),
        }
        return self.steps(lambda pace: self._chunks(plan, shared, pace), rate)

    def steps(self, chunks: Callable[[Pace], Iterator[None]], rate: float | None) -> Outcome:
        """Chunk after chunk, until all are done, it is stopped, or it breaks off.

        Raises:
            RedisUnavailable: before anything was changed.
        """
        import redis.exceptions as redis_errors

        broken = None
        stopped = False
        try:
            if self._total:
                pace = Pace(self.scripts.connection, rate)
                for _ in chunks(pace):
                    self._progress(self.progress())
                    pace.wait(self._stop)
                    stopped = bool(self._stop and self._stop.is_set() and self._looked < self._total)
                    if stopped:
                        break
        except (redis_errors.RedisError, OSError) as error:
            broken = unavailable(error, self.scripts.settings)
            if not self._done:
                raise broken from error
        return self._finished(broken, stopped=stopped)

    def progress(self) -> Progress:
        """How far it is."""
        return Progress(self._total, self._looked, self._done, sum(self._skipped.values()), len(self._failed))

    def _chunks(self, plan: Plan, shared: dict[str, Any], pace: Pace) -> Iterator[None]:
        for group in plan.groups:
            at = 0
            while at < len(group.ids):
                ids = group.ids[at : at + pace.size]
                self.count(self._each(plan, {**shared, "states": [group.state]}, ids, pace))
                at += len(ids)
                yield
        for source in plan.sources:
            yield from self._source(plan, {**shared, "states": states_in(plan.action, source.place)}, source, pace)

    def _source(self, plan: Plan, shared: dict[str, Any], source: Source, pace: Pace) -> Iterator[None]:
        """As many entries as there were; those that stay are passed over."""
        looked = stayed = 0
        while looked < source.total:
            count = min(pace.size, source.total - looked)
            where = {"place": source.place, "queue": source.queue, "skip": stayed, "count": count}
            turn = self._whole(plan, shared, where, pace)
            looked += count
            stayed += turn.looked - turn.done - turn.emptied
            self.count(turn)
            if not turn.looked:  # the list is shorter than it was
                self._looked += source.total - looked + count
                break
            yield

    def _whole(self, plan: Plan, shared: dict[str, Any], where: dict[str, Any], pace: Pace) -> Turn:
        try:
            return self.call(plan.action.script, {**shared, "source": where}, (), pace, where["count"])
        except _refusal() as error:
            self._check(error)
            ids = self._ids(where)
            turn = self._each(plan, shared, ids, pace)
            return replace(turn, looked=len(ids))

    def _ids(self, where: dict[str, Any]) -> list[str]:
        keys, first = self.scripts.keys, where["skip"]
        last = first + where["count"] - 1
        found: Any
        if where["place"] == "queue":
            found = self.scripts.connection.lrange(keys.queue(where["queue"]), first, last)
        else:
            found = self.scripts.connection.zrange(f"{keys.prefix}:{where['place']}:{where['queue']}", first, last)
        return [name_of(entry) for entry in found]

    def _each(self, plan: Plan, options: dict[str, Any], ids: Sequence[str], pace: Pace) -> Turn:
        """One call for all of them; where Redis refuses it, the half that holds the trouble is looked for."""
        try:
            return self._named(plan, options, ids, pace)
        except _refusal() as error:
            self._check(error)
            if len(ids) == 1:
                self._failed.append((ids[0], safe(str(error), 200)))
                return Turn(1, 0)
            half = len(ids) // 2
            parts = [self._each(plan, options, part, pace) for part in (ids[:half], ids[half:])]
            return joined(parts)

    def _named(self, plan: Plan, options: dict[str, Any], ids: Sequence[str], pace: Pace) -> Turn:
        if plan.action.undo != "copy":
            return self.call(plan.action.script, options, ids, pace, len(ids))
        copies = [str(uuid.uuid4()) for _ in ids]
        edit = (
            ["data", plan.options.call[0].decode("utf-8", "surrogateescape"), "description", plan.options.call[1]]
            if plan.options.call
            else []
        )
        turn = self.call(plan.action.script, {**options, "copies": copies, "edit": edit}, ids, pace, len(ids))
        self._made += copies[: turn.done]
        return turn

    def call(self, script: str, options: dict[str, Any], ids: Sequence[str], pace: Pace, size: int) -> Turn:
        """One call of a script; where scripts are refused, the same in pipelines."""
        iso = stamp_now()
        whole = {**options, "iso": iso, **self.operation.next_turn(self.scripts, iso)}
        start = time.perf_counter()
        try:
            turn = self._send(script, whole, ids)
        except _refusal() as error:
            if not _scripts_refused(error) or self._send != self.scripts.bulk:
                raise
            from pantry_queue.control.pipelined import Pipelined

            self._send = Pipelined(self.scripts).bulk
            turn = self._send(script, whole, ids)
        pace.took(size, time.perf_counter() - start)
        self.operation.announced = True
        return turn

    def _check(self, error: RedisError) -> None:
        """Raises what no other job would fare better with: it speaks of the whole server, or of the audit."""
        self.operation.look_again(self.scripts)
        if unavailable(error, self.scripts.settings).cause != "error" or not self.operation.announced:
            raise error

    def count(self, turn: Turn) -> None:
        self._looked += turn.looked
        self._done += turn.done
        self._emptied += turn.emptied
        self._leave(turn.skipped)
        self._failed += [(job_id, safe(words, 200)) for job_id, words in turn.refused]

    def _leave(self, skipped: Sequence[tuple[str, str]]) -> None:
        self._skipped.update(reason for _, reason in skipped)
        self._left += skipped[: max(0, NAMED - len(self._left))]

    def _finished(self, broken: RedisUnavailable | None, *, stopped: bool) -> Outcome:
        undoable = bool(self.operation.action.undo and self._done)
        counts: dict[str, str | int] = {"done": self._done, "emptied": self._emptied, "failed": len(self._failed)}
        counts |= {"skipped": sum(self._skipped.values()), "stopped": int(stopped)}
        if self.operation.announced and broken is None:
            self.operation.close(self.scripts, counts, undoable=undoable)
        return Outcome(
            operation=self.operation.name if self.operation.announced else None,
            action=self.operation.action,
            done=self._done,
            emptied=self._emptied,
            skipped=dict(self._skipped),
            left=tuple(self._left),
            failed=tuple(self._failed),
            remaining=max(0, self._total - self._looked),
            stopped=stopped,
            broken=broken,
            undoable=undoable,
            made=tuple(self._made),
            seconds=time.monotonic() - self._began,
        )


def abandoned() -> str:
    """What RQ stores as the failure of a job whose worker is gone (`rq.results.Result.serialize`)."""
    text = f"Marked failed by an operator, since its worker is gone, at {stamp_now()}"
    return b64encode(zlib.compress(text.encode())).decode("ascii")


def _refusal() -> type[RedisError]:
    from redis.exceptions import ResponseError

    return ResponseError


def _scripts_refused(error: RedisError) -> bool:
    text = str(error).lower()
    return "'eval" in text or "'script" in text or "unknown command" in text
