"""Child processes that do not outlive their parent, in whatever way that ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.5


def end_with(parent: int) -> None:
    """Called in a forked child: when the parent is gone, we are. `kill -9` of a parent ends the child too.

    On Linux the kernel does it (prctl(2), PR_SET_PDEATHSIG); elsewhere a thread looks.

    Args:
        parent: the process that forked us.
    """
    done = False
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            done = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL)) == 0
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)
    if not done:
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
