"""A receiver of webhooks: a real HTTP server on loopback that answers as it is told and keeps what it got."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any


@dataclass
class Got:
    """One request: its path, its headers by names in lower case, its body, and how it was answered."""

    path: str
    headers: dict[str, str]
    body: str
    status: int


@dataclass
class Receiver:
    """What was got, oldest first.

    Attributes:
        answers: statuses of the next requests; 204 when there are none left, 0 breaks the connection off.
        headers: sent with each answer.
        most_at_once: how many requests were under way together.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    got: list[Got] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: Lock = field(default_factory=Lock)

    def taken(self) -> list[Got]:
        """Requests that were answered well."""
        return [one for one in self.got if one.status == 204]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that runs until the block ends."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with found._lock:
                found._now += 1
                found.most_at_once = max(found.most_at_once, found._now)
                status = found.answers.pop(0) if found.answers else 204
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            with found._lock:
                found._now -= 1
                found.got.append(Got(self.path, headers, body, status))
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
