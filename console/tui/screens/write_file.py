"""Where a text is written to: a new file, never over one that is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from console.tui.copying.texts import Copyable
from console.tui.keys import bindings
from console.tui.present.cells import chip, key_chip
from console.tui.widgets.filter_bar import PlainInput
from console.tui.widgets.line import Heading, Line
from pantry_queue.text import safe


class WriteFile(ModalScreen[Path | None]):
    """The question; the path of what was written, None for nothing.

    Args:
        text: what is written.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog")]
    AUTO_FOCUS = "#answer"
    DEFAULT_CSS = "WriteFile { align: center middle; background: $background 60%; }"

    def __init__(self, text: Copyable) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Heading(left=[chip(f"Write {self._text.name} to a file", "strong")])
            yield Line(left=[chip("path", "strong"), chip(f"from {safe(str(Path.cwd()), 60)}", "muted", rank=1)])
            yield PlainInput(self._text.file, id="answer", compact=True, select_on_focus=False)
            yield Line(id="ask-wrong")
            yield Line(
                left=[
                    key_chip("enter", "writes it, readable by you alone"),
                    key_chip("esc", "cancels", action="screen.cancel"),
                ]
            )

    @on(Input.Submitted, "#answer")
    def _answered(self, event: Input.Submitted) -> None:
        try:
            path = Path(event.value.strip()).expanduser()
            write(path, self._text)
        except RuntimeError:
            self.query_one("#ask-wrong", Line).show([chip("nobody has that home: give another path", "failed")])
            return
        except OSError as error:
            said = "there is such a file already" if isinstance(error, FileExistsError) else error.strerror or "no"
            self.query_one("#ask-wrong", Line).show([chip(f"{said}: give another path", "failed")])
            return
        self.dismiss(path)

    def action_cancel(self) -> None:
        """Nothing is written."""
        self.dismiss(None)


def write(path: Path, text: Copyable) -> None:
    """Write a text to a new file that its owner alone can read, whole or not at all.

    Raises:
        OSError: it cannot be written, or there is such a file.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        try:
            file.write(text.body + "\n")
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
