"""`pantry-console`: the entry point."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: scripts ask for it often.
        from pantry_queue import __version__

        print(f"pantry-console {__version__}")  # noqa: T201 - the one line that needs no output module
        sys.exit(0)
    from console.cli.app import run

    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away before the last lines; the interpreter must not try them again.
        sys.stdout = None
    sys.exit(code)


if __name__ == "__main__":
    main()
