"""`pantry-console`: the entry point."""

from __future__ import annotations

import sys

from console import streams


def main() -> None:
    """Run the command line and end the process with its exit code."""
    streams.make_usable()
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: scripts ask for it often.
        from pantry_queue import __version__

        print(f"pantry-console {__version__}")  # noqa: T201 - the one line that needs no output module
        sys.exit(streams.flushed(0))
    try:
        from console.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130  # as a shell says of what Ctrl-C ended
    sys.exit(streams.flushed(code))


if __name__ == "__main__":
    main()
