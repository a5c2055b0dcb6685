"""A screen with a list that a filter narrows: the line it is typed into comes and goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from textual import on

from console.tui.screens.base import ConsoleScreen
from console.tui.widgets.filter_bar import FilterBar
from console.tui.widgets.key_bar import KeyBar


class Filtered(ConsoleScreen):
    """Base of screens that have a `FilterBar`, made with `seen_values`."""

    @property
    def filter_text(self) -> str:
        """The filter of the list (`monitor.query`); empty for none."""
        return ""

    def look_for(self, where: str) -> None:
        """Show only what fits a filter that can be understood; everything when it is empty."""

    def functions(self) -> set[str]:
        """See `ConsoleScreen.functions`."""
        return set(self.seen_values().get("func", ()))

    def seen_values(self) -> Mapping[str, Collection[str]]:
        """Values met so far by field, for suggestions."""
        return {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a filter is typed, its own key is a character like others."""
        if action == "filter" and self.has_class("-filtering"):
            return False
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Let a filter be typed."""
        self.add_class("-filtering")
        self.query_one(FilterBar).open(self.filter_text)
        self.query_one(KeyBar).name_keys(("filter",), "")

    @on(FilterBar.Applied)
    def _apply_filter(self, event: FilterBar.Applied) -> None:
        self._close_filter()
        if event.where != self.filter_text:
            self.look_for(event.where)

    @on(FilterBar.Closed)
    def _close_filter(self) -> None:
        self.query_one(FilterBar).close()
        self.remove_class("-filtering")
        if self.AUTO_FOCUS:
            self.set_focus(self.query_one(self.AUTO_FOCUS))
        self.name_keys()
