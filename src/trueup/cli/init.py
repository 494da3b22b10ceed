"""`trueup init`: a workspace to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.common import FINE, Json, console, print_json


def command(
    folder: Annotated[Path, typer.Argument(help="Where; this folder by default.")] = Path(),
    *,
    json_: Json = False,
) -> int:
    """Make a workspace to start from. Nothing is overwritten."""
    from trueup.runner.scaffold import scaffold  # noqa: PLC0415 - heavy

    made = scaffold(folder)
    if json_:
        print_json([{"path": str(path), "written": written} for path, written in made])
        return FINE
    screen = console()
    for path, written in made:
        screen.print(f"{'wrote' if written else 'kept '} {path}")
    screen.print()
    screen.print(
        "Next: edit rubrics/support-reply.yaml, point judges/local.yaml at your model, then"
    )
    screen.print("    trueup check")
    screen.print("    trueup score outputs.jsonl --rubric support-reply --judge local --plan")
    return FINE
