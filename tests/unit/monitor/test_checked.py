"""Every finding of a deployment belongs to one thing that is judged; what was not asked is not called fine."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from pantry_queue.monitor.alert_rules import CODES, Rules
from pantry_queue.monitor.diagnosis import awaiting, failing, health, judge, keeping, scheduling, serving
from pantry_queue.monitor.diagnosis.checked import JUDGED
from pantry_queue.monitor.diagnosis.deployment import DeploymentFacts
from pantry_queue.monitor.diagnosis.lost import Lost
from pantry_queue.monitor.diagnosis.model import Check, Examination, Finding
from tests.tui.support import snapshot


def _codes() -> set[str]:
    """What `alerts` and the rules call their findings."""
    found = {*CODES} - {"redis-away"}
    for module in (awaiting, health, keeping, serving, scheduling, failing):
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "finding":
                found.add(ast.literal_eval(call.args[1]))
    return found


def test_each_finding_belongs_to_one_check() -> None:
    judged = Counter(code for one in JUDGED for code in one.codes)
    assert max(judged.values()) == 1
    assert judged.keys() == _codes()


def test_findings_and_what_is_well_make_the_whole() -> None:
    found = judge(DeploymentFacts(snapshot(), lost=Lost(4012, True)))
    assert {one.code for one in found.findings} == {one.code for check in found.checks for one in _all(check, found)}
    marks = {one.code: one.mark for one in found.checks}
    assert marks["served"] == "cause", "nobody listens to pdf"
    assert marks["suspended"] == marks["placed"] == "fine"
    assert marks["slow-log"] == marks["moves"] == "unknown"
    assert any("4,012 looked at" in one.says for one in found.checks)
    unasked = {one.code: one.mark for one in judge(DeploymentFacts(snapshot())).checks}
    assert unasked["placed"] == "unknown"
    quiet = judge(DeploymentFacts(snapshot()), rules=Rules(muted=frozenset({"no-worker"})))
    assert next(one for one in quiet.checks if one.code == "served").says.endswith("muted here")


def _all(check: Check, found: Examination) -> list[Finding]:
    codes = next(one.codes for one in JUDGED if one.code == check.code)
    return [one for one in found.findings if one.code in codes]
