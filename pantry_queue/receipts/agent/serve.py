"""The agent as a process."""

from __future__ import annotations

import os
from collections.abc import Sequence

from starlette.types import ASGIApp

from pantry_queue.receipts import serving
from pantry_queue.receipts.images import ImageSources

from .app import create_app

#: The receipt in hand is answered: that takes a second, on a busy machine several. Not all that wait behind it may be.
SERVICE = serving.Service("receipt agent", "Reads receipts: POST /extract.", "AGENT", port=8002, grace=15)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent until it is told to end. Returns the exit code: 0 ended as asked, 1 could not start."""
    options = serving.build_parser(SERVICE, os.environ, "python -m pantry_queue.receipts.agent").parse_args(argv)
    return serving.run(SERVICE, options, app_from_env)


def app_from_env() -> ASGIApp:
    """The agent's application as the environment sets it (image sources, ``AGENT_TOKEN``)."""
    return create_app(ImageSources.from_env(os.environ), token=os.environ.get("AGENT_TOKEN") or None)
