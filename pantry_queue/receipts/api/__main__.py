"""``python -m pantry_queue.receipts.api``."""

from __future__ import annotations

import sys

from .serve import main

sys.exit(main())
