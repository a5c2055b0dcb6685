"""The exporter's HTTP side: prometheus-client's application behind the standard library's server."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        # The base class would look up this machine's name, which can take half a minute where DNS is away.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of ours to tell."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    #: Seconds a client may take for its request.
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a scrape every few seconds is no news."""


@contextmanager
def serving(registry: CollectorRegistry, host: str, port: int) -> Iterator[str]:
    """Answer scrapes inside the block, in threads.

    Args:
        host: name or address to listen at; port: 0 takes any that is free.

    Yields:
        The address to scrape.

    Raises:
        PantryError: it cannot listen there.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        kind = _Server6 if family == socket.AF_INET6 else _Server
        server = kind((str(address[0]), port), _Handler)
    except (OSError, UnicodeError) as error:
        told = error.strerror or str(error) if isinstance(error, OSError) else "it is no name of a host"
        raise PantryError(f"Cannot listen at {host}, port {port}: {told}; choose another --host or port.") from None
    server.set_app(make_wsgi_app(registry))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        bound, at = str(server.server_address[0]), server.server_port
        yield f"http://{f'[{bound}]' if ':' in bound else bound}:{at}/metrics"
    finally:
        server.shutdown()
        server.server_close()
