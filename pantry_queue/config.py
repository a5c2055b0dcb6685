"""Settings: every environment variable of the service, read in one place, validated, secrets masked.

The real environment wins over a `.env` file in the current directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from pantry_queue.errors import ConfigError

T = TypeVar("T")

#: Where a whole Redis URL is looked for, first hit wins; without any, the `REDIS_*` parts are used.
REDIS_URL_VARIABLES = ("PANTRY_REDIS_URL", "RQ_REDIS_URL", "REDIS_URL")
EMBEDDED = "embedded"

_DATABASE_SCHEMES = ("sqlite", "postgresql", "postgres")
_USERINFO = re.compile(r"(?P<scheme>[a-z0-9+.-]+://)(?P<user>[^:@/\s]*):(?P<password>[^\s]*)@", re.IGNORECASE)
_IN_QUERY = re.compile(r"(?P<name>[?&]\w*password=)[^&\s]*", re.IGNORECASE)


def mask_url(url: str) -> str:
    """`url` with its passwords replaced by `***`; safe for messages and titles."""
    return _IN_QUERY.sub(r"\g<name>***", _USERINFO.sub(r"\g<scheme>\g<user>:***@", url))


@dataclass(frozen=True, slots=True)
class Settings:
    """What services, workers and console are set up with. Field order follows the README.

    Attributes:
        redis_url: a whole URL (`redis://`, `rediss://`, `unix://`, `redis+sentinel://` or `embedded`), or None:
            then `redis_host`, `redis_port`, `redis_db` and `redis_password` are used.
        queue_name: queue of receipts; `low_queue_name` is derived from it.
        default_timeout: seconds a job may run; -1 is without limit.
        result_ttl: seconds a finished job is kept; -1 for ever, 0 not at all.
        failure_ttl: seconds a failed job is kept; -1 for ever.
        agent_urls: base URLs of the OCR agents, without a trailing slash.
        agent_token: the bearer token the agents want to see; empty when they want none.
        database_url: as written in `DATABASE_URL`; `store_url` is the form SQLAlchemy is given.
        worker_name: None when it is to be made from host and pid.
        burst_mode: a worker ends when its queues are empty.
        receipts_dir: as written in `RECEIPTS_DIR`; `upload_dir` is where uploads are kept.
        allowed_tasks: prefixes of the dotted paths a worker runs; `*` is everything.
        jobs_per_horse: jobs one process of a worker runs before it is replaced.
        horse_memory_mb: MiB it may hold before it is replaced.
    """

    redis_url: str | None = field(default=None, repr=False)
    redis_host: str = "localhost"
    redis_port: int = 6379
    redis_db: int = 0
    redis_password: str = field(default="", repr=False)
    queue_name: str = "pantry-pilot"
    default_timeout: int = 600
    result_ttl: int = 3600
    failure_ttl: int = 86400
    agent_urls: tuple[str, ...] = ("http://localhost:8002",)
    agent_token: str = field(default="", repr=False)
    database_url: str | None = field(default=None, repr=False)
    worker_name: str | None = None
    burst_mode: bool = False
    receipts_dir: str | None = None
    allowed_tasks: tuple[str, ...] = ("pantry_queue.tasks.",)
    jobs_per_horse: int = 100
    horse_memory_mb: int = 1024

    @property
    def low_queue_name(self) -> str:
        """The queue of low priority, which workers take last."""
        return f"{self.queue_name}-low"

    @property
    def queue_names(self) -> tuple[str, str]:
        """All queues of the service in the order workers take them."""
        return (self.queue_name, self.low_queue_name)

    @property
    def store_url(self) -> str:
        """URL for SQLAlchemy's synchronous engine.

        The asynchronous driver in `postgresql+asyncpg://` names the same server; psycopg is what we talk to it with.
        Without `DATABASE_URL` it is a SQLite file in the data directory.
        """
        if self.database_url is None:
            return f"sqlite:///{data_dir() / 'receipts.db'}"
        scheme, rest = self.database_url.split("://", 1)
        if scheme.startswith("sqlite"):
            return f"sqlite://{rest}"
        return f"postgresql+psycopg://{rest}"

    @property
    def upload_dir(self) -> Path:
        """Absolute folder uploaded images are kept in, which the agent must be allowed to read (`IMAGE_ROOTS`)."""
        if self.receipts_dir is None:
            return data_dir() / "receipts"
        return Path(self.receipts_dir).expanduser().absolute()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
        """Read the environment.

        Args:
            environ: variables, `os.environ` when left out.
            dotenv: file with more variables; `.env` in the current directory when `environ` is left out.

        Raises:
            ConfigError: names the variable, what it holds and what it should be.
        """
        if environ is None:
            environ = os.environ
            dotenv = dotenv or Path(".env")
        values = {**_dotenv(dotenv), **environ}
        read = _Reader(values)
        defaults = cls()
        return cls(
            redis_url=next((values[name] for name in REDIS_URL_VARIABLES if values.get(name)), None),
            redis_host=read("REDIS_HOST", _host, "a host name or address", defaults.redis_host),
            redis_port=read("REDIS_PORT", _between(1, 65535), "a port from 1 to 65535", defaults.redis_port),
            redis_db=read("REDIS_DB", _between(0, 65535), "a database number, 0 or more", defaults.redis_db),
            redis_password=values.get("REDIS_PASSWORD", ""),
            queue_name=read("QUEUE_NAME", _queue_name, "a queue name without spaces or commas", defaults.queue_name),
            default_timeout=read(
                "DEFAULT_TIMEOUT",
                _seconds(1),
                "seconds, 1 or more, or -1 for no limit",
                defaults.default_timeout,
            ),
            result_ttl=read("RESULT_TTL", _seconds(0), "seconds, 0 or more, or -1 for ever", defaults.result_ttl),
            failure_ttl=read("FAILURE_TTL", _seconds(1), "seconds, 1 or more, or -1 for ever", defaults.failure_ttl),
            agent_urls=read(
                "AGENT_URL",
                _agent_urls,
                "one http:// or https:// URL, or several with commas between",
                defaults.agent_urls,
            ),
            agent_token=values.get("AGENT_TOKEN", ""),
            database_url=read(
                "DATABASE_URL", _database_url, "a postgresql:// or sqlite:/// URL", defaults.database_url
            ),
            worker_name=read(
                "WORKER_NAME", _worker_name, "a printable name without spaces, at most 200 characters", None
            ),
            burst_mode=read("BURST_MODE", _switch, "true or false", defaults.burst_mode),
            receipts_dir=read("RECEIPTS_DIR", _folder, "the path of a folder", None),
            allowed_tasks=read(
                "WORKER_ALLOWED_TASKS",
                _task_prefixes,
                "dotted paths or beginnings of them with commas between, or *",
                defaults.allowed_tasks,
            ),
            jobs_per_horse=read(
                "WORKER_JOBS_PER_HORSE", _between(1, 10**9), "a number of jobs, 1 or more", defaults.jobs_per_horse
            ),
            horse_memory_mb=read(
                "WORKER_HORSE_MEMORY_MB", _between(16, 10**7), "MiB, 16 or more", defaults.horse_memory_mb
            ),
        )


def data_dir() -> Path:
    """Where the embedded parts keep their files: `PANTRY_DATA_DIR`, else the user's data directory."""
    named = os.environ.get("PANTRY_DATA_DIR")
    if named:
        path = Path(named)
    else:
        from platformdirs import user_data_path

        path = user_data_path("pantry-console", appauthor=False)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _dotenv(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value is not None}


class _Reader:
    """Reads one variable with a parser that raises ValueError; an empty value is an unset one."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def __call__(self, name: str, parse: Callable[[str], T], expected: str, default: T) -> T:
        raw = self._values.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError:
            raise ConfigError(f"{name} is {mask_url(raw)!r}; it should be {expected}.") from None


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        value = int(raw)
        if not low <= value <= high:
            raise ValueError
        return value

    return parse


def _seconds(low: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        value = int(raw)
        if value != -1 and not low <= value <= 10**9:
            raise ValueError
        return value

    return parse


def _host(raw: str) -> str:
    if not raw.isprintable() or any(c in raw for c in " /@,"):
        raise ValueError
    return raw


def _queue_name(raw: str) -> str:
    # RQ stores a worker's queues as one list with commas, so a comma would split the name.
    if not raw.isprintable() or any(c in raw for c in " ,"):
        raise ValueError
    return raw


def _worker_name(raw: str) -> str:
    if not raw.isprintable() or " " in raw or len(raw) > 200:
        raise ValueError
    return raw


def _http_url(raw: str) -> str:
    parts: SplitResult = urlsplit(raw)
    _ = parts.port  # raises ValueError for a port that is none
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    return raw.rstrip("/")


def _agent_urls(raw: str) -> tuple[str, ...]:
    urls = tuple(_http_url(part.strip()) for part in raw.split(",") if part.strip())
    if not urls:
        raise ValueError
    return urls


def _task_prefixes(raw: str) -> tuple[str, ...]:
    prefixes = tuple(part.strip() for part in raw.split(",") if part.strip())
    if not prefixes or not all(prefix == "*" or prefix.replace(".", "").isidentifier() for prefix in prefixes):
        raise ValueError
    return prefixes


def _database_url(raw: str) -> str:
    scheme, separator, rest = raw.partition("://")
    if not separator or not rest or scheme.split("+")[0] not in _DATABASE_SCHEMES:
        raise ValueError
    return raw


def _folder(raw: str) -> str:
    if not raw.isprintable() or (Path(raw).exists() and not Path(raw).is_dir()):
        raise ValueError
    return raw


def _switch(raw: str) -> bool:
    word = raw.lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError
