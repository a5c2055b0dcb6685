"""`ocr enqueue`: receipts to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.target import of
from pantry_queue.errors import ConfigError

#: As `pantry_queue.receipts.store.MAX_ID`, the import of which costs every command a database library.
MAX_ID = 2**62

app = typer.Typer(help="Receipts: hand them in to be read.", no_args_is_help=True, rich_markup_mode=None)


@app.command("enqueue")
def enqueue(
    context: typer.Context,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Paths or URLs of receipt images.")],
    receipt_id: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_ID, help="Receipt in the store; a new one is made for each image without it."),
    ] = None,
    user_id: Annotated[int, typer.Option(min=1, max=MAX_ID, help="Whose receipts they are.")] = 1,
    priority: Annotated[str, typer.Option(help="high, default or low.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Enqueue receipts and print the ids of their jobs, one a line."""
    from pantry_queue.client import QueueClient

    target = of(context)
    target.refuse_if_read_only("Enqueueing receipts")
    if priority not in ("high", "default", "low"):
        raise typer.BadParameter(f"{priority!r} is not high, default or low", param_hint="--priority")
    if receipt_id is not None and len(images) > 1:
        raise typer.BadParameter("one receipt id fits one image", param_hint="--receipt-id")
    settings = target.settings()
    paths = [_located(image) for image in images]
    if receipt_id is not None:
        receipts = [(receipt_id, paths[0])]
    else:
        from pantry_queue.receipts.store import ReceiptStore

        store = ReceiptStore(settings.store_url)
        receipts = [(store.add_receipt(path, user_id), path) for path in paths]
    job_ids = QueueClient(settings).enqueue_batch_ocr(
        {"receipt_id": number, "image_path": path, "user_id": user_id, "priority": priority}
        for number, path in receipts
    )
    if as_json:
        output.document(job_ids)
    else:
        for job_id in job_ids:
            output.text(job_id)


def _located(image: str) -> str:
    """A URL as it is; a path made absolute, since the agent works in another directory."""
    if "://" in image:
        return image
    path = Path(image)
    try:
        found = path.is_file()
    except (OSError, ValueError):  # no name of a file at all
        found = False
    if not found:
        raise ConfigError(f"There is no file {image}: name an image that exists, or a URL that the agent can read.")
    return str(path.absolute())
