"""A real Prometheus scrapes `metrics --serve` over working queues: every panel and every rule answer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue

from pantry_queue.config import Settings
from tests.redis.engines.servers import free_port, until

from .crew import Crew

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")

pytestmark = pytest.mark.skipif(
    PROMETHEUS is None or PROMTOOL is None, reason="no prometheus and promtool on this machine"
)

#: What Grafana puts in for its own variables: four scrapes, as it does itself.
_VARIABLES = {"$job": "rq", "$queue": ".*", "$__rate_interval": "4s"}


def expressions() -> list[str]:
    """What the panels of the dashboard ask, one line each."""
    board = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


def choices() -> list[tuple[str, str]]:
    """What the choices above the panels are made of: selector and label."""
    board = json.loads((DOCS / "grafana.json").read_text("utf-8"))
    asks = " ".join(variable.get("definition", "") for variable in board["templating"]["list"])
    found = re.findall(r"label_values\((\S+), (\w+)\)", asks)
    assert len(found) == 3
    return found


def rules() -> str:
    """The rules that docs/metrics.md gives, as a file of Prometheus."""
    found = re.search(r"^## Alerting rules\n+```yaml\n(.*?)^```", (DOCS / "metrics.md").read_text("utf-8"), re.M | re.S)
    assert found
    return found[1]


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process, ended with the block."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environment}, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def asked(address: str, path: str, **query: str) -> Any:
    """What the HTTP API of Prometheus answers."""
    url = f"{address}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


@pytest.fixture
def exporter(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """Host and port of `metrics --serve`."""
    log = tmp_path / "exporter.log"
    command = [sys.executable, "-m", "console", "metrics", "--serve", "0"]
    with running(command, log, PANTRY_REDIS_URL=str(settings.redis_url), PANTRY_CONFIG="/nowhere"):
        until(lambda: "Metrics at" in log.read_text())
        found = re.search(r"http://([\d.:]+)/", log.read_text())
        assert found
        yield found[1]


@pytest.fixture
def prometheus(exporter: str, tmp_path: Path) -> Iterator[str]:
    """Address of a Prometheus that scrapes it each second, with the rules of the document."""
    config, port = tmp_path / "prometheus.yml", free_port()
    (tmp_path / "rules.yml").write_text(rules())
    config.write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: rq, static_configs: [{{targets: ['{exporter}']}}]}}]\n"
    )
    told = subprocess.run([str(PROMTOOL), "check", "config", str(config)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    command = [str(PROMETHEUS), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'series'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with running(command, tmp_path / "prometheus.log"):
        yield f"http://127.0.0.1:{port}"


def test_every_panel_and_rule_answers(redis_client: Redis, crew: Crew, exporter: str, prometheus: str) -> None:
    redis_client.config_set("maxmemory", 1 << 30)
    try:
        busy, nobody = Queue("busy", connection=redis_client), Queue("nobody", connection=redis_client)
        nobody.enqueue("operator.add", 1, 2)
        for _ in range(300):
            busy.enqueue("time.sleep", 0.02)
            busy.enqueue("operator.truediv", 1, 0)
        crew.ours("worker", "busy")
        with urllib.request.urlopen(f"http://{exporter}/metrics", timeout=10) as answer:
            text = answer.read()
        checked = subprocess.run([str(PROMTOOL), "check", "metrics"], input=text, capture_output=True, check=False)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
        until(lambda: is_up(prometheus))
        left = {put_in(expression, exporter) for expression in expressions()}

        def each_has_answered() -> bool:
            left.difference_update([one for one in left if has_answer(prometheus, one)])
            return not left

        try:
            until(each_has_answered, 60)
        except AssertionError:
            pytest.fail(f"no data for {sorted(left)}")
        for selector, label in choices():
            assert asked(prometheus, f"label/{label}/values", **{"match[]": put_in(selector, exporter)}), label
        until(lambda: all(rule["health"] != "unknown" for rule in ruled(prometheus)))
        assert {rule["health"] for rule in ruled(prometheus)} == {"ok"}, ruled(prometheus)
        assert "NoWorker" in {rule["name"] for rule in ruled(prometheus) if rule["state"] in ("pending", "firing")}
    finally:
        redis_client.config_set("maxmemory", 0)


def put_in(expression: str, exporter: str) -> str:
    """With the values of Grafana's variables."""
    for name, value in (_VARIABLES | {"$instance": exporter}).items():
        expression = expression.replace(name, value)
    return expression


def has_answer(address: str, expression: str) -> bool:
    """Whether there are numbers."""
    found = [float(one["value"][1]) for one in asked(address, "query", query=expression)["result"]]
    return bool(found) and not any(map(isnan, found))


def is_up(address: str) -> bool:
    """Whether Prometheus answers, and has scraped."""
    try:
        return has_answer(address, "rq_up")
    except OSError:
        return False


def ruled(address: str) -> list[dict[str, Any]]:
    """The alerting rules, with how they fare."""
    return [rule for group in asked(address, "rules")["groups"] for rule in group["rules"]]
