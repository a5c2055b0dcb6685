"""`alerts`: what needs an operator now, and answering for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import durations, output, status
from console.cli.actions import Alias, AsJson, DryRun, Reason, Yes, manner
from console.cli.carrying_out import carry_out, end
from console.cli.target import of
from pantry_queue.control.actions import ACTIONS

if TYPE_CHECKING:
    from pantry_queue.monitor.alarms import Ack
    from pantry_queue.monitor.alerts import Alert

app = typer.Typer(help="Alerts: what needs an operator now, and answering for it.", rich_markup_mode=None)
Keys = Annotated[list[str], typer.Argument(metavar="ALERT...", help="As `alerts list` names them.")]


@app.command("list")
def list_alerts(context: typer.Context, as_json: AsJson = False) -> None:
    """What needs an operator now, the worst first; what somebody answers for comes last."""
    from console.cli.looking import Looking

    found = Looking(of(context)).look().alerts
    rows = [alert_json(alert, ack) for alert, ack in found]
    if as_json:
        output.document(rows)
    elif rows:
        output.table(
            ("", "ALERT", "SAYS", "ACKNOWLEDGED"),
            ((status.MARKS[alert.level], alert.key, alert.text, _answered(ack)) for alert, ack in found),
        )
    else:
        output.note("Nothing needs an operator.")


def _answered(ack: Ack | None) -> str:
    return f"by {ack.by} until {output.iso(ack.until)}" if ack else ""


def alert_json(alert: Alert, ack: Ack | None) -> dict[str, Any]:
    """One alert as `alerts list --json` and `status --json` give it."""
    return {
        "alert": alert.key,
        "level": alert.level,
        "code": alert.code,
        "kind": alert.kind,
        "subject": alert.subject,
        "says": alert.text,
        "acknowledged": {"by": ack.by, "until": output.iso(ack.until), "reason": ack.reason or None} if ack else None,
    }


@app.command("acknowledge", help=ACTIONS["alerts.acknowledge"].what)
def acknowledge(
    context: typer.Context,
    alerts: Keys,
    lasting: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, 30d at most.")] = "1h",
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    options = Options(seconds=durations.seconds(lasting, "--for"))
    end(carry_out(of(context), ACTIONS["alerts.acknowledge"], Selection(ids=tuple(alerts)), options, manner(given)))


@app.command("unacknowledge", help=ACTIONS["alerts.unacknowledge"].what)
def unacknowledge(
    context: typer.Context,
    alerts: Keys,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    from pantry_queue.control.plan import Options, Selection

    given = {"dry_run": dry_run, "reason": reason, "alias": alias, "yes": yes, "as_json": as_json}
    end(carry_out(of(context), ACTIONS["alerts.unacknowledge"], Selection(ids=tuple(alerts)), Options(), manner(given)))
