"""The API as a process."""

from __future__ import annotations

import os
from collections.abc import Sequence

from starlette.types import ASGIApp

from pantry_queue.config import Settings
from pantry_queue.receipts import serving

from .application import create_app

SERVICE = serving.Service("receipt API", "Takes receipts in and tells what was read.", "API", port=8000, grace=10)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the API until it is told to end. Returns the exit code: 0 ended as asked, 1 could not start."""
    options = serving.build_parser(SERVICE, os.environ, "python -m pantry_queue.receipts.api").parse_args(argv)
    return serving.run(SERVICE, options, _from_env)


def _from_env() -> ASGIApp:
    return create_app(Settings.from_env())
