"""TLS in front of a server that was built without it, as stunnel and load balancers do it."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

#: The first byte of a connection that begins with TLS (RFC 8446, 5.1).
_HANDSHAKE = b"\x16"


class TlsFront:
    """Listens with TLS on loopback and passes everything on to a port without.

    Args:
        context: of the server's side.
        target: port that talks without TLS.
        plain_too: pass on also who begins without TLS, as a sentinel does that tells clients the port it watches.
    """

    def __init__(self, context: ssl.SSLContext, target: int, *, plain_too: bool = False) -> None:
        self._context = context
        self._target = target
        self._plain_too = plain_too
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        # A client that does not trust us breaks off the handshake; that is what some tests are about.
        with (
            suppress(OSError),
            self._outer(link) as outer,
            socket.create_connection(("127.0.0.1", self._target)) as inner,
        ):
            back = threading.Thread(target=_pass_on, args=(inner, outer), daemon=True)
            back.start()
            _pass_on(outer, inner)
            back.join()

    def _outer(self, link: socket.socket) -> socket.socket:
        if self._plain_too and link.recv(1, socket.MSG_PEEK) != _HANDSHAKE:
            return link
        return self._context.wrap_socket(link, server_side=True)

    def stop(self) -> None:
        """Take no further connections."""
        self._listener.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
