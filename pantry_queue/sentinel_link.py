"""Connections to whatever server is the master at the moment they are made. Imported only where one connects."""

from __future__ import annotations

from redis.sentinel import SentinelManagedConnection, SentinelManagedSSLConnection


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
