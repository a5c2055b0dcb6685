"""Pure: the status line: where we are connected, and whether what is shown is true now."""

from __future__ import annotations

from dataclasses import dataclass

from console.tui.present.cells import Chip, chip
from console.tui.present.words import age, clock
from pantry_queue.monitor.model import RedisFacts, Snapshot
from pantry_queue.text import safe

_MOST_TARGET = 40
_MOST_PROFILE = 20
#: Milliseconds from which on an answer is called slow.
SLOW_MS = 300.0


@dataclass(frozen=True, slots=True)
class Link:
    """The connection as the status line needs it; see `console.tui.session.Session`."""

    target: str
    notice: str | None
    interval: float
    paused: bool
    snapshot: Snapshot | None
    trouble: bool
    stale_for: float
    next_try_in: float
    doing: str | None = None
    read_only: bool = False
    profile: str = ""
    production: bool = False
    unlocked_for: float = 0.0


def status(link: Link) -> tuple[list[Chip], list[Chip]]:
    """The chips at the left and at the right."""
    left = [chip(" pantry ", "badge", rank=3), chip(_short(safe(link.target, 200)), "strong", rank=1), _live(link)]
    left[1:1] = _badges(link)
    if link.notice:
        left.append(chip(safe(link.notice, 200), "notice", rank=2))
    if link.doing:
        left.append(chip(f" {safe(link.doing, 80)} ", "tab", rank=1))
    right: list[Chip] = []
    if link.snapshot is not None:
        server = _server(link.snapshot.redis)
        if server:
            right.append(chip(server, "muted", rank=6))
        right.append(chip(f"{link.snapshot.round_trip_ms:.1f} ms", "muted", rank=5))
        right.append(chip(clock(link.snapshot.taken_at), "muted", rank=4))
    return left, right


def _badges(link: Link) -> list[Chip]:
    """The named connection, marked when it is one of production, and whether anything can be changed."""
    badges = []
    if link.profile or link.production:
        name = safe(link.profile, _MOST_PROFILE) or "production"
        badges.append(chip(f" {name}{' PROD' if link.production and link.profile else ''} ", _tone(link.production)))
    if link.unlocked_for > 0:
        badges.append(chip(f"UNLOCKED {age(link.unlocked_for)}", "alarm"))
    if link.read_only:
        badges.append(chip("[READ-ONLY]", "warning"))
    return badges


def _tone(production: bool) -> str:
    return "alarm" if production else "tab"


def _short(target: str) -> str:
    """An address that leaves room for the rest of the line; what tells two apart is at its end."""
    if len(target) <= _MOST_TARGET:
        return target
    head = target[: target.find("://") + 3] if "://" in target else ""
    return f"{head}…{target[len(head) + 1 - _MOST_TARGET :]}"


def _live(link: Link) -> Chip:
    if link.snapshot is None:
        if link.trouble:
            return chip(f" NO ANSWER  next try in {link.next_try_in:.0f}s ", "alarm")
        return chip("connecting ...", "muted")
    if link.trouble:
        return chip(f" STALE {age(link.stale_for)}  next try in {link.next_try_in:.0f}s ", "alarm")
    if link.paused:
        return chip(f" PAUSED {age(link.stale_for)} ", "tab")
    every = f"{link.interval:g}s" if link.interval >= 1 else f"{link.interval * 1000:.0f}ms"
    if link.snapshot.round_trip_ms > SLOW_MS:
        return chip(f"! slow, {link.snapshot.round_trip_ms:.0f} ms", "warning")
    return chip(f"✓ live {every}", "finished")


def _server(facts: RedisFacts) -> str:
    name = f"{facts.server} {facts.version}".strip()
    return name[:1].upper() + name[1:]
