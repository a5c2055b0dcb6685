"""What is known about the job under the cursor, beside the list."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical

from console.tui.present.cells import chip
from console.tui.present.job import preview
from console.tui.widgets.line import Heading
from console.tui.widgets.text_view import TextView
from pantry_queue.monitor.model import JobDetail, JobRow


class JobPreview(Vertical):
    """The pane beside a list of jobs."""

    def compose(self) -> ComposeResult:
        yield Heading(id="preview-title")
        yield TextView(id="preview")

    def show(self, row: JobRow | None, detail: JobDetail | None, now: datetime | None) -> None:
        """Show a job; nothing when there is none, or no answer yet.

        Args:
            row: as the list has it.
            detail: what else is known about it, None before it was read.
            now: the server's time.
        """
        heading, text = self.query_one("#preview-title", Heading), self.query_one("#preview", TextView)
        if row is None or now is None:
            heading.show([])
            text.show([])
            return
        heading.show([chip(row.id, "strong")], [chip("enter: everything about it", "faint", rank=1)])
        text.show(preview(row, detail, now))

    def to_top(self) -> None:
        """Begin with the first line again."""
        self.query_one("#preview", TextView).scroll_to(y=0, animate=False)
