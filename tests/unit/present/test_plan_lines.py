"""A plan as lines: what it joins, and what is left out where there is no room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.tui.present.acting import plan_lines, queues_told
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.plan import Group, Options, Plan, Selection
from pantry_queue.monitor.rates import RateHistory
from tests.tui.fixed import NOW, past, snapshot, text

PLAN = Plan(
    ACTIONS["jobs.requeue"],
    Options(),
    Selection(states=("failed",)),
    NOW,
    text("54 failed jobs"),
    groups=(Group("failed", tuple(f"job-{place}" for place in range(54))),),
    breakdown=((text("failed in emails"), 51), (text("failed in pdf"), 3)),
    functions=((text("app.mail.send"), 54),),
    sampled=54,
    oldest=NOW,
    newest=NOW,
    command=text("pantry-console jobs requeue --state failed"),
)


def told(plan: Plan, *, width: int = 80, room: int = 99) -> str:
    history = RateHistory()
    for earlier in past():
        history.observe(earlier)
    lines = plan_lines(plan, NOW, "", (width, room), queues_told(snapshot(), history))
    assert len(lines) <= room
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def test_what_waits_where_jobs_go_is_told() -> None:
    assert "emails: 797 wait, about" in told(PLAN)
    assert "pdf: 31 wait, no worker listens" in told(PLAN)
    assert "Joins      webhooks: 370 wait, paused" in told(replace(PLAN, options=Options(to="webhooks")))
    assert "not there yet" in told(replace(PLAN, options=Options(to="elsewhere")))


@pytest.mark.parametrize("room", [8, 9, 10, 12])
def test_what_matters_least_goes_first(room: int) -> None:
    shown = told(PLAN, width=60, room=room)
    assert all(word in shown for word in ("Scope", "Effect", "Beware", "Undo"))
    assert "Waiting" not in shown
