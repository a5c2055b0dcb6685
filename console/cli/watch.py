"""`watch`: tells people of alerts who do not look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.durations import finite
from console.cli.ending import ended
from console.cli.target import of

if TYPE_CHECKING:
    from pantry_queue.alerting.webhook import Webhook
    from pantry_queue.monitor.alarms import Change


def watch(
    context: typer.Context,
    interval: Annotated[float, typer.Option(min=1, max=60, callback=finite, help="Seconds between two looks.")] = 10,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object a line, as the webhook gets it.")] = False,
    trial: Annotated[
        bool, typer.Option("--test", help="Post one message that tells of nothing, say whether it arrived, and end.")
    ] = False,
) -> None:
    """Watch in the foreground until SIGTERM or Ctrl-C: print each alert once when it starts and once when it ends.

    What is an alert, and the webhook each one is posted to, is said by the config file. Where several watch one of
    them does it, and another goes on when it ends. While Redis is away it waits.
    """
    from console import profiles
    from pantry_queue.alerting.message import document, sentence
    from pantry_queue.alerting.watcher import Orders, Watcher
    from pantry_queue.alerting.webhook import Webhook

    target = of(context)
    if not trial:
        target.refuse_if_read_only("watch")
    settings = profiles.alerts(target.profile)
    url, secret = settings.address(), settings.secret()
    hook = Webhook(url, secret) if url else None
    if trial:
        _try(hook, target.profile)
        return
    if hook is None:
        output.note("The config file names no webhook: alerts are printed here and nowhere else.")
    elif not secret:
        output.note(f"Messages to {hook.shown} are not signed: name a secret_file, or set PANTRY_WEBHOOK_SECRET.")
    orders = Orders(settings.rules, settings.least, interval, target.profile)

    def changed(change: Change) -> None:
        if as_jsonl:
            output.line(document(change, watcher.target, target.profile))
        else:
            output.text(sentence(change, target.profile or watcher.target), flush=True)

    watcher = Watcher(target.settings(), target.keys(), orders, hook, changed=changed, tell=output.note)
    with ended() as end:
        watcher.run(end)


def _try(hook: Webhook | None, profile: str) -> None:
    """Send a message that tells of nothing.

    Raises:
        ConfigError: there is no webhook.
        PantryError: it did not arrive.
    """
    from pantry_queue.alerting.message import trial
    from pantry_queue.alerting.webhook import Undelivered
    from pantry_queue.errors import ConfigError, PantryError

    if hook is None:
        raise ConfigError("The config file names no webhook for this connection: see [alerts] in docs/cli.md.")
    try:
        hook.send(trial(profile))
    except Undelivered as trouble:
        raise PantryError(f"The webhook {hook.shown} did not take the message: {trouble}.") from None
    output.text(f"The webhook {hook.shown} took the message.")
