"""`jobs why` and `doctor`: answers with evidence and remedy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import jobs, output
from console.cli.actions import Alias, AsJson, DryRun, Reason, Yes, manner
from console.cli.looking import alert_rules, with_past
from console.cli.target import Target, of, reader
from console.documents.findings import examination_json, explanation_json
from pantry_queue.errors import NotFound, Refused

if TYPE_CHECKING:
    from pantry_queue.monitor.diagnosis import Act, Examination, Explanation, Finding

#: Actions `doctor --fix` offers: none of them deletes anything.
SAFE = ("jobs.rescue", "workers.forget")


@jobs.app.command("why")
def why(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
) -> None:
    """Why a job waits, runs or ended as it did, and what would move it."""
    from pantry_queue.monitor import diagnosis
    from pantry_queue.text import safe

    target = of(context)
    settings = target.settings()
    with reader(settings) as client:
        found = diagnosis.why(client, target.keys(), job_id, allowed=settings.allowed_tasks)
    if found is None:
        raise NotFound(
            f"There is no job {safe(job_id)}: it was deleted (pantry-console trash list), or it has expired."
        )
    output.document(explanation_json(found)) if as_json else _tell(found)


def _tell(found: Explanation) -> None:
    from pantry_queue.monitor.diagnosis import MARKS

    place = f", number {found.position + 1:,} of {found.waiting or 0:,}" if found.position is not None else ""
    output.text(f"{found.func or found.job_id}   queue {found.queue or '?'}   {found.state or '?'}{place}")
    output.text("")
    _tell_finding(found.answer, "")
    output.text("")
    for check in found.checks:
        cause = "   <- this one" if check.mark == "cause" else ""
        output.text(f"{MARKS[check.mark]} {check.says}{cause}")


def _tell_finding(finding: Finding, indent: str) -> None:
    output.text(f"{indent}{finding.says}")
    for sentence in finding.evidence:
        output.text(f"{indent}  {sentence}")
    if finding.remedy:
        output.text(f"{indent}Do: {finding.remedy}")
    if finding.command:
        output.text(f"{indent}    {finding.command}")


def doctor(
    context: typer.Context,
    scan: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Keys to look at for lost jobs; 0 is none.")
    ] = None,
    server: Annotated[
        bool | None, typer.Option("--server/--no-server", help="Ask for settings and slow log of Redis.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Offer the repairs that are safe, one by one.")] = False,
    dry_run: DryRun = False,
    reason: Reason = "",
    alias: Alias = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """The health of the deployment: what is wrong, how that shows, and what to do."""
    target = of(context)
    if fix and not dry_run:
        target.refuse_if_read_only("doctor --fix")
    found = _examined(target, scan, server)
    if as_json and not fix:
        output.document(examination_json(found))
    elif not as_json:
        _tell_all(found)
    if fix:
        given = {"dry_run": dry_run, "reason": reason or "doctor", "alias": alias, "yes": yes, "as_json": as_json}
        _fix(target, found, given)


def _examined(target: Target, scan: int | None, server: bool | None) -> Examination:
    """A deployment with what was sampled before, by which standing still and growing is seen."""
    from pantry_queue import recalling
    from pantry_queue.monitor import diagnosis

    rules, keys = alert_rules(target), target.keys()
    _, rates = with_past(target)
    with reader(target.settings()) as client:
        canceled = recalling.canceled(client, keys)
        return diagnosis.examine(
            client, keys, scan=scan, ask_server=server, history=rates, canceled=canceled, rules=rules
        )


_SIGNS = {"critical": "!!", "warning": "! ", "info": "i ", "ok": "+ "}


def _tell_all(found: Examination) -> None:
    for finding in found.findings:
        output.text(f"{_SIGNS[finding.severity]} {finding.says}")
        _tell_rest(finding)
    if not found.findings:
        output.text("Nothing is wrong.")
    looked = "; ".join(
        f"{one.what} {one.looked:,}" + (f" of {one.total:,}" if one.total is not None else "")
        if not one.note
        else f"{one.what} {one.looked:,} ({one.note})"
        for one in found.covered
    )
    output.note(f"looked at: {looked}; {found.took_ms:.0f} ms")


def _tell_rest(finding: Finding) -> None:
    for sentence in finding.evidence:
        output.text(f"     {sentence}")
    if finding.remedy:
        output.text(f"     Do: {finding.remedy}")
    if finding.command:
        output.text(f"         {finding.command}")


def _fix(target: Target, found: Examination, given: dict[str, Any]) -> None:
    """Each safe repair as a plan, asked for one by one.

    Raises:
        Refused: there is something to repair, nobody can be asked and `--yes` was not given.
    """
    from console.cli.carrying_out import end

    acts = [finding for finding in found.findings if finding.act.name in SAFE]
    if not acts:
        output.note("Nothing that can be put right safely was found.")
        return
    asking = sys.stdin.isatty() and sys.stderr.isatty()
    if not (given["dry_run"] or given["yes"] or asking):
        commands = "; ".join(str(one.command) for one in acts)
        raise Refused(f"doctor --fix would do this: {commands}. Nothing was changed; add --yes to do it.")
    codes = [0]
    for finding in acts:
        if not (given["dry_run"] or given["yes"]) and not _wanted(finding):
            continue
        codes.append(_carry_out(target, finding.act, given))
    end(max(codes))


def _wanted(finding: Finding) -> bool:
    sys.stderr.write(f"{finding.says}\n  {finding.remedy} Do it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _carry_out(target: Target, act: Act, given: dict[str, Any]) -> int:
    from console.cli.carrying_out import carry_out
    from pantry_queue.control.actions import ACTIONS
    from pantry_queue.control.plan import Options, Selection

    selection = Selection(ids=act.ids, states=act.states, queues=act.queues)
    return carry_out(target, ACTIONS[act.name], selection, Options(), manner(given))
