"""What several commands share: options, consoles, the workspace's store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

FINE = 0
GATE_FAILED = 1
INCONCLUSIVE = 3

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="Where verdicts are kept: a file or database URL.", metavar="PLACE"
    ),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="FIELD=COLUMN where a column's name is not understood."),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--timezone", help="Zone of timestamps that carry none.", metavar="ZONE"),
]


def console(*, err: bool = False) -> Console:
    """Return a console that prints text as it is: no markup, no highlighting."""
    from rich.console import Console  # noqa: PLC0415 - not needed for --help and --json

    return Console(stderr=err, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, default=str))


def field_map(pairs: list[str] | None) -> dict[str, str] | None:
    """Return what `--map` options say.

    Raises:
        DataError: One of them is not FIELD=COLUMN, or names no field.
    """
    if not pairs:
        return None
    from trueup.item.fields import parse_map  # noqa: PLC0415 - where it is used

    return parse_map(pairs).given()


def store_place(store: str | None) -> str:
    """Return where verdicts are kept: as given, else in the workspace, else in this folder."""
    if store is not None:
        return store
    from trueup.workspace import Workspace  # noqa: PLC0415 - where it is used

    workspace = Workspace.find()
    root = workspace.root if workspace is not None else Path.cwd()
    return str(root / ".trueup" / "trueup.db")
