"""Which of RQ's states the jobs of a list are in. Pure."""

from __future__ import annotations

from pantry_queue.control.actions import PLACES, Action
from pantry_queue.keys import REGISTRIES

#: RQ's name of a state -> the key name of the list that names its jobs, `queue` or a registry.
KEY_NAMES = {state: "queue" if listed == "queued" else REGISTRIES[listed] for state, listed in PLACES.items()}


def states_in(action: Action, place: str) -> list[str]:
    """RQ's states of the jobs an action applies to in a list, by the list's key name."""
    return [state for state in action.states if KEY_NAMES.get(state) == place]
