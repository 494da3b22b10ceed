"""The door of the `trueup` command: light, so that Ctrl-C ends it quietly from the first moment."""

from __future__ import annotations

import io
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a terminal that lacks a character shows its number, and nothing ends for it
            stream.reconfigure(errors="backslashreplace")
    try:
        status = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules are imported: later ones are told by the command
        status = INTERRUPTED
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    from trueup.cli import commands  # noqa: PLC0415 - slow enough to be interrupted

    return commands.run(arguments)
