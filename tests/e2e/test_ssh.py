"""The console as operators reach it: through a real sshd on loopback, with the restricted account of docs/ssh.md."""

from __future__ import annotations

import grp
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue

from pantry_queue.config import Settings
from tests.e2e.conftest import until
from tests.tui import tasks
from tests.tui.ptykit import Pty

_SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_PRIVSEP = Path("/run/sshd")
_RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l")
_ROOT = Path(__file__).resolve().parents[2]
_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
X11Forwarding no
SetEnv PYTHONPATH={root} PANTRY_CONFIG={folder}/config.toml PANTRY_DATA_DIR={folder}/data
"""


@dataclass(frozen=True, slots=True)
class Door:
    """An sshd and what its client needs."""

    folder: Path
    port: int

    def argv(self, *more: str) -> list[str]:
        """The client's command line: nothing of the user's own settings, agent or known hosts."""
        options = {
            "IdentityFile": f"{self.folder}/user",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": f"{self.folder}/known",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        # -e none: the client's own escape key is off, so that all that is typed goes to the other side.
        return ["ssh", "-F", "none", "-e", "none", *given, "-p", str(self.port), *more]

    @property
    def there(self) -> str:
        """Account and host."""
        return f"{getuser()}@127.0.0.1"

    def consoles(self) -> list[int]:
        """Living processes that were started by a login here; only what came through sshd has this environment."""
        mark = f"PANTRY_CONFIG={self.folder}/config.toml".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                ended = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if not ended and mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
            except OSError:
                continue
        return found


def _gives_terminals() -> bool:
    """Whether sshd can hand out a terminal: it insists on the group tty, which only root may give away."""
    master, slave = os.openpty()
    try:
        return os.geteuid() == 0 or os.fstat(slave).st_gid == grp.getgrnam("tty").gr_gid
    except KeyError:
        return True
    finally:
        os.close(master)
        os.close(slave)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server of our own, with keys of its own, as the current user."""
    if _SSHD is None or shutil.which("ssh") is None:
        pytest.skip("sshd and ssh are not installed (Debian: openssh-server, openssh-client)")
    if not Path("/proc/self/environ").exists():
        pytest.skip("what a login leaves behind is looked for in /proc, which is not here")
    if not _gives_terminals():
        pytest.skip("an sshd of an ordinary user gives no terminals here: new ones do not belong to the group tty")
    # As root it wants an empty folder to shut itself in; where no sshd of the system has run, nobody has made it yet.
    made = os.geteuid() == 0 and not _PRIVSEP.is_dir()
    if made:
        _PRIVSEP.mkdir(mode=0o755)
    folder = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        door = Door(folder, probe.getsockname()[1])
    (folder / "known").write_text(f"[127.0.0.1]:{door.port} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(_CONFIG.format(port=door.port, folder=folder, root=_ROOT))
    log = folder / "log"
    process = subprocess.Popen([_SSHD, "-D", "-f", folder / "sshd_config", "-E", log])
    try:
        until(lambda: log.exists() and "listening on" in log.read_text(), 10)
        yield door
    finally:
        process.terminate()
        process.wait(10)
        if made:
            _PRIVSEP.rmdir()


@pytest.fixture
def door(sshd: Door, settings: Settings) -> Door:
    """The account as docs/ssh.md sets it up: one key, one command, a profile that names Redis."""
    profiles = sshd.folder / "config.toml"
    profiles.write_text(f'[profiles.shop]\nurl = "{settings.redis_url}"\nproduction = true\n')
    profiles.chmod(0o600)
    key = (sshd.folder / "user.pub").read_text()
    command = f"{sys.executable} -m console --read-only --profile shop"
    (sshd.folder / "authorized").write_text(f'command="{command}",restrict,pty {key}')
    return sshd


@contextmanager
def over_ssh(door: Door, *command: str) -> Iterator[Pty]:
    """A login with a terminal; the agent's socket and the like stay behind."""
    pty = Pty(door.argv("-tt", door.there, *command))
    try:
        yield pty
    finally:
        pty.close()


def test_the_console_over_ssh_shows_data_changes_nothing_and_leaves_the_terminal_as_it_was(
    door: Door, settings: Settings, redis_client: Redis
) -> None:
    job = Queue("emails", connection=redis_client).enqueue(tasks.add, 1, b=1)
    # What is asked for is not what runs: neither a shell, nor the console with the right to write.
    escape = f"touch {door.folder}/escaped; {sys.executable} -m console --read-write"
    with over_ssh(door, escape) as pty:
        pty.wait("emails")
        pty.send("2")
        pty.wait("1 of 1")
        pty.send("D")
        pty.wait("read-only")
        pty.send("\x12")
        pty.wait("stays so")
        pty.resize(80, 24)
        pty.wait("1 of 1")
        pty.send("\x03")
        assert pty.wait_end() == 0
        assert all(sequence in pty.raw for sequence in _RESTORED)
    assert job.get_status(refresh=True) == "queued"
    assert not (door.folder / "escaped").exists()


def test_no_command_gets_past_the_forced_one(door: Door, redis_client: Redis) -> None:
    queue = Queue("emails", connection=redis_client)
    queue.enqueue(tasks.add, 1, b=1)
    empty = f"{sys.executable} -m console queues empty emails --yes"
    for wanted in (f"touch {door.folder}/escaped", empty):
        done = subprocess.run(door.argv(door.there, wanted), capture_output=True, text=True, timeout=30, check=False)
        # The console is what ran, and it found no terminal.
        assert done.returncode == 2, done
        assert "pantry-console:" in done.stderr
    # Nor is the account a way to other machines and sockets behind it.
    forwarded = subprocess.run(
        door.argv("-W", f"127.0.0.1:{door.port}", door.there), capture_output=True, timeout=30, check=False
    )
    assert forwarded.returncode != 0
    assert b"SSH-2.0" not in forwarded.stdout
    assert queue.count == 1
    assert not (door.folder / "escaped").exists()


def test_a_connection_that_breaks_off_ends_the_console(door: Door) -> None:
    with over_ssh(door) as pty:
        pty.wait("live")
        assert door.consoles()
        os.kill(pty.pid, signal.SIGKILL)
        until(lambda: door.consoles() == [], 20)
