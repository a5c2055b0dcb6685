"""Samples for charts, kept by one worker of a deployment at a time (`pantry_queue.history`)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from pantry_queue import history
from pantry_queue.keys import Keys
from pantry_queue.monitor import snapshot
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.recalling import recall
from pantry_queue.text import safe
from pantry_queue.workers.outage import passes

logger = logging.getLogger("pantry_queue.workers.sampling")

_TARGET = "here"


class Sampling:
    """Takes part in sampling, beginning one interval after it was made: a worker that ends sooner leaves nothing.

    Args:
        connection: the worker's own; it returns bytes.
        keys: names under RQ's prefix.
    """

    def __init__(self, connection: Any, keys: Keys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._keys = keys
        self._clock = clock
        self._due = clock() + history.INTERVAL
        self._refused = False
        self._rates: RateHistory | None = None
        self._names = snapshot.KnownNames()

    def run(self) -> None:
        """Keep a sample, if one is due and it is our turn. What else goes wrong is told once, and stops no job.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        if self._refused or self._clock() < self._due:
            return
        self._due = self._clock() + history.INTERVAL
        try:
            self._sample()
        except Exception as error:
            if passes(error):
                raise
            logger.warning("No samples are kept for charts: %s", safe(str(error), 200))
            self._refused = True

    def _sample(self) -> None:
        # The turn first: of a hundred workers one reads the deployment, and the others one key.
        if not history.turn(self._connection, self._keys):
            self._rates = None
            return
        if self._rates is None:
            self._rates = recall(self._connection, self._keys, _TARGET)
        taken = snapshot.take(self._connection, self._keys, target=_TARGET, names=self._names)
        self._rates.observe(taken)
        history.record(self._connection, self._keys, taken, self._rates)
