"""Connections to whatever server is the master at the moment they are made. Imported only where one connects."""

from __future__ import annotations

import redis.exceptions as redis_errors
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelManagedConnection, SentinelManagedSSLConnection


class Sentinels(Sentinel):
    """Says why no sentinel could be asked: a wrong password or certificate, or that none is there."""

    def discover_master(self, service_name: str) -> tuple[str, int]:
        """Address of the master; raises `MasterNotFoundError`."""
        try:
            found: tuple[str, int] = super().discover_master(service_name)  # type: ignore[no-untyped-call]  # as below
        except MasterNotFoundError as error:
            # redis-py drops the words of the sentinels' errors, so the first one is asked once more.
            raise MasterNotFoundError(f"No master found for {service_name!r}: {self._reason()}") from error
        return found

    def _reason(self) -> str:
        try:
            self.sentinels[0].ping()
        except (redis_errors.ConnectionError, redis_errors.TimeoutError) as error:
            return str(error)
        return "no sentinel knows of a living one"


class MasterLink(SentinelManagedConnection):
    """Asks the sentinels again whenever it has to reconnect.

    redis-py asks them only when a connection is taken from its pool. One that breaks within a command is made anew to
    the address it had (`AbstractConnection.send_packed_command`), as often as the command is repeated: for half a
    minute and more when the old master hangs.
    """

    def connect_check_health(self, check_health: bool = True, retry_socket_connect: bool = True) -> None:
        """As redis-py calls it: with `retry_socket_connect` from within a command, without it by `connect_to`."""
        if retry_socket_connect and not self._sock:
            self.host, self.port = self.connection_pool.get_master_address()
        super().connect_check_health(check_health, retry_socket_connect=False)


class SecureMasterLink(MasterLink, SentinelManagedSSLConnection):
    """The same with TLS."""
