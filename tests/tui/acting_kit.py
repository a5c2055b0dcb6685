"""An actor that plans without a Redis, and a console that acts with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.pilot import Pilot

from console.tui.app import ConsoleApp
from console.tui.screens.confirm import Confirm
from console.tui.widgets.choice import Choice
from pantry_queue.control.actions import ACTIONS, Action
from pantry_queue.control.copying import Call
from pantry_queue.control.new_job import Request
from pantry_queue.control.outcome import Outcome, Progress
from pantry_queue.control.plan import Group, Options, Plan, Selection, narrowed
from pantry_queue.monitor.model import SearchChunk
from tests.tui.fixed import NOW, text
from tests.tui.support import DARK, FixedSource, screen, settle

if TYPE_CHECKING:
    from pantry_queue.config import Settings


class FakeActor:
    """Plans `total` jobs and tells of each step; everything it was asked for is kept."""

    def __init__(self, total: int = 36) -> None:
        self.total = total
        self.asked: list[tuple[str, Any]] = []
        self.seen: list[str] = []
        self.trouble: Exception | None = None
        self.look: Callable[[], str] = str
        self.may_plan = asyncio.Event()
        self.may_plan.set()

    async def plan(self, action: Action, selection: Selection, options: Options, looked: Any = None) -> Plan:
        self.asked.append(("plan", (action.name, selection, options)))
        if looked is not None:
            looked(SearchChunk((), 10_000, 40_000, 31, finished=False))
        await self.may_plan.wait()
        ids = tuple(f"job-{place}" for place in range(self.total))
        group = (Group("failed", ids),) if action.states else ()
        return Plan(action, options, selection, NOW, text("jobs [@click=app.quit]x[/]"), groups=group)

    async def run(self, plan: Plan, *, reason: str, progress: Callable[[Progress], None], stop: Any) -> Outcome:
        if self.trouble is not None:
            raise self.trouble
        self.asked.append(("run", (plan, reason)))
        progress(Progress(self.total, 22, 21, 1, 0))
        for _ in range(200 if self.look is not str else 0):  # until the app has painted what it was told
            if "done" in self.look():
                break
            await asyncio.sleep(0.02)
        self.seen.append(self.look())
        return Outcome("op-1", plan.action, done=31, skipped={"changed": 5}, undoable=True)

    async def first(self, plan: Plan, count: int) -> Plan:
        return narrowed(plan, [Group("failed", plan.groups[0].ids[:count])])

    async def watch(self, ids: Any, seconds: float, *, stop: Any) -> dict[str, str]:
        return dict(zip(ids, ("failed", *["finished"] * 9), strict=False))

    async def undo(self, operation: str | None, *, progress: Callable[[Progress], None], stop: Any) -> Outcome:
        self.asked.append(("undo", operation))
        return Outcome("op-2", ACTIONS["trash.undo"], done=31)

    async def call(self, job_id: str) -> Call:
        self.asked.append(("call", job_id))
        return Call("app.mail.send", ("chi@ex.org", 3), {"lang": "en", "api_token": "s3cret"}, "pickle")

    async def functions(self) -> tuple[str, ...]:
        return ("app.mail.send", "app.mail.send_all")

    async def enqueue(self, request: Request, *, reason: str) -> str:
        self.asked.append(("enqueue", (request, reason)))
        return "new-1"

    def close(self) -> None:
        """Nothing to let go of."""

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


def fixed(settings: Settings, actor: FakeActor, **options: Any) -> ConsoleApp:
    return ConsoleApp(settings, source=FixedSource(), actor=actor, look=DARK, auto_refresh=False, **options)


async def heard(pilot: Pilot[Any]) -> None:
    """Until the dialog in front listens to keys."""
    for _ in range(2000):
        dialog = pilot.app.screen
        if isinstance(dialog, Confirm) and not any(choice.disabled for choice in dialog.query(Choice)):
            await settle(pilot)
            return
        await pilot.pause(0.005)
    raise AssertionError(f"no dialog listens:\n{screen(pilot.app)}")


def told(app: ConsoleApp) -> str:
    """The last toast."""
    return [note.message for note in app._notifications][-1] if len(app._notifications) else ""
