"""A TCP door to a server that loses replies, or is far away."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class LossyDoor:
    """Passes everything on, but drops the connection in place of the replies to chosen requests.

    Args:
        path: unix socket of the server.

    Attributes:
        lose: how many more replies are lost.
        word: only replies to requests that hold these bytes are.
        lost: how many were: the server did what was asked each time.
        delay: seconds each reply takes longer.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.lose = 0
        self.word = b"EVALSHA"
        self.lost = 0
        self.delay = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        """One request at a time, as the client sends them: it waits for each reply."""
        with near, socket.socket(socket.AF_UNIX) as far, suppress(OSError):
            far.connect(self._path)
            while request := near.recv(1 << 20):
                near.settimeout(0.05)  # the rest of a long request
                with suppress(TimeoutError):
                    while more := near.recv(1 << 20):
                        request += more
                near.settimeout(None)
                far.sendall(request)
                reply = far.recv(1 << 20)
                if self.lose and self.word in request:
                    self.lose -= 1
                    self.lost += 1
                    return
                time.sleep(self.delay)
                near.sendall(reply)
