"""How many examples tests with drawn data try: few in every run, ten times as many in `make chaos`."""

from __future__ import annotations

import os


def examples(few: int) -> int:
    """So many, times `PANTRY_EFFORT`."""
    return few * int(os.environ.get("PANTRY_EFFORT", "1"))
