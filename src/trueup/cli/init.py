"""`trueup init`: a workspace to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, going_to, respond

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_THEN = (
    "Then edit rubrics/support-reply.yaml, point judges/local.yaml at your model, put your outputs "
    "into outputs.jsonl, and see what judging them would ask and cost:"
)


def command(
    folder: Annotated[Path, typer.Argument(help="Where; this folder by default.")] = Path(),
    *,
    json_: Json = False,
) -> int:
    """Make a workspace to start from. Nothing is overwritten."""
    from trueup.runner.scaffold import scaffold  # noqa: PLC0415 - heavy

    made = scaffold(folder)
    body = [{"path": str(path), "written": written} for path, written in made]
    respond(body, _render(folder, made), json_=json_)
    return FINE


def _render(folder: Path, made: Sequence[tuple[Path, bool]]) -> Iterator[str]:
    for path, written in made:
        yield f"{'wrote' if written else 'kept '} {path}"
    yield "\nNext"
    if folder.resolve() != Path.cwd():
        yield f"    {going_to(folder)}"
    yield "    trueup check"
    yield _THEN
    yield "    trueup score outputs.jsonl --rubric support-reply --judge local --plan"
