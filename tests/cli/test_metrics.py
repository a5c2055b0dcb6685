"""`metrics`: what is told, against document and dashboard; served to a user who may only look; hostile names."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Queue, Worker

from pantry_queue import embedded
from pantry_queue.config import Settings
from pantry_queue.connection import connect
from pantry_queue.keys import Keys
from pantry_queue.metrics import deployment
from pantry_queue.metrics.collector import DeploymentCollector, registry_of
from pantry_queue.metrics.sheet import Sheet
from pantry_queue.metrics.table import METRICS
from pantry_queue.monitor.model import Counts, QueueStat, RedisFacts, Snapshot, WorkerStat
from pantry_queue.monitor.rates import RateHistory
from pantry_queue.text import SafeText, safe
from pantry_queue.workers.allowlist import AllowList
from pantry_queue.workers.pantry_worker import PantryWorker
from tests.hygiene.test_law1 import everything

from .conftest import Cli
from .inside import cli

__all__ = ["cli"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def told(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels; no series is told twice."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series = found.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in series, f"{sample.name} {labels} is told twice"
            series[labels] = sample.value
    return found


def value(text: str, metric: str, /, **labels: str) -> float:
    return told(text)[metric][tuple(sorted(labels.items()))]


def shape(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Type and labels by name, as docs/metrics.md writes them."""
    found = {}
    for family in text_string_to_metric_families(text):
        labels = {label for sample in family.samples for label in sample.labels if label != "le"}
        if not family.name.endswith("_created"):
            name = family.name + ("_total" if family.type == "counter" else "")
            found[name] = (family.type, frozenset(labels))
    return found


def scraped(client: Redis) -> CollectorRegistry:
    return registry_of(DeploymentCollector(lambda: nullcontext(client), Keys(), "here"))


def test_the_document_lists_what_is_told(history: Redis, settings: Settings) -> None:
    history.set("rq:scheduler-lock:emails", "someone", ex=60)
    idle = Worker(["emails"], connection=history, name="idle")
    idle.register_birth()
    idle.set_state("idle")
    registry = scraped(history)
    Queue("done", connection=history).enqueue("operator.add", 1, 2)
    generate_latest(registry)
    PantryWorker(["done"], connection=history, allow=AllowList(["*"])).work(burst=True)
    text = generate_latest(registry).decode()
    away = DeploymentCollector(partial(_refused, settings), Keys(), "there")
    real = shape(text) | shape(generate_latest(registry_of(away)).decode())
    lines = re.findall(r"^\| `([a-z_]+)` \| (\w+) \|(.*?)\|", (DOCS / "metrics.md").read_text("utf-8"), re.MULTILINE)
    written = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in lines}
    assert real == written
    assert list(written) == list(METRICS)
    assert value(text, "rq_jobs", queue="emails", status="queued") == 3
    assert value(text, "rq_workers", name="idle", state="idle", queues="emails") == 1
    assert value(text, "pantry_function_runs_total", func="operator.add") == 1
    assert value(text, "pantry_function_run_seconds_bucket", func="operator.add", le="+Inf") == 1
    assert value(text, "pantry_queue_out_per_second", queue="done") > 0
    assert value(text, "pantry_scheduler_locked", queue="done") == 0
    (family,) = [one for one in open_metrics_of(registry, "rq_up") if one.name == "rq_up"]
    assert family.samples[0].value == 1


def _refused(settings: Settings) -> Any:
    from console.cli.target import reader

    return reader(replace(settings, redis_url="redis://127.0.0.1:1/0"))


def open_metrics_of(registry: CollectorRegistry, name: str) -> list[Any]:
    from prometheus_client.openmetrics.exposition import generate_latest as as_open_metrics

    assert list(open_metrics(as_open_metrics(registry).decode()))
    return list(open_metrics(as_open_metrics(registry.restricted_registry([name])).decode()))


def test_the_dashboard_and_the_rules_name_what_there_is() -> None:
    board = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["type"] in ("row", "stat", "timeseries", "table")
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
        refs = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(refs)) == len(refs) > 0 or panel["type"] == "row"
    names = {variable["name"] for variable in board["templating"]["list"]}
    assert names == {"datasource", "job", "instance", "queue"}
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    expressions += re.findall(r"expr: '?([^,\n]+)", (DOCS / "metrics.md").read_text("utf-8"))
    seen: set[str] = set()
    for name, selector in re.findall(r"\b((?:rq|pantry)_[a-z_]+)(?:\{([^}]*)\})?", " ".join(expressions)):
        metric = METRICS[re.sub(r"_(bucket|count|sum)$", "", name)]
        seen.add(metric.name)
        labels = set(re.findall(r"(\w+)=", selector)) - {"job", "instance"}
        assert labels <= {*metric.labels, "le"}, f"{name} has no such label: {labels}"
    assert len(seen) > 25


def test_printed_once(cli: Cli, history: Redis) -> None:
    done = cli("metrics")
    assert (done.code, done.err) == (0, "")
    assert value(done.out, "rq_up") == 1
    assert "pantry_queue_in_per_second" not in done.out
    away = cli("--url", "redis://127.0.0.1:1/0", "metrics")
    assert (away.code, away.err.count("\n")) == (5, 1)
    assert value(away.out, "rq_up") == 0
    assert value(away.out, "pantry_trouble", cause="refused") == 1
    assert cli("metrics", "--serve", "70000").code == 2
    assert cli("--url", "ftp://x", "metrics", "--serve", "0").code == 2
    nowhere = cli("metrics", "--serve", "0", "--host", "203.0.113.7")
    assert (nowhere.code, nowhere.err.count("\n")) == (1, 1)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[embedded.EmbeddedServer]:
    """A server that can be taken away."""
    server = embedded.start(tmp_path)
    yield server
    server.stop()


def test_served_to_a_user_who_may_only_look_while_redis_comes_and_goes(own_server: embedded.EmbeddedServer) -> None:
    here = replace(Settings(), redis_url=own_server.url)
    client = connect(here)
    Queue("q", connection=client).enqueue("operator.add", 1, 2)
    rule = re.search(r"^## Viewer\n.*?^```\n(.*?)^```", (DOCS / "acl.md").read_text("utf-8"), re.M | re.S)
    assert rule
    client.execute_command("ACL", "SETUSER", "viewer", "reset", "on", ">look", *rule[1].split())
    before = everything(client)
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "metrics", "--serve", "0"],
        env={"PATH": os.environ["PATH"], "PANTRY_REDIS_URL": own_server.url.replace("unix://", "unix://viewer:look@")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        found = re.fullmatch(r"Metrics at (http://127\.0\.0\.1:\d+/metrics)\n", process.stderr.readline())
        assert found
        address = found[1]
        client.config_resetstat()
        for _ in range(3):
            text = get(address)
            assert value(text, "rq_jobs", queue="q", status="queued") == 1
        calls = client.info("commandstats")
        assert calls["cmdstat_time"]["calls"] == 3, "one snapshot a scrape"
        assert client.execute_command("ACL", "LOG") == []
        assert everything(client) == before
        assert "rq_up 1.0" in get(address, Accept="application/openmetrics-text; version=1.0.0")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=10)
        assert refused.value.code == 405
        own_server.stop()
        text = get(address)
        assert value(text, "rq_up") == 0
        assert "rq_jobs" not in text
        assert process.stderr.readline().startswith("No Redis answers at unix://viewer:***@")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def get(address: str, **headers: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
        assert answer.status == 200
        body: bytes = answer.read()
    return body.decode()


def rendered(snapshot: Snapshot) -> str:
    sheet = Sheet()
    deployment.fill(sheet, snapshot, RateHistory())
    registry = CollectorRegistry()
    collected = list(sheet.families())
    registry.register(type("Fixed", (), {"collect": lambda _: collected})())
    return generate_latest(registry).decode()


def deployed(queues: list[bytes], workers: list[bytes] | None = None) -> Snapshot:
    return Snapshot(
        taken_at=NOW,
        round_trip_ms=1.0,
        target=SafeText("x"),
        redis=RedisFacts(),
        queues=tuple(QueueStat(safe(raw), Counts(queued=1, failed=2), raw_name=raw) for raw in queues),
        workers=tuple(
            WorkerStat(safe(raw), safe(raw), (safe(raw),), (), "alive", SafeText(""), raw_name=raw, successful=3)
            for raw in workers or ()
        ),
    )


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\x1b", b"\\x1b", b'"} 1\n', b"\\", b"#"]), unique=True))
def test_hostile_names_stay_labels(names: list[bytes]) -> None:
    text = rendered(deployed(names, names))
    found = told(text)
    assert all(line.isprintable() for line in text.splitlines())
    queued = {labels: number for labels, number in found.get("rq_jobs", {}).items() if ("status", "queued") in labels}
    assert sum(queued.values()) == len(names)
    assert {dict(labels)["queue"] for labels in queued} == {str(safe(raw)) for raw in names}
    assert sum(found.get("rq_workers_success_total", {}).values()) == 3 * len(names)


def test_series_are_bounded_and_nothing_is_lost_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert deployment.MOST_QUEUES == deployment.MOST_WORKERS == 1000
    monkeypatch.setattr(deployment, "MOST_QUEUES", 20)
    monkeypatch.setattr(deployment, "MOST_WORKERS", 20)
    names = [b"q%d" % number for number in range(25)]
    found = told(rendered(deployed(names, names)))
    assert len(found["rq_workers"]) == 20
    assert len({dict(labels)["queue"] for labels in found["rq_jobs"]}) == 21
    assert found["rq_jobs"][("queue", "…others"), ("status", "failed")] == 10
    left_out = {labels[0][1]: count for labels, count in found["pantry_left_out"].items()}
    assert left_out == {"queues": 5, "workers": 5}
