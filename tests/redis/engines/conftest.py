"""A deployment with a master, a replica and three sentinels, which a test may break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pantry_queue.config import Settings
from tests.redis.engines.servers import MASTER, QUOTED, Server, data_server, sentinel, until


@dataclass
class Cluster:
    """Two data servers and the sentinels that decide which of them is the master.

    Attributes:
        first: the master at the start.
        second: its replica.
    """

    first: Server
    second: Server
    sentinels: list[Server]
    sentinel_password: str | None = None

    @property
    def url(self) -> str:
        """As users write it."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.sentinels)
        asked = f"&sentinel_password={self.sentinel_password}" if self.sentinel_password else ""
        return f"redis+sentinel://:{QUOTED}@{hosts}/0?service={MASTER}{asked}"

    @property
    def settings(self) -> Settings:
        """Settings with this URL."""
        return Settings(redis_url=self.url)

    def start(self) -> None:
        """Start all, and wait until the sentinels know of each other and of the replica."""
        self.first.start()
        self.second.start()
        until(lambda: self.second.connect().info("replication")["master_link_status"] == "up")
        # After the replica is there: a sentinel looks for replicas at once, and then every ten seconds.
        for server in self.sentinels:
            server.start()
        for server in self.sentinels:
            until(lambda server=server: self._known(server) == (1, 2))

    def _known(self, server: Server) -> tuple[int, int]:
        state = server.connect(self.sentinel_password).sentinel_master(MASTER)
        return state["num-slaves"], state["num-other-sentinels"]

    def replicated(self) -> None:
        """Everything that was written until now is on the replica too."""
        first, second = self.first.connect(), self.second.connect()
        written = first.info("replication")["master_repl_offset"]
        until(lambda: second.info("replication")["master_repl_offset"] >= written)

    def failed_over(self) -> bool:
        """Whether all sentinels name the second server."""
        asked = [server.connect(self.sentinel_password) for server in self.sentinels]
        named = {link.sentinel_get_master_addr_by_name(MASTER) for link in asked}
        return named == {(b"127.0.0.1", self.second.port)}

    def stop(self) -> None:
        """End all of it."""
        for server in (*self.sentinels, self.second, self.first):
            server.stop()


def made(folder: Path, sentinel_password: str | None = None) -> Cluster:
    """A cluster in this folder, not started yet."""
    first = data_server(folder / "first")
    second = data_server(folder / "second", of=first.port)
    watch = [sentinel(folder / f"sentinel-{n}", first.port, password=sentinel_password) for n in range(3)]
    return Cluster(first, second, watch, sentinel_password)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A running one."""
    cluster = made(tmp_path)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
