"""`trueup goodhart import`: signals of users into the store, where no judge sees them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, StoreOption, ZoneOption, respond, store_place
from trueup.errors import ConfigError
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

    from trueup.store.signals import ImportedSignals

_BY = "trueup goodhart import"


def command(  # noqa: PLR0917 - a command's options
    file: Annotated[Path, typer.Argument(help="JSONL, CSV, Parquet, or the export of a platform.")],
    signal: Annotated[
        list[str] | None,
        typer.Option(
            "--signal",
            "-s",
            help="A column of a table with a row an output, as thumbs=rating; repeated.",
            metavar="NAME=COLUMN",
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="Which column is unit_id, value, known_at, ...", metavar="FIELD=COLUMN"
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at",
            help="When all of it had arrived, where no column says so.",
            metavar="TIME",
        ),
    ] = None,
    timezone: ZoneOption = None,
    store: StoreOption = None,
    *,
    json_: Json = False,
) -> int:
    """Take users' signals in. The same file again adds nothing."""
    from trueup.item.instant import instant  # noqa: PLC0415 - heavy
    from trueup.signal.read import open_signals  # noqa: PLC0415 - heavy
    from trueup.store.signals import import_signals  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    source = open_signals(
        file,
        signals=_pairs(signal, "--signal") or None,
        fields=_pairs(field, "--map") or None,
        timezone=timezone,
        known_at=None if known_at is None else instant(known_at),
    )
    with Store.open(store_place(store)) as opened:
        found = import_signals(opened, source, by=_BY)
    respond(_to_dict(found), _render(found), json_=json_)
    return FINE


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    found = {}
    for text in given or ():
        name, equals, column = (part.strip() for part in text.partition("="))
        if not equals or not name or not column:
            raise ConfigError(f"{option} wants NAME=COLUMN, not '{text}'",
                              mend=f"Write for example {option} thumbs=rating")  # fmt: skip
        found[name] = column
    return found


def _to_dict(found: ImportedSignals) -> Mapping[str, object]:
    return {
        "source": found.source,
        "format": found.source_format,
        "n": found.n,
        "new": found.new,
        "by_name": dict(found.by_name),
        "left_out": dict(found.left_out),
        "first": dict(found.first),
        "notes": list(found.notes),
    }


def _render(found: ImportedSignals) -> Iterator[RenderableType]:
    from trueup.report.words import counted  # noqa: PLC0415 - heavy

    names = ", ".join(f"{one_line(name, 40)} {n:,}" for name, n in found.by_name.items())
    yield (
        f"{one_line(found.source, 200)} ({found.source_format}): {counted(found.n, 'signal')}, "
        f"{found.new:,} new: {names}"
    )
    for why, n in found.left_out.items():
        yield f"  left out: {n:,}, {one_line(why, 200)} (first: {one_line(found.first[why], 80)})"
    for note in found.notes:
        yield f"  {one_line(note, 300)}"
    yield "They are held out: no judge, rubric or fit is shown one."
