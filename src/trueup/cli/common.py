"""What several commands share: options, consoles, the workspace's store."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console, RenderableType

    from trueup.workspace import Workspace

FINE = 0
GATE_FAILED = 1
INCONCLUSIVE = 3
INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="Where verdicts are kept: a file or database URL.", metavar="PLACE"
    ),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="Which column is a field, where its name says little.", metavar="FIELD=COLUMN"
    ),
]
ZoneOption = Annotated[
    str | None,
    typer.Option("--timezone", help="Zone of timestamps that carry none.", metavar="ZONE"),
]


def console(*, err: bool = False) -> Console:
    """Return a console that prints text as it is: no markup, no highlighting, no control."""
    from trueup.report.console import PlainConsole  # noqa: PLC0415 - not needed for --help, --json

    return PlainConsole(err=err)


def print_json(value: Mapping[str, Any] | list[Any]) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, default=str))


def own_stdout() -> redirect_stdout[TextIO]:
    """Send what judges and libraries print to stderr: stdout is for the result alone."""
    return redirect_stdout(sys.stderr)


def respond(
    body: Mapping[str, Any] | list[Any], parts: Iterable[RenderableType], *, json_: bool
) -> None:
    """Print a result, as JSON or as people read it.

    Args:
        body: The result as plain data.
        parts: The same, rendered; nothing is rendered that is not printed.
        json_: Which of the two.
    """
    if json_:
        print_json(body)
        return
    screen = console()
    for part in parts:
        screen.print(part)


def print_error(kind: str, what: str, *, where: str | None = None, mend: str | None = None) -> None:
    """Print an error as JSON, in place of what was asked for."""
    print_json({"error": {"kind": kind, "what": what, "where": where, "mend": mend}})


def field_map(pairs: list[str] | None, *, labels: bool = False) -> dict[str, str] | None:
    """Return what `--map` options say.

    Args:
        pairs: One FIELD=COLUMN each.
        labels: Whether the fields of labels, and `criterion.ID`, may be mapped too.

    Raises:
        DataError: One of them is not FIELD=COLUMN, or names no field.
    """
    if not pairs:
        return None
    from trueup.item.fields import parse_map  # noqa: PLC0415 - where it is used
    from trueup.label.naming import is_labels  # noqa: PLC0415 - where it is used

    others = [pair for pair in pairs if labels and "=" in pair and is_labels(_name(pair))]
    found = {_name(pair): pair.partition("=")[2].strip() for pair in others}
    return {**parse_map([pair for pair in pairs if pair not in others]), **found}


def _name(pair: str) -> str:
    return pair.partition("=")[0].strip()


def going_to(folder: Path) -> str:
    """Return the shell's line that changes into a folder, whatever its name is."""
    name = str(folder)
    return f"cd {shlex.quote(f'./{name}' if name.startswith('-') else name)}"


def store_place(store: str | None, *, workspace: Workspace | None = None) -> str:
    """Return where verdicts are kept: as given, else in the workspace, else in this folder."""
    if store is not None:
        return store
    from trueup.workspace import Workspace  # noqa: PLC0415 - where it is used

    found = workspace or Workspace.find()
    return str((found or Workspace(Path.cwd())).store_path)


def home_of(path: Path) -> Workspace | None:
    """Return the workspace that a runner is in, from wherever it is run; None for the library's."""
    from trueup.library import library  # noqa: PLC0415 - where it is used
    from trueup.workspace import Workspace  # noqa: PLC0415 - where it is used

    folder = path.resolve().parent
    if folder.name != "runners" or folder == (library() / "runners").resolve():
        return None
    return Workspace(folder.parent)
