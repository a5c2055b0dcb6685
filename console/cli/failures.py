"""`failures`: failed jobs, grouped by what they have in common."""

from __future__ import annotations

import typer

app = typer.Typer(help="Failed jobs: requeue, delete or clear them.", no_args_is_help=True, rich_markup_mode=None)
