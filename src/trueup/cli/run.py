"""`trueup run`: a named run from runners/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.common import Json, store_place
from trueup.cli.score import score_and_show
from trueup.errors import ConfigError


def command(
    name: Annotated[str, typer.Argument(help="Name or path of a runner.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="KEY=VALUE instead of what the file says.", metavar="KEY=VALUE"),
    ] = None,
    *,
    json_: Json = False,
) -> int:
    """Run a named job. Its file in runners/ says how."""
    from trueup.registry import resolve  # noqa: PLC0415 - heavy
    from trueup.runner.spec import load_runner  # noqa: PLC0415 - heavy

    spec = load_runner(Path(str(resolve("runner", name))), changes=dict(map(_pair, changes or ())))
    options = {**spec.options(), "store": store_place(spec.store)}
    return score_and_show(
        Path(spec.items),
        options,
        out=Path(spec.out) if spec.out else None,
        out_items=Path(spec.out_items) if spec.out_items else None,
        bar=spec.bar,
        json_=json_,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set wants KEY=VALUE, not '{text}'")
    return key.strip(), value
