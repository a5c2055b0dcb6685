"""`demo`: the main job on this machine, on real images, from nothing to results."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output

if TYPE_CHECKING:
    from console.demo import Outcome
    from pantry_queue.config import Settings


def demo(
    receipts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Read the images of this folder instead of drawn samples.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=500, help="How many good samples are drawn.")] = 6,
    workers: Annotated[int, typer.Option(min=1, max=32, help="How many worker processes.")] = 2,
    headless: Annotated[bool, typer.Option("--headless", help="No terminal interface: wait, print, end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was read as JSON; implies --headless.")] = False,
) -> None:
    """Valkey, agent and workers on this machine read receipts, and the console shows it. Nothing stays behind."""
    from console.stack import ending_signals

    interactive = not (headless or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    with ending_signals(), tempfile.TemporaryDirectory(prefix="pantry-demo-") as directory:
        outcomes = _run(Path(directory), receipts, count, workers, interactive)
    _report(outcomes, as_json)
    raise typer.Exit(0 if interactive or all(outcome.as_expected for outcome in outcomes) else 1)


def _run(directory: Path, folder: Path | None, count: int, workers: int, interactive: bool) -> list[Outcome]:
    from console import demo
    from console.stack import Stack
    from pantry_queue.config import Settings

    samples = directory / "samples"
    known = demo.collect(folder) if folder else demo.draw(samples, count)
    store_url = f"sqlite:///{directory / 'receipts.db'}"
    environment = {
        "DATABASE_URL": store_url,
        "PANTRY_DATA_DIR": str(directory),
        "IMAGE_ROOTS": str(folder.absolute() if folder else samples),
    }
    with Stack(directory, environment) as stack:
        output.note(f"{len(known)} receipts; starting an embedded Valkey ...")
        server = stack.start_valkey()
        output.note("starting the agent, which loads its OCR model ...")
        stack.environment["AGENT_URL"] = stack.start_agent(*demo.agent_command(known.values()))
        output.note(f"starting {workers} workers ...")
        stack.start_workers(workers)
        settings = replace(Settings.from_env(), redis_url=server.url, database_url=store_url)
        receipts = demo.DemoReceipts(known, settings)
        receipts.enqueue()
        if interactive:
            _open_console(settings, len(known))
        else:
            receipts.wait(stack, output.note)
        return receipts.outcomes()


def _open_console(settings: Settings, count: int) -> None:
    from console.tui.start import run_console

    run_console(settings, notice=f"demo: {count} receipts are being read; q ends everything")


def _report(outcomes: list[Outcome], as_json: bool) -> None:
    if as_json:
        output.document([asdict(outcome) for outcome in outcomes])
        return
    output.table(
        ("FILE", "MERCHANT", "DATE", "TOTAL", "STATE"),
        (
            (
                outcome.file,
                outcome.merchant or "-",
                str(outcome.purchase_date or "-"),
                f"{outcome.total:,.2f} {outcome.currency or ''}".rstrip() if outcome.total is not None else "-",
                outcome.state,
            )
            for outcome in outcomes
        ),
        right=("TOTAL",),
        cut=("MERCHANT", "FILE"),
    )
    for outcome in outcomes:
        if outcome.error:
            output.text(f"{outcome.file}: {outcome.error}")
    ended = [outcome for outcome in outcomes if outcome.state in ("completed", "failed")]
    read = sum(outcome.state == "completed" for outcome in ended)
    if len(ended) < len(outcomes):
        output.note(f"{read} of {len(outcomes)} receipts had been read when the demo was ended")
    else:
        right = sum(outcome.as_expected for outcome in ended)
        output.note(f"{read} of {len(outcomes)} receipts read; {right} of {len(outcomes)} ended as they should")
