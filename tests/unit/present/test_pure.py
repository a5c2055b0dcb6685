"""What is pure imports neither the terminal nor Redis."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        *(
            f"console.tui.present.{name}"
            for name in (
                "cells",
                "chart",
                "columns",
                "job",
                "jobs",
                "line",
                "needs_you",
                "queues",
                "past",
                "states",
                "stretches",
                "status",
                "totals",
                "values",
                "traceback",
                "viewport",
                "words",
                "workers",
            )
        ),
        "pantry_queue.monitor.alerts",
        "pantry_queue.monitor.alert_rules",
        "pantry_queue.monitor.rates",
        "pantry_queue.monitor.track",
    ],
)
def test_a_pure_module_brings_nothing_along(module: str) -> None:
    program = f"import sys, {module}; print(sorted({{'textual', 'rich', 'redis', 'rq', 'typer'}} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
