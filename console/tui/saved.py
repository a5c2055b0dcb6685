"""Saved views from the console: keep the present one, open one, forget one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console import views
from console.tui.address import Address, AddressError, parse, words
from pantry_queue.errors import PantryError
from pantry_queue.text import safe

if TYPE_CHECKING:
    from console.tui.terminal_keys import WithTerminal


def address(name: str) -> Address:
    """The view saved under a name.

    Raises:
        pantry_queue.errors.NotFound: there is none.
        pantry_queue.errors.ConfigError: the file of saved views cannot be used.
        AddressError: what is saved there is no address.
    """
    kept = views.find(name)
    try:
        return parse(kept)
    except PantryError as error:
        raise AddressError(f"The saved view {safe(name, 40)} is no view ({safe(kept, 80)}): {error}") from None


def save(app: WithTerminal, name: str) -> None:
    """Keep the view that is shown under a name, and tell it."""
    screen = app.console_screen()
    if app.look.restricted:
        app.tell("This console is restricted: it writes no file, so no view is saved.", severity="warning")
    elif screen is not None:
        kept = words(screen.view_address())
        try:
            other = views.save(name, kept)
        except PantryError as error:
            app.tell(str(error), severity="error")
            return
        what = "Saved in place of another" if other else "Saved"
        app.tell(f"{what}: {kept}. :{views.SIGN}{name} opens it, and so does pantry-console view {views.SIGN}{name}.")


def forget(app: WithTerminal, name: str) -> None:
    """Delete a saved view; what it was is told, so that it can be saved again."""
    if app.look.restricted:
        app.tell("This console is restricted: it writes no file, so no view is deleted.", severity="warning")
        return
    try:
        kept = views.find(name)
        views.delete(name)
    except PantryError as error:
        app.tell(str(error), severity="error")
    else:
        app.tell(f"Deleted the saved view {name}; it was: {safe(kept, 200)}.")
