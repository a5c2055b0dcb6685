"""The entry point of a worker process: `python -m pantry_queue.workers.worker` and `pantry-console workers run`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pantry_queue.config import Settings
from pantry_queue.connection import connect, describe, translated
from pantry_queue.errors import ConfigError, MissingExtra, PantryError, RedisUnavailable, StoreUnavailable
from pantry_queue.text import safe
from pantry_queue.workers import fleet, naming
from pantry_queue.workers.log import log_to_stderr

if TYPE_CHECKING:
    from redis import Redis

    from pantry_queue.workers.pantry_worker import PantryWorker

EXIT_USAGE = 2
EXIT_REDIS = 5
#: An end that nobody asked for (EX_SOFTWARE). RQ itself would leave with 0, and a supervisor would not restart it.
EXIT_BROKEN = 70

# An idle worker beats every five seconds; its hash outlives it by little more than a minute.
_WORKER_TTL = 45
#: A clock further off than this makes run times and waits lie, and stock workers put running jobs back.
_CLOCK_SECONDS = 5.0

_MAC_VARIABLE = "OBJC_DISABLE_INITIALIZE_FORK_SAFETY"

# Not __name__, which is "__main__" under `python -m` and has no handler.
logger = logging.getLogger("pantry_queue.workers.worker")


def run_worker(
    settings: Settings,
    *,
    queues: Sequence[str] | None = None,
    burst: bool | None = None,
    name: str | None = None,
    jobs_per_horse: int | None = None,
) -> int:
    """Work until asked to stop: SIGTERM, SIGINT or SIGHUP once lets the running job end, twice does not.

    Whatever can be said before work begins is one sentence on standard error; the log goes there too.

    Args:
        settings: where Redis is and what the service's queues are called.
        queues: names in the order they are taken; the service's own by default.
        burst: end when the queues are empty; as the settings say by default.
        name: the worker's name; as the settings say, else made from host and pid.
        jobs_per_horse: jobs one process runs before it is replaced; as the settings say by default.

    Returns:
        The exit code: 0 done or stopped on request, 2 a setting cannot be used, 5 Redis is away or refuses us,
        70 the worker broke off by itself.
    """
    log_to_stderr()
    in_burst = settings.burst_mode if burst is None else burst
    try:
        names = _queue_names(settings, queues)
        _warm_up(settings, names)
        with translated(settings):
            worker = _worker(settings, names, name or settings.worker_name, jobs_per_horse)
            worker.listen_to_signals()
            worker.work(burst=in_burst, with_scheduler=True)
    except RedisUnavailable as error:
        return _say(error, EXIT_REDIS)
    except PantryError as error:
        return _say(error, EXIT_USAGE)
    if worker.was_asked_to_stop or in_burst:
        return 0
    logger.error("Worker %s broke off; see above for the reason.", worker.name)
    return EXIT_BROKEN


def _say(error: PantryError, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


def _queue_names(settings: Settings, queues: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(queues or settings.queue_names)
    for name in names:
        if not name or not name.isprintable() or any(char in name for char in " ,"):
            raise ConfigError(f"The queue name {safe(name, 60)!r} should be printable, without spaces and commas.")
    return tuple(dict.fromkeys(names))


def _warm_up(settings: Settings, names: Sequence[str]) -> None:
    """Import what the service's jobs need before the first fork, so that no job pays for it."""
    if not set(names).intersection(settings.queue_names):
        return
    try:
        from pantry_queue.tasks import ocr_tasks

        ocr_tasks.warm_up(settings)
    except ImportError:
        raise MissingExtra("A worker of the receipt queue", "worker") from None
    except StoreUnavailable as error:
        # Other jobs can be done meanwhile, and those of receipts are tried again.
        logger.warning("%s Receipts wait until it answers.", error)


def _worker(settings: Settings, names: Sequence[str], wished: str | None, jobs_per_horse: int | None) -> PantryWorker:
    from pantry_queue.workers.allowlist import AllowList
    from pantry_queue.workers.horses import Limits
    from pantry_queue.workers.pantry_worker import PantryWorker

    # Asked on a connection that gives up soon; the worker's own waits for minutes, as it must once it is at work.
    quick = connect(settings, "client")
    quick.ping()
    _check_clock(quick)
    name = naming.choose(quick, wished)
    quick.close()
    logger.info("Worker %s takes %s from %s.", name, ", ".join(names), describe(settings))
    allow = AllowList(settings.allowed_tasks)
    if allow.open:
        logger.warning(
            "WORKER_ALLOWED_TASKS is *: whoever may write to Redis runs any code here. Name the tasks instead."
        )
    return PantryWorker(
        list(names),
        name=name,
        connection=connect(settings, "worker"),
        allow=allow,
        limits=Limits(jobs=jobs_per_horse or settings.jobs_per_horse, memory=settings.horse_memory_mb << 20),
        default_result_ttl=settings.result_ttl,
        worker_ttl=_WORKER_TTL,
    )


def _check_clock(client: Redis) -> None:
    seconds, micros = client.time()
    off = time.time() - (seconds + micros / 1e6)
    if abs(off) > _CLOCK_SECONDS:
        raise ConfigError(f"This machine's clock is {off:+.0f} s off that of Redis: set both by the same time server.")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pantry_queue.workers.worker",
        description="Run a worker of the receipt queue. Environment and .env are read as by every part of the service.",
    )
    parser.add_argument("--queue", action="append", metavar="NAME", help="a queue to take from, in this order")
    parser.add_argument("--burst", action="store_true", default=None, help="end when the queues are empty")
    parser.add_argument("--name", help="the worker's name")
    parser.add_argument(
        "--jobs-per-horse",
        type=_positive,
        metavar="N",
        help="jobs one process runs before it is replaced, 1 is RQ's way",
    )
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def make_forks_safe_on_mac() -> None:
    """Start this process again with the variable that lets a forked process of macOS use system frameworks.

    Its runtime reads the variable once, at the start of the process, and ends a forked child that touches a framework
    (a name look-up is enough) while another thread is about; RQ's documentation asks for it too.
    """
    if sys.platform == "darwin" and _MAC_VARIABLE not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, _MAC_VARIABLE: "YES"})


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code of `run_worker`."""
    arguments = _arguments(argv)
    make_forks_safe_on_mac()
    try:
        settings = Settings.from_env()
    except ConfigError as error:
        return _say(error, EXIT_USAGE)
    return run_worker(
        settings,
        queues=arguments.queue,
        burst=arguments.burst,
        name=arguments.name,
        jobs_per_horse=arguments.jobs_per_horse,
    )


if __name__ == "__main__":
    code = main()
    fleet.note_end(code)
    sys.exit(code)
