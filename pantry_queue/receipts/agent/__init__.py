"""The receipt agent: an HTTP service that reads one receipt image at a time.

``python -m pantry_queue.receipts.agent`` runs it; :func:`create_app` makes it for another server.
"""

from __future__ import annotations

from .app import create_app

__all__ = ["create_app"]
