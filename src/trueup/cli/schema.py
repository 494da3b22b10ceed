"""`trueup schema`: JSON Schema of a rubric file, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from trueup.cli.common import FINE, print_json


def command(
    out: Annotated[Path | None, typer.Option("--out", help="Write to a file.")] = None,
    *,
    json_: Annotated[bool, typer.Option("--json", help="It is JSON already.")] = False,
) -> int:
    """Print the JSON Schema of rubric files. Editors complete and check with it."""
    from trueup.errors import ConfigError  # noqa: PLC0415 - where it is used
    from trueup.rubric.schema import rubric_schema  # noqa: PLC0415 - heavy

    del json_
    if out is None:
        print_json(rubric_schema())
        return FINE
    try:
        out.write_text(json.dumps(rubric_schema(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        what = f"the schema cannot be written ({error.strerror})"
        raise ConfigError(what, where=str(out), mend="Name a file that you may write") from error
    return FINE
