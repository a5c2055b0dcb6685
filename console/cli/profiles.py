"""`profiles`: named connections, listed, shown, tried."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli import output

app = typer.Typer(help="Named connections from the config file.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def profiles(context: typer.Context) -> None:
    """Named connections from the config file; without a command they are listed."""
    if context.invoked_subcommand is None:
        list_profiles(as_json=False)


@app.command("list")
def list_profiles(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """All profiles."""
    from console.profiles import load, path

    known = load().values()
    if as_json:
        output.document([_json(profile) for profile in known])
    elif known:
        output.table(
            ("PROFILE", "URL", "PRODUCTION", "READ-ONLY"),
            (
                (_json(p)["name"], _json(p)["url"], "yes" if p.production else "", "yes" if p.read_only else "")
                for p in known
            ),
        )
    else:
        output.note(f"There are no profiles; write them to {path()} (see docs/cli.md).")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """One profile; its password is never shown."""
    from console.profiles import find

    profile = _json(find(name))
    if as_json:
        output.document(profile)
    else:
        output.facts((key.replace("_", " "), str(value)) for key, value in profile.items())


@app.command("check")
def check(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Connect to the Redis of a profile and say what answers."""
    from console.cli.looking import take
    from console.cli.target import Target
    from console.profiles import find
    from pantry_queue.text import safe

    snapshot = take(Target(url=find(name).url))
    output.text(
        f"{safe(name)}: {' '.join((snapshot.redis.server, snapshot.redis.version, 'at', snapshot.target)).strip()}"
    )


def _json(profile: Any) -> dict[str, Any]:
    from pantry_queue.config import mask_url
    from pantry_queue.text import safe

    return {
        "name": safe(profile.name),
        "url": safe(mask_url(profile.url)),
        "production": profile.production,
        "read_only": profile.read_only,
    }
