"""What was confirmed is carried out, with its progress, and its outcome is told."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from console.tui.acting.actor import Actor
from console.tui.acting.running import Running
from console.tui.acting.stage import Stage
from console.tui.screens.confirm import CANARY
from console.tui.screens.progress import ProgressScreen
from console.wording import outcome_sentence, verb_words
from pantry_queue.control.actions import ACTIONS
from pantry_queue.control.canary import rest
from pantry_queue.control.outcome import Outcome, Progress
from pantry_queue.control.plan import Plan
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from pantry_queue.control.new_job import Request
    from pantry_queue.monitor.model import SearchChunk

#: So many jobs are done without showing how far it is.
FEW = 10
#: Looking through so many takes long enough to be told of.
_LONG = 5_000
#: Those that are tried first are waited for so long.
CANARY_SECONDS = 120.0


class Doing:
    """Carries out one thing at a time.

    Args:
        stage: tells, while its server is shown.
        actor: does it, on that server and no other.

    Attributes:
        running: what is under way.
        undoable: operations of this console that can be undone, the last one last.
    """

    def __init__(self, stage: Stage, actor: Actor) -> None:
        self._stage = stage
        self._actor = actor
        self.running: Running | None = None
        self.undoable: list[str] = []

    def looked(self, found: SearchChunk) -> None:
        """How far the jobs of a filter were looked for, where that takes a while."""
        if found.total > _LONG:
            self._stage.note_doing(f"look {100 * found.looked // found.total} %")

    async def run(self, plan: Plan, reason: str) -> None:
        """Do it."""
        verb = verb_words(plan.action)
        running = self._open(Running(verb, f"{verb.capitalize()} {plan.scope}", plan.total))
        try:
            outcome = await self._actor.run(
                plan, reason=reason, progress=partial(self._told, running), stop=running.stop
            )
        except PantryError as error:
            self._stage.tell(f"Nothing was done. {error}", severity="error")
            return
        finally:
            self._shut(running)
        self._remember(outcome)
        self._tell(outcome)

    async def enqueue(self, request: Request, reason: str) -> None:
        """A new job."""
        try:
            made = await self._actor.enqueue(request, reason=reason)
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
            return
        self._stage.tell(f"Job {made} enqueued in queue {request.queue}.")
        self._stage.acted(Outcome(None, ACTIONS["jobs.enqueue"], done=1, made=(made,)))

    async def undo(self, name: str) -> None:
        """Bring back what an operation did."""
        running = self._open(Running("undo", f"Undo {name}", 0))
        try:
            outcome = await self._actor.undo(name, progress=partial(self._told, running), stop=running.stop)
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
            return
        finally:
            self._shut(running)
        if name in self.undoable and not outcome.remaining:
            self.undoable.remove(name)
        self._tell(outcome)

    async def try_first(self, plan: Plan, reason: str) -> tuple[Plan, str] | None:
        """A few first, until they have ended.

        Returns:
            The rest, and what became of those; None when that broke off.
        """
        running = self._open(
            Running("try", f"Trying {CANARY} first, until they have ended, or for {CANARY_SECONDS / 60:.0f}m", 0)
        )
        self.show_running()
        try:
            some = await self._actor.first(plan, CANARY)
            outcome = await self._actor.run(some, reason=reason or "canary", progress=_quiet, stop=running.stop)
            ids = [name for group in some.groups for name in group.ids]
            ends = await self._actor.watch(outcome.made or ids, CANARY_SECONDS, stop=running.stop)
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
            return None
        finally:
            self._shut(running)
        self._remember(outcome)
        counts = ", ".join(f"{number} {state}" for state, number in sorted(Counter(ends.values()).items()))
        self._stage.acted(outcome)
        return rest(plan, ids), f"{len(ends)} first: {counts}"

    # -- progress ---------------------------------------------------------------------------------------
    def show_running(self) -> None:
        """The progress of what is under way, in front again."""
        if self.running is not None:
            self.running.hidden = False
            self._stage.session.doing = None
            if not self._stage.show(ProgressScreen(self.running, self.hide)):
                self.hide()

    def hide(self) -> None:
        """Go on in the background."""
        if self.running is not None:
            self.running.hidden = True
            self._note(self.running)

    def _open(self, running: Running) -> Running:
        self.running = running
        if running.total > FEW:
            self.show_running()
        return running

    def _told(self, running: Running, progress: Progress) -> None:
        running.progress, running.total = progress, progress.total
        screen = next(reversed(self._stage.screens), None)
        if isinstance(screen, ProgressScreen):
            screen.show()
        elif running.hidden:
            self._note(running)
        elif progress.looked < running.total > FEW:  # of an undo the number is known only now
            self.show_running()

    def _note(self, running: Running) -> None:
        share = 100 * running.progress.looked // max(1, running.total)
        self._stage.note_doing(f"{running.verb} {share} %")

    def _shut(self, running: Running) -> None:
        self.running = None
        for screen in self._stage.screens:
            if isinstance(screen, ProgressScreen) and screen.is_current:
                screen.dismiss()
        self._stage.note_doing(None)

    # -- the outcome ------------------------------------------------------------------------------------
    def _remember(self, outcome: Outcome) -> None:
        if outcome.undoable and outcome.operation is not None:
            self.undoable.append(outcome.operation)

    def _tell(self, outcome: Outcome) -> None:
        """The outcome, with what to do next; then the picture is read anew."""
        parts = [outcome_sentence(outcome)]
        parts += [f"Redis refused: {outcome.failed[0][1]}."] if outcome.failed else []
        parts += ["Stopped: what was done stays done."] if outcome.stopped else []
        parts += [str(outcome.broken), "The same again does the rest."] if outcome.broken else []
        parts += ["u undoes it."] if outcome.undoable else []
        bad = bool(outcome.failed or outcome.broken)
        odd = bool(outcome.skipped or outcome.stopped)
        self._stage.tell(" ".join(parts), severity="error" if bad else "warning" if odd else "information")
        self._stage.acted(outcome)


def _quiet(progress: Progress) -> None:
    """Of a few nothing is told on the way."""
