"""`trueup doctor`: what is in a file of outputs, what it allows, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.common import FINE, Json, MapOption, ZoneOption, field_map, respond

_UNUSABLE = 2
"""With what a run over the same file would end."""


def command(
    file: Annotated[Path, typer.Argument(help="JSONL, CSV, Parquet or Arrow file.")],
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    json_: Json = False,
) -> int:
    """Look into a file of outputs. Says what it allows, and what is missing for more."""
    from trueup.item.doctor import diagnose  # noqa: PLC0415 - heavy
    from trueup.report.doctor import render  # noqa: PLC0415 - heavy

    found = diagnose(file, fields=field_map(map_), timezone=timezone)
    respond(found.to_dict(), render(found), json_=json_)
    return _UNUSABLE if found.problems else FINE
