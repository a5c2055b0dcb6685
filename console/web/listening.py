"""Sockets to listen at: loopback, or a unix socket that only its owner may use."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from pantry_queue.errors import PantryError


def at_loopback(address: str, port: int) -> socket.socket:
    """A socket bound to a loopback address.

    Args:
        address: IPv4 or IPv6.
        port: 0 takes any that is free.

    Raises:
        PantryError: the port is taken, or not ours to take.
    """
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address, port))
    except OSError as error:
        made.close()
        raise PantryError(
            f"Cannot listen at {address}, port {port}: {error.strerror}; choose another --port."
        ) from None
    return made


def at_path(path: Path) -> socket.socket:
    """A unix socket that only this user may connect to; one that nobody listens at any more is replaced.

    Raises:
        PantryError: it cannot be made there.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        _remove_dead(path)
        made.bind(str(path))
    except OSError as error:
        made.close()
        told = error.strerror or str(error)
        raise PantryError(f"Cannot listen at the socket {path}: {told}; choose another --socket.") from None
    finally:
        os.umask(before)
    return made


def _remove_dead(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return  # binding says that something is there
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
