"""Worker processes of this machine, started by one console and found again by any other of the same user.

Each has a record, a log and, once it has ended by itself, its exit code in the user's data directory. It is known by
process number and start time, since numbers come again.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pantry_queue.config import Settings, data_dir
from pantry_queue.connection import describe
from pantry_queue.errors import NotFound, PantryError
from pantry_queue.text import safe

#: The worker writes its exit code where this says, and its log, rotated, where the other one does.
END_VARIABLE = "PANTRY_WORKER_END_FILE"
LOG_VARIABLE = "PANTRY_WORKER_LOG_FILE"
#: Records of ended workers that are kept.
_KEPT_ENDED = 50
#: What a worker needs of a console's environment; keys of an agent, tokens of a session and the like stay here.
_PASSED = frozenset(
    "PATH HOME LANG TZ TMPDIR PYTHONPATH QUEUE_NAME DEFAULT_TIMEOUT RESULT_TTL FAILURE_TTL AGENT_URL AGENT_TOKEN "
    "DATABASE_URL RECEIPTS_DIR SSL_CERT_FILE SSL_CERT_DIR REDIS_URL".split()
)
_PASSED_BEGINNINGS = ("LC_", "REDIS_", "RQ_", "PANTRY_", "WORKER_", "OBJC_")
_NOT_PASSED = frozenset({"WORKER_NAME", "BURST_MODE", END_VARIABLE, LOG_VARIABLE})

_ours: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class LocalWorker:
    """A worker process of this machine.

    Attributes:
        started: what the system says of the start of the process, to tell it from a later one of the same number.
        launched_at: unix time.
        redis: address without a password.
        state: `running`, `ended` or `vanished` (killed, or the machine went down).
        exit_code: of one that ended.
    """

    name: str
    pid: int
    started: str
    queues: tuple[str, ...]
    burst: bool
    redis: str
    launched_at: float
    state: str = "running"
    exit_code: int | None = None

    @property
    def log(self) -> Path:
        """Its log file."""
        return _folder() / f"{self.name}.log"


def launch(
    settings: Settings, count: int, *, queues: Sequence[str] = (), burst: bool = False
) -> tuple[LocalWorker, ...]:
    """Start workers that live on when we end.

    Args:
        settings: where Redis is; told to them by environment, never as an argument that others can read.
        queues: the service's own when empty.
        burst: end when the queues are empty.

    Raises:
        PantryError: a process cannot be started.
    """
    return tuple(_launch(settings, tuple(queues), burst) for _ in range(count))


def _launch(settings: Settings, queues: tuple[str, ...], burst: bool) -> LocalWorker:
    folder = _folder()
    name = f"fleet-{secrets.token_hex(4)}"
    argv = [sys.executable, "-m", "pantry_queue.workers.worker", "--name", name]
    argv += [word for queue in queues for word in ("--queue", queue)] + (["--burst"] if burst else [])
    log = folder / f"{name}.log"
    environment = {
        **_environment(settings),
        END_VARIABLE: str(folder / f"{name}.end"),
        LOG_VARIABLE: str(log),
    }
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        raise PantryError(f"A worker cannot be started here ({error.strerror}): check memory and limits.") from None
    finally:
        os.close(output)
    _ours.append(process)
    worker = LocalWorker(
        name,
        process.pid,
        _start_of(process.pid),
        queues or settings.queue_names,
        burst,
        describe(settings),
        time.time(),
    )
    kept = {field: value for field, value in asdict(worker).items() if field not in ("state", "exit_code")}
    _record(name).write_text(json.dumps(kept))
    return worker


def _environment(settings: Settings) -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if (name in _PASSED or name.startswith(_PASSED_BEGINNINGS)) and name not in _NOT_PASSED
    }
    if settings.redis_url:
        passed["PANTRY_REDIS_URL"] = settings.redis_url
    return passed


def known() -> tuple[LocalWorker, ...]:
    """Workers launched on this machine by this user, newest first; records of long ended ones go."""
    found = []
    for record in _folder().glob("fleet-*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            found.append(_judged(json.loads(record.read_text())))
    found.sort(key=lambda worker: worker.launched_at, reverse=True)
    ended = [worker for worker in found if worker.state != "running"]
    for worker in ended[_KEPT_ENDED:]:
        found.remove(worker)
        for path in _folder().glob(f"{worker.name}.*"):
            path.unlink(missing_ok=True)
    return tuple(found)


def find(name: str) -> LocalWorker:
    """One of them.

    Raises:
        NotFound: none is called so.
    """
    for worker in known():
        if worker.name == name:
            return worker
    raise NotFound(
        f"No worker {safe(name, 60)} was launched on this machine: pantry-console workers list --local shows them."
    )


def stop(worker: LocalWorker, patience: float, *, cold: float = 5.0) -> LocalWorker:
    """End a worker: its job may end first, then it is given back, then the process is killed.

    Args:
        patience: seconds for the running job; 0 asks for the cold end at once.
        cold: seconds for that.

    Returns:
        how it stands then.
    """
    asked = time.monotonic()
    for seconds in (patience, cold):
        if not _signal(worker, signal.SIGTERM):
            return _judged(_kept(worker))
        # A second request within a second counts as the first one (rq.worker.base.request_force_stop).
        end = max(time.monotonic() + seconds, asked + 1.1)
        while time.monotonic() < end:
            if not _runs(worker.pid, worker.started):
                return _judged(_kept(worker))
            time.sleep(0.05)
    if _runs(worker.pid, worker.started):
        with contextlib.suppress(OSError):
            os.killpg(worker.pid, signal.SIGKILL)
        while _runs(worker.pid, worker.started):
            time.sleep(0.05)
    return _judged(_kept(worker))


def follow(worker: LocalWorker, lines: int, *, on: bool) -> Iterator[str]:
    """The end of its log.

    Args:
        lines: how many of the last ones.
        on: and what comes, until the worker has ended; also when its log was put aside and begun anew.
    """
    file = worker.log.open(encoding="utf-8", errors="backslashreplace")
    try:
        said = file.readlines()
        if len(said) < lines:
            said = _put_aside(worker.log) + said
        yield from (safe(line.rstrip("\n"), 2000) for line in said[max(0, len(said) - lines) :])
        while on:
            runs, aside = _runs(worker.pid, worker.started), _is_aside(worker.log, file.fileno())
            # Asked before the rest is read, so that nothing is missed: who has ended or moved on writes no more.
            yield from (safe(line.rstrip("\n"), 2000) for line in file)
            if aside:
                file.close()
                file = worker.log.open(encoding="utf-8", errors="backslashreplace")
            elif not runs:
                return
            else:
                time.sleep(0.1)
    finally:
        file.close()


def _put_aside(log: Path) -> list[str]:
    """What was written before the log was begun anew (`log` keeps one such file)."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"{log}.1").read_text("utf-8", "backslashreplace").splitlines(keepends=True)
    return []


def _is_aside(log: Path, opened: int) -> bool:
    """Whether another file stands under the name of the log by now."""
    with contextlib.suppress(FileNotFoundError):
        return not os.path.samestat(log.stat(), os.fstat(opened))
    return False  # it is about to be begun


def note_end(code: int) -> None:
    """Called by a worker that ends: whoever launched it may want to know how."""
    path = os.environ.get(END_VARIABLE)
    if path:
        with contextlib.suppress(OSError):
            Path(path).write_text(str(code))


def _kept(worker: LocalWorker) -> Mapping[str, Any]:
    return {field: value for field, value in asdict(worker).items() if field not in ("state", "exit_code")}


def _judged(kept: Mapping[str, Any]) -> LocalWorker:
    values = {**kept, "queues": tuple(kept["queues"])}
    worker = LocalWorker(**values)
    if _runs(worker.pid, worker.started):
        return worker
    with contextlib.suppress(OSError, ValueError):
        code = int((_folder() / f"{worker.name}.end").read_text())
        return LocalWorker(**values, state="ended", exit_code=code)
    return LocalWorker(**values, state="vanished")


def _signal(worker: LocalWorker, number: int) -> bool:
    if not _runs(worker.pid, worker.started):
        return False
    try:
        os.kill(worker.pid, number)
    except OSError:
        return False
    return True


def _runs(pid: int, started: str) -> bool:
    for process in _ours:
        if process.pid == pid and process.poll() is not None:
            return False
    return bool(started) and _start_of(pid) == started


def _start_of(pid: int) -> str:
    """When a process began, in the system's words; empty when it is gone or only waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip()
    return "" if fields[0] == "Z" else fields[19]


def _folder() -> Path:
    folder = data_dir() / "fleet"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _record(name: str) -> Path:
    return _folder() / f"{name}.json"
