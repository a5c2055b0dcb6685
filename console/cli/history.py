"""`history` and `record`: samples that are kept over time, and keeping them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.durations import seconds
from console.cli.ending import ended
from console.cli.target import Target, of, reader
from console.documents.deployment import FIGURES, RATES, SERVER, sample_json
from console.documents.values import iso

if TYPE_CHECKING:
    from pantry_queue.history import Sample

    Value = Callable[[Sample], float | None]

_CELLS = 60


def history(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="How far back, such as 1h or 7d; a month is kept.")] = "1h",
    queue: Annotated[str | None, typer.Option("--queue", "-q", help="One queue instead of all together.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line.")] = False,
) -> None:
    """Counts and rates over time, as `record` and consoles have sampled them."""
    from pantry_queue import history as kept
    from pantry_queue.errors import NotFound
    from pantry_queue.text import safe

    back = min(seconds(since, "--since"), kept.MONTH)
    target = of(context)
    with reader(target.settings()) as client:
        samples = kept.read(client, target.keys(), back, queue)
    if not samples:
        output.note(f"Nothing was sampled in the last {output.ago(back)}; `pantry-console record` does it.")
    elif queue is not None and all(sample.figures is None for sample in samples):
        raise NotFound(f"No sample of the last {output.ago(back)} has a queue {safe(queue)!r}.")
    else:
        _say_when_old(samples[-1])
    if as_json:
        output.document([sample_json(sample) for sample in samples])
    elif as_jsonl:
        for sample in samples:
            output.line(sample_json(sample))
    elif samples:
        _show(samples)


def _say_when_old(last: Sample) -> None:
    age = (datetime.now(UTC) - last.at).total_seconds()
    if age > max(60, 3 * last.step):
        output.note(f"The last sample is {output.ago(age)} old: nobody samples now; `pantry-console record` does it.")


def _show(samples: Sequence[Sample]) -> None:
    from console.tui.present.chart import GAP

    first, last = samples[0].at, samples[-1].at
    gaps = sum(sample.gap for sample in samples[1:])
    told = f"nothing sampled for {output.ago(gaps)} of it ({GAP})" if gaps else ""
    output.text(f"{iso(first)} to {iso(last)}  samples: {len(samples):,}  {told}".rstrip())
    output.table(("", "OVER TIME", "LEAST", "MOST", "LAST"), _rows(samples), right=("LEAST", "MOST", "LAST"))


def _rows(samples: Sequence[Sample]) -> Iterator[tuple[str, ...]]:
    for name in (*FIGURES, *RATES, *SERVER):
        values = [getattr(sample.server if name in SERVER else sample.figures, name, None) for sample in samples]
        seen = [value for value in values if value is not None]
        if any(seen) or name in ("queued", "started", "failed"):
            ends = (min(seen, default=None), max(seen, default=None), values[-1])
            yield (_WORDS.get(name, name), curve(samples, values), *(_shown(name, value) for value in ends))


_WORDS = {"oldest_age": "oldest", "in_per_s": "in/s", "out_per_s": "out/s", "failed_per_s": "failed/s"}
_WORDS |= {"used_memory": "memory", "connected_clients": "clients", "ops_per_second": "ops/s", "round_trip_ms": "ms"}


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "oldest_age":
        return output.ago(value)
    if name == "used_memory":
        return f"{value / 2**20:,.1f} MiB"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def curve(samples: Sequence[Sample], values: Sequence[float | None], cells: int = _CELLS) -> str:
    """Values over time as one line of blocks: the greatest of each stretch, a dot where nothing was sampled.

    Args:
        samples: oldest first; values: one a sample.
    """
    from console.tui.present.chart import blocks, most
    from console.tui.present.stretches import stretches

    begin, end = samples[0].at.timestamp(), samples[-1].at.timestamp()
    span = max(1.0, end - begin)
    count = max(1, min(cells, int(span // max(1, samples[0].step)) + 1))
    drawn = stretches(samples, values, begin, begin + span, count)
    return blocks(drawn, count, most(*drawn) or 1)


def record(
    context: typer.Context,
    interval: Annotated[int, typer.Option(min=10, max=60, help="Seconds between two samples.")] = 10,
) -> None:
    """Sample counts and rates in the foreground until SIGTERM or Ctrl-C, for `history` and charts.

    Where several do it one of them writes, and another goes on when it ends. While Redis is away it waits.
    """
    target = of(context)
    target.refuse_if_read_only("record")
    with ended() as end:
        _record(target, interval, end)


def _record(target: Target, interval: int, end: Event) -> None:
    from pantry_queue import history as kept
    from pantry_queue.connection import connect, describe, translated
    from pantry_queue.errors import RedisUnavailable
    from pantry_queue.monitor import snapshot
    from pantry_queue.monitor.rates import RateHistory

    settings, keys, rates, names = target.settings(), target.keys(), RateHistory(), snapshot.KnownNames()
    away = writing = False
    while not end.is_set():
        try:
            with translated(settings):
                client = connect(settings, "reader")
                try:
                    taken = snapshot.take(client, keys, target=describe(settings), names=names)
                    rates.observe(taken)
                    wrote = kept.record(client, keys, taken, rates, interval)
                finally:
                    client.close()
            if away or (wrote and not writing):
                output.note(f"Sampling {describe(settings)} every {interval} s.")
            away, writing = False, writing or wrote
        except RedisUnavailable as error:
            if error.lasting:
                raise
            if not away:
                output.note(f"{error} Waiting for it.")
            away = True
        end.wait(interval)
