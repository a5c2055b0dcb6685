"""How something is done: chosen, planned, confirmed, carried out, told. See DESIGN: what is confirmed is what runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from console.tui.acting.actor import Actor
from console.tui.acting.chosen import Chosen
from console.tui.acting.offers import Offer, offers
from console.tui.acting.running import Running
from console.tui.acting.stage import Stage
from console.tui.screens.ask import QUESTIONS, Ask
from console.tui.screens.confirm import CANARY, Confirm, Confirmed
from console.tui.screens.progress import ProgressScreen
from console.wording import outcome_sentence, refusal_sentence
from pantry_queue.control.actions import ACTIONS, Action, Noun
from pantry_queue.control.canary import rest
from pantry_queue.control.outcome import Outcome, Progress
from pantry_queue.control.plan import Options, Plan, Selection
from pantry_queue.errors import PantryError

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Act

#: So many jobs are done without a dialog where the action does not ask, and without showing how far it is.
FEW = 10
#: From so many on the number is typed.
TYPED_FROM = 1000
#: Those that are tried first are waited for so long.
CANARY_SECONDS = 120.0


class Acting:
    """What the app acts with; one thing at a time.

    Args:
        stage: asks and tells, while its server is shown.
        actor: does it, on that server and no other.
    """

    def __init__(self, stage: Stage, actor: Actor) -> None:
        self._stage = stage
        self._actor = actor
        self.running: Running | None = None
        #: Operations of this console that can be undone, the last one last.
        self.undoable: list[str] = []

    def close(self) -> None:
        """What is under way ends after its chunk."""
        if self.running is not None:
            self.running.stop.set()
        self._actor.close()

    def offers(self, chosen: Chosen | None) -> list[Offer]:
        """The keys that change something."""
        return offers(chosen, self._stage.session)

    def shown(self, chosen: Chosen | None) -> list[Offer]:
        """Those the footer names: what can be done now, to what is chosen."""
        found = [offer for offer in self.offers(chosen) if offer.action is not None and offer.noun != "all"]
        return [offer for offer in found if offer.noun != "trash" or self.undoable or (chosen and chosen.operation)]

    def press(self, noun: Noun, key: str, chosen: Chosen | None) -> None:
        """A key of the table of actions: do it, or say why not."""
        offer = next((it for it in self.offers(chosen) if (it.noun, it.key) == (noun, key)), None)
        if offer is None:
            return
        if offer.action is None:
            self._stage.tell(offer.reason, severity="warning")
        else:
            self.begin(offer.action, chosen)

    def begin(self, action: Action, chosen: Chosen | None) -> None:
        """Start on an action with what is chosen."""
        if self.running is not None:
            self.show_running()
        elif action.name == "trash.undo":
            self.undo(chosen.operation if chosen is not None else None)
        elif action.noun == "all" or chosen is None:
            self._ask(action, Selection(everything=True), "everything")
        else:
            self._ask(action, chosen.selection, chosen.words)

    def advise(self, act: Act) -> None:
        """Do what a diagnosis advises; its plan is always shown first."""
        reason, action = self._stage.session.cannot_write(), ACTIONS.get(act.name)
        if action is None:
            self._stage.tell("No action of the console does this; what to do is told above.")
        elif reason:
            self._stage.tell(reason, severity="warning")
        elif self.running is not None:
            self.show_running()
        else:
            everything = action.noun == "all"
            selection = Selection(ids=act.ids, states=act.states, queues=act.queues, everything=everything)
            self._ask(action, selection, "what the diagnosis names", shown=True)

    def undo(self, operation: str | None = None) -> None:
        """Bring back what an operation did; the last one of this console when none is named."""
        name = operation or (self.undoable[-1] if self.undoable else None)
        reason = self._stage.session.cannot_write()
        if reason:
            self._stage.tell(reason, severity="warning")
        elif name is None:
            self._stage.tell("Nothing was done from here that can be undone; what is in the trash is in Activity (6).")
        else:
            self._start(self._undo(name))

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

    # -- asking -----------------------------------------------------------------------------------------
    def _ask(self, action: Action, selection: Selection, words: str, *, shown: bool = False) -> None:
        question = QUESTIONS.get(action.name)
        if question is None:
            self._start(self._plan(action, selection, Options(), shown=shown))
            return

        def answered(options: Options | None) -> None:
            if options is not None:
                self._start(self._plan(action, selection, options, shown=shown))

        self._stage.clear()
        self._stage.show(Ask(question, action, words, self._queue_names()), answered)

    def _queue_names(self) -> tuple[str, ...]:
        snapshot = self._stage.session.snapshot
        return tuple(queue.name for queue in snapshot.queues) if snapshot else ()

    async def _plan(self, action: Action, selection: Selection, options: Options, *, shown: bool = False) -> None:
        try:
            plan = await self._actor.plan(action, selection, options)
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
            return
        if not self._stage.here:
            self._stage.tell("Nothing was done: the console showed another server before the plan was made.")
        elif action.states and not plan.total and action.name != "queues.delete":
            self._stage.tell(refusal_sentence(plan), severity="warning")
        elif shown or action.asks or self._stage.session.production or plan.total > FEW:
            self._confirm(plan)
        else:
            await self._run(plan, "")

    def _confirm(self, plan: Plan, tried: str = "") -> None:
        snapshot = self._stage.session.snapshot
        typed = self._stage.session.production or plan.total >= TYPED_FROM
        screen = Confirm(plan, now=snapshot.taken_at if snapshot else plan.seen_at, typed=typed, tried=tried)
        self._stage.clear()
        if not self._stage.show(screen, partial(self._confirmed, plan)):
            self._stage.tell("What was to be confirmed was not done: the console shows another server.")

    def _confirmed(self, plan: Plan, answer: Confirmed | None) -> None:
        reason = self._stage.session.cannot_write()
        if answer is None:
            return
        if reason:
            self._stage.tell(f"Nothing was done. {reason}", severity="warning")
        else:
            self._start(self._try(plan, answer.reason) if answer.canary else self._run(plan, answer.reason))

    async def _try(self, plan: Plan, reason: str) -> None:
        """A few first; when they have ended, the rest is offered with what became of them."""
        running = self._open(Running("try", f"Trying {CANARY} first, until they have ended", 0))
        self.show_running()
        try:
            some = await self._actor.first(plan, CANARY)
            outcome = await self._actor.run(some, reason=reason or "canary", progress=_quiet, stop=running.stop)
            ids = [name for group in some.groups for name in group.ids]
            ends = await self._actor.watch(outcome.made or ids, CANARY_SECONDS, stop=running.stop)
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
            return
        finally:
            self._shut(running)
        if outcome.undoable and outcome.operation is not None:
            self.undoable.append(outcome.operation)
        counts = ", ".join(f"{number} {state}" for state, number in sorted(Counter(ends.values()).items()))
        self._stage.acted(outcome)
        self._confirm(rest(plan, ids), f"{len(ends)} first: {counts}")

    # -- doing ------------------------------------------------------------------------------------------
    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._stage.start(self._borne(work))

    async def _borne(self, work: Coroutine[Any, Any, None]) -> None:
        """What nobody has thought of costs this one action and not the console."""
        try:
            await work
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            self._stage.tell(f"That broke off ({what}). Activity (6) tells how far it came.", severity="error")

    async def _run(self, plan: Plan, reason: str) -> None:
        verb = plan.action.verb.replace("-", " ")
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
        if outcome.undoable and outcome.operation is not None:
            self.undoable.append(outcome.operation)
        self._tell(outcome)

    async def _undo(self, name: str) -> None:
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
