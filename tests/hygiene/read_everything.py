"""Run by test_law1 in a process of its own: calls every public reader, under an audit hook that forbids the rest.

Arguments: URL of the server, path of its socket. Prints what it saw as JSON.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

FORBIDDEN = ("pickle.find_class", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn")
#: Between them they look at every field.
FILTERS = ("", "args:posix func:m error:x age>0 runtime<9w wait<9w ended<9w retries<9 or worker:* or text")
tried: list[str] = []


def watch(socket_path: str) -> None:
    """Forbid what would run code, and every connection but the one to Redis."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        elsewhere = event == "socket.connect" and arguments[1] != socket_path
        if event in FORBIDDEN or event == "urllib.Request" or elsewhere:
            tried.append(f"{event} {arguments!r}")
            raise PermissionError(f"reading did this: {event}")

    sys.addaudithook(hook)


def readers() -> Iterator[str]:
    """Every public function of the monitor that is given a client."""
    import pantry_queue.monitor as package

    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for name, thing in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or thing.__module__ != module.__name__:
                continue
            if "client" in inspect.signature(thing).parameters:
                yield f"{module_info.name}.{name}"


def main(url: str, socket_path: str) -> None:
    from contextlib import nullcontext
    from dataclasses import replace

    from pantry_queue import history, recalling
    from pantry_queue.config import Settings
    from pantry_queue.connection import connect
    from pantry_queue.keys import Keys
    from pantry_queue.metrics.collector import DeploymentCollector
    from pantry_queue.monitor import (
        diagnosis,
        differences,
        events,
        failures,
        functions,
        job,
        joblog,
        jobs,
        kept_alerts,
        merge,
        query,
        raw,
        schedule,
        search,
        snapshot,
        tree,
    )
    from pantry_queue.monitor.model import STATES
    from pantry_queue.monitor.wire import name_of

    client, keys = connect(replace(Settings(), redis_url=url), "reader"), Keys()
    watch(socket_path)
    ids: set[bytes] = set()

    def windows() -> Iterator[Any]:
        for state in STATES:
            for queue in (None, "q", ["q", "other"]):
                for newest_first in (True, False):
                    found = jobs.window(client, keys, state, queue=queue, count=500, newest_first=newest_first)
                    ids.update(row.raw_id for row in found.rows)
                    yield found

    def details() -> Iterator[Any]:
        for job_id in ids:
            for reveal in (False, True):
                yield job.read(client, keys, job_id, reveal=reveal)

    names = snapshot.KnownNames()
    exporter = DeploymentCollector(lambda: nullcontext(client), keys, "t", once=True)
    calls: dict[str, Callable[[], Any]] = {
        "snapshot.take": lambda: [snapshot.take(client, keys, target="t", names=names) for _ in range(3)],
        "jobs.window": lambda: list(windows()),
        "job.read": lambda: list(details()),
        "search.search": lambda: [list(search.search(client, keys, query.parse(text))) for text in FILTERS],
        "failures.groups": lambda: failures.groups(client, keys),
        "failures.members": lambda: list(failures.members(client, keys, {"x"})),
        "functions.read": lambda: functions.read(client, keys, 7200),
        "functions.reading": lambda: list(functions.reading(client, keys, 7200)),
        "differences.look": lambda: differences.look(client, keys, differences.look(client, keys).running),
        "history.read": lambda: [history.read(client, keys, since) for since in (3600, history.MONTH)],
        "events.newest": lambda: events.newest(client, keys, 10),
        "events.after": lambda: events.after(client, keys, "0-0", 10),
        "kept_alerts.read": lambda: kept_alerts.read(client, keys),
        "kept_alerts.known_kinds": lambda: kept_alerts.known_kinds(client, keys),
        "recalling": lambda: (recalling.recall(client, keys, "t"), recalling.canceled(client, keys)),
        "joblog.read": lambda: [joblog.read(client, keys, one) for one in ids],
        "joblog.progress": lambda: [joblog.progress(client, keys, one) for one in ids],
        "raw.read": lambda: [raw.read(client, keys, one) for one in ids],
        "schedule.read": lambda: schedule.read(client, keys),
        "tree.read": lambda: [
            tree.read(client, keys, one, direction=way) for one in ids for way in ("dependencies", "dependents")
        ],
        "diagnosis.why": lambda: [diagnosis.why(client, keys, name_of(one)) for one in ids],
        "diagnosis.examine": lambda: diagnosis.examine(client, keys),
        "metrics": lambda: list(exporter.collect()),
        "merge.queue_names": lambda: merge.queue_names(client, keys),
    }
    # Parts of the readers above, called by them.
    parts = set("wire.ask wire.exchange each.ask_each each.ask_all merging.merged merge.enqueued jobs.read".split())
    parts |= {"candidate.candidates", "failures.read", "seek.strands_at", "seek.suppose", "seek_lists.offsets"}
    parts |= {"nearby.window", "nearby.remember", "nearby.suppose", "stretch.read", "each.run"}
    seen = {name: repr(call()) for name, call in calls.items()}
    untried = set(readers()) - calls.keys() - parts
    modules = [name for name in ("rq", "evil_callbacks", "pantry_queue.control") if name in sys.modules]
    json.dump({"tried": tried, "untried": sorted(untried), "modules": modules, "seen": seen}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
