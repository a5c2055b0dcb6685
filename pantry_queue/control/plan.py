"""What an action will be done to, decided before anything is changed: a dry run is a plan. Pure: no Redis in it.

Ids and names of queues are as Redis holds them (`wire.name_of`); what is shown to people is `SafeText`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pantry_queue.control.actions import Action
from pantry_queue.errors import ConfigError
from pantry_queue.monitor.wire import raw_of
from pantry_queue.text import SafeText, safe


@dataclass(frozen=True, slots=True)
class Options:
    """How an action is done; which of these it takes is told by `Action.options`.

    Attributes:
        at_front: next in the queue instead of last.
        to: another queue than their own.
        due: when scheduled jobs are to run.
        dependents: with the jobs that wait for them: cancelling lets them go, deleting deletes them too.
        parents: cancelled jobs are dropped from the jobs they wait for.
        call: (data, description) that copies have instead of their original's, as RQ stores them.
        call_words: the same for a command line, secrets masked.
        seconds: how long a suspension or a pause lasts.
    """

    at_front: bool = False
    to: str | None = None
    due: datetime | None = None
    dependents: bool = False
    parents: bool = False
    call: tuple[bytes, str] | None = None
    call_words: tuple[str, ...] = ()
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for. Ids alone, or any of the others together; `everything` needs none of them.

    Attributes:
        ids: jobs by name.
        states: lists of `model.STATES` they stand in; empty is all the action applies to.
        queues: queues they belong to; empty is all.
        where: a filter (`monitor.query`).
        signatures: groups of failures (`monitor.failures`).
        everything: all jobs the action applies to.
    """

    ids: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    where: str = ""
    signatures: tuple[str, ...] = ()
    everything: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for, which is never taken for everything."""
        return self == Selection()


@dataclass(frozen=True, slots=True)
class Group:
    """Jobs by id, with the state (RQ's name) they were seen in and are expected to be in."""

    state: str
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Source:
    """A whole list, chosen inside the script so that no id travels.

    Attributes:
        place: `queue`, or a registry by RQ's key name (`keys.REGISTRIES`).
        total: entries it had when it was seen; no more are looked at.
    """

    place: str
    queue: str
    total: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, to what exactly. What is confirmed is what runs.

    Attributes:
        seen_at: the server's time when it was made; a job that changed later is left alone.
        scope: what is chosen, in a sentence.
        groups, sources: the jobs; either may be empty.
        before: so many of those in `sources` were done already, as a canary.
        left_out: named jobs it cannot be done to, each with the reason (`missing`, or its state).
        breakdown: numbers of jobs by state and queue.
        functions: what they call and how many of those looked at; `sampled` says how many that were.
        oldest, newest: when the jobs looked at were enqueued or created.
        command: the same as a command line.
    """

    action: Action
    options: Options
    selection: Selection
    seen_at: datetime
    scope: SafeText
    groups: tuple[Group, ...] = ()
    sources: tuple[Source, ...] = ()
    before: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    breakdown: tuple[tuple[SafeText, int], ...] = ()
    functions: tuple[tuple[SafeText, int], ...] = ()
    sampled: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    command: SafeText = SafeText("")

    @property
    def total(self) -> int:
        """Jobs it will be done to, if nothing changes until then."""
        return max(0, self.entries - self.before)

    @property
    def entries(self) -> int:
        """Jobs that are looked at, with those that were done before and may stand in the lists again."""
        return sum(len(group.ids) for group in self.groups) + sum(source.total for source in self.sources)

    @property
    def effect(self) -> str:
        """What will happen, what can be lost, and how it is undone; what loses nothing has an opposite of its own."""
        undo = f"It can be undone {self.action.undo_says}." if self.action.undo else ""
        if not undo and (self.action.loses or self.action.states):
            undo = "It cannot be undone."
        return " ".join(part for part in (self.action.what, self.action.loses, undo) if part)


def completed(plan: Plan, options: Options) -> Plan:
    """The same plan done in another way; jobs that are deleted with others (`dependents`) it does not look for.

    Raises:
        ConfigError: an option is missing, or cannot be used.
    """
    check_options(plan.action, plan.selection, options)
    return replace(plan, options=options, command=command_line(plan.action, plan.selection, options))


def check_options(action: Action, selection: Selection, options: Options) -> None:
    """Whether an action can be done in this way.

    Raises:
        ConfigError: it cannot; the sentence says what is missing or wrong.
    """
    if action.verb == "move" and options.to is None and not (selection.ids or options.at_front):
        raise ConfigError("move needs a queue (--to) or a place (--at-front) to move the jobs to.")
    if action.verb == "reschedule" and options.due is None:
        raise ConfigError("reschedule needs the time the jobs are to run at: --at or --in.")
    if options.to is not None and (not options.to or not options.to.isprintable() or "," in options.to):
        raise ConfigError(
            f"{safe(options.to)!r} cannot be the name of a queue: it should be printable, without commas."
        )


def narrowed(plan: Plan, groups: Iterable[Group]) -> Plan:
    """The same plan for some jobs of it, by id."""
    kept = tuple(groups)
    count = sum(len(group.ids) for group in kept)
    return replace(plan, groups=kept, sources=(), before=0, left_out=(), scope=SafeText(f"{count:,} of {plan.scope}"))


def scope_sentence(selection: Selection, totals: Mapping[tuple[str, str], int]) -> SafeText:
    """`344 failed jobs of queue ocr`.

    Args:
        selection: what was asked for.
        totals: jobs by state and queue.
    """
    count = sum(totals.values())
    states = sorted({state for state, _ in totals})
    queues = sorted({safe(raw_of(queue)) for _, queue in totals})
    words = [f"{count:,}", " and ".join(states) if 0 < len(states) < 3 else "", "job" if count == 1 else "jobs"]
    if selection.queues or len(queues) == 1:
        named = [safe(raw_of(queue)) for queue in selection.queues] or queues
        words.append(f"of queue{'s' if len(named) > 1 else ''} {', '.join(named[:3])}")
        if len(named) > 3:
            words.append(f"and {len(named) - 3} more")
    if selection.where:
        words.append(f"that match {selection.where}")
    if selection.signatures:
        words.append(f"of {len(selection.signatures)} group{'s' if len(selection.signatures) > 1 else ''} of failures")
    return safe(" ".join(word for word in words if word))


#: Ids that are written out in a command line; more are read from standard input.
_SHOWN_IDS = 5


def typed(action: Action, selection: Selection) -> tuple[str, ...]:
    """The words of its command line, which for groups of failures has a noun of its own."""
    return ("failures", action.verb) if selection.signatures else action.typed


def command_line(action: Action, selection: Selection, options: Options) -> SafeText:
    """The command that does the same, as it can be typed."""
    words = ["pantry-console", *typed(action, selection)]
    words += selection.ids if len(selection.ids) <= _SHOWN_IDS else ["-"]
    if action.noun == "queues":
        words += selection.queues
    else:
        states = () if selection.signatures else selection.states  # groups are of failed jobs anyway
        words += [word for state in states for word in ("--state", state)]
        words += [word for queue in selection.queues for word in ("--queue", queue)]
    words += ["--where", selection.where] if selection.where else []
    words += selection.signatures
    words += ["--all"] if selection.everything and action.noun == "jobs" else []
    words += _option_words(options)
    return safe(raw_of(" ".join(shlex.quote(word) for word in words)))


def _option_words(options: Options) -> list[str]:
    found = ["--at-front"] if options.at_front else []
    found += ["--to", options.to] if options.to is not None else []
    found += ["--at", options.due.isoformat()] if options.due else []
    found += ["--dependents"] if options.dependents else []
    found += ["--parents"] if options.parents else []
    found += ["--for", f"{options.seconds}s"] if options.seconds else []
    found += options.call_words
    return found


def script_options(options: Options) -> dict[str, Any]:
    """As the scripts take them (`scripts/*.lua`)."""
    found: dict[str, Any] = {"front": options.at_front, "dependents": options.dependents, "parents": options.parents}
    if options.to is not None:
        found["to"] = options.to
    if options.due is not None:
        found["due"] = int(options.due.timestamp())
    return found
