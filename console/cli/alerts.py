"""`alerts`: what needs an operator now, and answering for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import output
from console.cli.actions import REQUIRED, AsJson, AsJsonl, Parameter, command_of, manner, options_of
from console.cli.carrying_out import carry_out
from console.cli.looking import MARKS, Looking
from console.cli.target import of
from console.documents.deployment import alert_json
from console.documents.values import iso
from pantry_queue.control.actions import ACTIONS, Action

if TYPE_CHECKING:
    from pantry_queue.monitor.alarms import Ack

app = typer.Typer(help="Alerts: what needs an operator now, and answering for it.", rich_markup_mode=None)
Keys = Annotated[list[str], typer.Argument(metavar="ALERT...", help="As `alerts list` names them.")]
Lasting = Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, 30d at most.")]


@app.command("list")
def list_alerts(context: typer.Context, as_json: AsJson = False, as_jsonl: AsJsonl = False) -> None:
    """What needs an operator now, the worst first; what somebody answers for comes last."""
    found = Looking(of(context)).look().alerts
    rows = [alert_json(alert, ack) for alert, ack in found]
    if as_json or as_jsonl:
        output.documents(rows, apart=as_jsonl)
    elif rows:
        output.table(
            ("", "ALERT", "SAYS", "ACKNOWLEDGED"),
            ((MARKS[alert.level], alert.key, alert.text, _answered(ack)) for alert, ack in found),
        )
    else:
        output.note("Nothing needs an operator.")


def _answered(ack: Ack | None) -> str:
    return f"by {ack.by} until {iso(ack.until)}" if ack else ""


def _run(action: Action, given: dict[str, Any]) -> int:
    from pantry_queue.control.plan import Selection

    selection = Selection(ids=tuple(given["alerts"]))
    return carry_out(of(given["context"]), action, selection, options_of(given), manner(given))


_ALERTS: Parameter = ("alerts", Keys, REQUIRED)
_LASTING: Parameter = ("lasting", Lasting, "1h")
app.command("acknowledge")(command_of(ACTIONS["alerts.acknowledge"], (_ALERTS, _LASTING), _run, paced=False))
app.command("unacknowledge")(command_of(ACTIONS["alerts.unacknowledge"], (_ALERTS,), _run, paced=False))
