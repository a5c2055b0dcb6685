"""What the benchmarks of the monitor share: a private server, data made on it, and memory of a process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect

if TYPE_CHECKING:
    from redis import Redis

#: Failed jobs numbered from ARGV[1] to ARGV[2], spread over ARGV[3] queues, one in a thousand of another function.
_JOBS = """
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local queue = 'q' .. (number % tonumber(ARGV[3]))
  local id = string.format('job-%08d-%s', number, string.rep('x', 20))
  local func = number % 1000 == 7 and 'app.tasks.send_mail' or 'app.tasks.resize'
  local minute = string.format('2026-11-%02dT%02d:%02d:', 1 + number % 20, number % 24, number % 60)
  redis.call('HSET', 'rq:job:' .. id, 'status', 'failed', 'origin', queue, 'description',
    func .. "('receipt-" .. number .. "', width=640)", 'created_at', minute .. '01.000000Z', 'enqueued_at',
    minute .. '02.000000Z', 'started_at', minute .. '03.000000Z', 'ended_at', minute .. '09.500000Z', 'worker_name',
    'w' .. (number % 1000), 'data', 'x', 'timeout', '180', 'success_callback_name', '', 'group_id', '')
  redis.call('ZADD', 'rq:failed:' .. queue, tonumber(ARGV[4]) + number % 100003, id)
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
end
"""
_WORKERS = """
for number = 0, tonumber(ARGV[1]) - 1 do
  local key = 'rq:worker:w' .. number
  redis.call('SADD', 'rq:workers', key)
  redis.call('SADD', 'rq:workers:q' .. (number % tonumber(ARGV[2])), key)
  redis.call('HSET', key, 'birth', '2026-11-24T00:00:00.000000Z', 'last_heartbeat', ARGV[3], 'queues',
    'q' .. (number % tonumber(ARGV[2])), 'pid', number, 'hostname', 'host' .. (number % 40) .. '.example.org',
    'ip_address', '10.0.0.' .. (number % 250), 'version', '3.0.0', 'python_version', '3.11.9 (main) [GCC 12.2.0]',
    'state', 'idle', 'successful_job_count', number * 17, 'failed_job_count', number, 'total_working_time', '1234.56')
  redis.call('EXPIRE', key, 470)
end
"""
#: When the first of the made jobs' entries expires.
FAR = 4_000_000_000
_CHUNK = 5000


@contextmanager
def server() -> Iterator[tuple[Settings, Redis]]:
    """A private server that writes nothing to disk, and a connection to it."""
    with tempfile.TemporaryDirectory() as folder:
        started = embedded.start(Path(folder))
        try:
            settings = replace(Settings(), redis_url=started.url)
            client = connect(settings)
            client.config_set("appendonly", "no")
            yield settings, client
        finally:
            started.stop()


def make_jobs(client: Redis, count: int, queues: int) -> None:
    """Failed jobs as RQ stores them, evenly spread over queues `q0`, `q1`, ..."""
    script = client.register_script(_JOBS)
    for start in range(0, count, _CHUNK):
        script(args=[start, min(start + _CHUNK, count) - 1, queues, FAR])


def make_workers(client: Redis, count: int, queues: int, now: str) -> None:
    """Idle workers, each listening to one queue."""
    client.register_script(_WORKERS)(args=[count, queues, now])


def apart(module: str, *arguments: str) -> Any:
    """What a benchmark's own code prints as JSON when it runs in a process of its own."""
    import json

    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def peak_mib() -> float:
    """The most memory this process has held so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would tell what the parent held when it started us
        kib = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kib) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
