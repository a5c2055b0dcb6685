"""How something is done: chosen, planned, confirmed, carried out, told. See DESIGN: what is confirmed is what runs."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.tui.acting.actor import Actor
from console.tui.acting.choices import Given
from console.tui.acting.chosen import Chosen
from console.tui.acting.doing import FEW, Doing
from console.tui.acting.offers import Offer, fitting, offers
from console.tui.acting.running import Running
from console.tui.acting.stage import Stage
from console.tui.acting.verbs import Said, action_of
from console.tui.present.acting import queues_told
from console.tui.screens.confirm import Confirm, Confirmed
from console.tui.screens.enqueue import Enqueue, Wanted
from console.wording import TYPED_FROM, refusal_sentence, verb_words
from pantry_queue.control.actions import ACTIONS, Action, Noun
from pantry_queue.control.plan import Options, Plan, Selection
from pantry_queue.errors import PantryError
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import mask_secrets, safe

if TYPE_CHECKING:
    from pantry_queue.control.new_job import Request
    from pantry_queue.monitor.diagnosis import Act


class Acting:
    """What the app acts with; one thing at a time, from its first key to its outcome.

    Args:
        stage: asks and tells, while its server is shown.
        actor: does it, on that server and no other.

    Attributes:
        doing: what is under way, and what can be undone.
    """

    def __init__(self, stage: Stage, actor: Actor) -> None:
        self._stage = stage
        self._actor = actor
        self.doing = Doing(stage, actor)
        #: What is planned, asked about or carried out now; empty for nothing.
        self._busy = ""
        self._new: Request | None = None

    def close(self) -> None:
        """What is under way ends after its chunk."""
        if self.running is not None:
            self.running.stop.set()
        self._actor.close()

    @property
    def running(self) -> Running | None:
        """What is under way."""
        return self.doing.running

    @property
    def undoable(self) -> list[str]:
        """Operations of this console that can be undone, the last one last."""
        return self.doing.undoable

    def offers(self, chosen: Chosen | None) -> list[Offer]:
        """The keys that change something."""
        return offers(chosen, self._stage.session)

    def possible(self, chosen: Chosen | None) -> list[Action]:
        """All that can be done now, also where a key stands for several of them."""
        rows = [action for offer in self.offers(chosen) if offer.action is not None for action in offer.actions]
        return [action for action in rows if fitting([action], chosen, self._stage.session) is not None]

    def shown(self, chosen: Chosen | None) -> list[Offer]:
        """Those the footer names: what applies to what is chosen, also where nothing may be changed now."""
        found = [offer for offer in self.offers(chosen) if offer.meant is not None and offer.noun != "all"]
        undoable = self.undoable or (chosen and chosen.operation)
        # A new job has nothing to do with what is chosen: help and palette name it.
        found = [offer for offer in found if offer.meant is not ACTIONS["jobs.enqueue"]]
        return [offer for offer in found if offer.noun != "trash" or undoable]

    def press(self, noun: Noun, key: str, chosen: Chosen | None) -> None:
        """A key of the table of actions: do it, or say why not."""
        offer = next((it for it in self.offers(chosen) if (it.noun, it.key) == (noun, key)), None)
        if offer is None:
            return
        if offer.action is None:
            self._stage.tell(offer.reason, severity="warning")
        else:
            self.begin(offer.action, chosen)

    def say(self, said: Said, chosen: Chosen | None) -> None:
        """Words behind `:`: begin, or say why not."""
        try:
            action = action_of(said, chosen, self._stage.session)
        except PantryError as error:
            self._stage.tell(str(error), severity="warning")
            return
        self.begin(action, None if "everything" in said.given else chosen, said.given)

    def begin(self, action: Action, chosen: Chosen | None, given: Given | None = None) -> None:
        """Start on an action with what is chosen.

        Args:
            given: how it shall be done, as far as that is known; the dialog asks for it.
        """
        if action.name == "trash.undo":
            self.undo(chosen.operation if chosen is not None else None)
        elif action.name == "jobs.enqueue":
            if self._claim("enqueue"):
                self._start(self._ask_new({**_queue_of(chosen), **(given or {})}))
        elif self._claim(verb_words(action)):
            whole = chosen is None or action.noun == "all"
            selection = Selection(everything=True) if chosen is None or whole else chosen.selection
            self._start(self._plan(action, selection, given or {}))

    def advise(self, act: Act) -> None:
        """Do what a diagnosis advises; its plan is always shown first."""
        reason, action = self._stage.session.cannot_write(), ACTIONS.get(act.name)
        if action is None:
            self._stage.tell("No action of the console does this; what does is said with it.")
        elif reason:
            self._stage.tell(reason, severity="warning")
        elif self._claim(verb_words(action)):
            everything = action.noun == "all"
            selection = Selection(ids=act.ids, states=act.states, queues=act.queues, everything=everything)
            self._start(self._plan(action, selection, {}, shown=True))

    def undo(self, operation: str | None = None) -> None:
        """Bring back what an operation did; the last one of this console when none is named."""
        name = operation or (self.undoable[-1] if self.undoable else None)
        reason = self._stage.session.cannot_write()
        if reason:
            self._stage.tell(reason, severity="warning")
        elif name is None:
            self._stage.tell("Nothing was done from here that can be undone; what is in the trash is in Activity (6).")
        elif self._claim("undo"):
            self._start(self._undo(name))

    def _claim(self, what: str) -> bool:
        """Whether something new may be begun; if not, what is under way is shown or told."""
        if self.running is not None:
            self.doing.show_running()
        elif self._busy:
            self._stage.tell(f"One thing at a time: {self._busy} comes first.")
        else:
            self._busy = what
            return True
        return False

    # -- asking -----------------------------------------------------------------------------------------
    async def _plan(self, action: Action, selection: Selection, given: Given, *, shown: bool = False) -> bool:
        options = Options(dependents="dependents" in given)
        try:
            plan = await self._actor.plan(action, selection, options, self.doing.looked)
        finally:
            self._stage.note_doing(None)
        if not self._stage.here:
            self._stage.tell("Nothing was done: the console showed another server before the plan was made.")
        elif action.states and not plan.total and action.name != "queues.delete":
            self._stage.tell(refusal_sentence(plan), severity="warning")
        elif shown or action.asks or action.options or self._stage.session.production or plan.total > FEW:
            return self._confirm(plan, given=given)
        else:
            await self.doing.run(plan, "")
        return False

    def _confirm(self, plan: Plan, *, given: Given, tried: str = "") -> bool:
        """Ask; True, since it goes on with the answer."""
        snapshot = self._stage.session.snapshot
        screen = Confirm(
            plan,
            self._actor,
            now=snapshot.taken_at if snapshot else plan.seen_at,
            typed=self._stage.session.production or plan.total >= TYPED_FROM,
            tried=tried,
            given=given,
            queues=queues_told(snapshot, self._stage.session.history) if snapshot else {},
        )
        self._stage.clear()
        if self._stage.show(screen, self._confirmed):
            return True
        self._stage.tell("What was to be confirmed was not done: the console shows another server.")
        return False

    def _confirmed(self, answer: Confirmed | None) -> None:
        reason = self._stage.session.cannot_write()
        if answer is None or reason:
            self._busy, self._new = "", None
            if answer is not None:
                self._stage.tell(f"Nothing was done. {reason}", severity="warning")
        else:
            self._start(self._do(answer))

    # -- a new job --------------------------------------------------------------------------------------
    async def _ask_new(self, typed: Given) -> bool:
        snapshot = self._stage.session.snapshot
        queues = [queue.name for queue in snapshot.queues] if snapshot else []
        seen: tuple[str, ...] = ()
        with suppress(PantryError):  # they are suggestions only
            seen = await self._actor.functions()
        functions = dict.fromkeys([*seen, *sorted(self._stage.functions)])
        self._stage.clear()
        screen = Enqueue(typed, tuple(functions), queues, files=self._stage.may_read_files)
        return self._stage.show(screen, self._wanted)

    def _wanted(self, answer: Wanted | None) -> None:
        self._new = answer.request if answer is not None else None
        if answer is None:
            self._busy = ""
        elif not self._stage.session.production:
            plan = _plan_of(answer)
            self._confirmed(Confirmed(plan, answer.reason))
        elif not self._confirm(_plan_of(answer), given={"reason": answer.reason}):
            self._busy = ""

    # -- doing ------------------------------------------------------------------------------------------
    def _start(self, work: Coroutine[Any, Any, bool]) -> None:
        self._stage.start(self._borne(work))

    async def _borne(self, work: Coroutine[Any, Any, bool]) -> None:
        """What nobody has thought of costs this one action and not the console."""
        goes_on = False
        try:
            goes_on = await work
        except PantryError as error:
            self._stage.tell(str(error), severity="error")
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            self._stage.tell(f"That broke off ({what}). Activity (6) tells how far it came.", severity="error")
        finally:
            if not goes_on:
                self._busy = ""

    async def _do(self, answer: Confirmed) -> bool:
        if self._new is not None:
            request, self._new = self._new, None
            await self.doing.enqueue(request, answer.reason)
            return False
        if not answer.canary:
            await self.doing.run(answer.plan, answer.reason)
            return False
        left = await self.doing.try_first(answer.plan, answer.reason)
        return left is not None and self._confirm(left[0], given={}, tried=left[1])

    async def _undo(self, name: str) -> bool:
        await self.doing.undo(name)
        return False


def _queue_of(chosen: Chosen | None) -> dict[str, str]:
    """The queue a new job is likely meant for: the one that is chosen."""
    queues = chosen.selection.queues if chosen is not None and chosen.noun == "queues" else ()
    return {"queue": safe(raw_of(queues[0]))} if queues else {}


def _plan_of(wanted: Wanted) -> Plan:
    """What is confirmed in production: the new job and the command that would make it."""
    from pantry_queue.control.new_job import describe

    scope = safe(mask_secrets(describe(wanted.request)), 300)
    action, now = ACTIONS["jobs.enqueue"], datetime.now(UTC)
    return Plan(action, Options(), Selection(), now, scope, command=safe(wanted.command, None))
