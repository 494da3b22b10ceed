"""`trueup goodhart import`: signals of users into the store, where no judge sees them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, StoreOption, ZoneOption, respond, store_place
from trueup.errors import ConfigError, did_you_mean
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from trueup.signal.column import Column
    from trueup.signal.read import SignalSource
    from trueup.store.signals import ImportedSignals

_BY = "trueup goodhart import"
_FORMS = {
    "--signal": ("NAME=COLUMN", "thumbs=rating"),
    "--map": ("FIELD=COLUMN", "known_at=received"),
    "--names": ("NAME=TEXT", "thumbs=helpful"),
}


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
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            help="What cells of a signal mean, as thumbs:up=1,down=0 or stars:1..5; repeated.",
            metavar="NAME:VALUES",
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--names",
            help="What a platform's export calls a signal, as thumbs=helpful; repeated.",
            metavar="NAME=TEXT",
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
    edits: Annotated[
        str | None,
        typer.Option(
            "--edits",
            help="Two columns, a text and what the user made of it: becomes edit_rate.",
            metavar="BEFORE,AFTER",
        ),
    ] = None,
    retry_of: Annotated[
        str | None,
        typer.Option(
            "--retry-of",
            help="FILE is a log, and here a later output names the one that it retries.",
            metavar="COLUMN",
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--within", help="What is not retried for so long counts as 0.", metavar="TIME"
        ),
    ] = None,
    timezone: ZoneOption = None,
    store: StoreOption = None,
    *,
    find_retries: Annotated[
        bool,
        typer.Option(
            "--find-retries", help="FILE is a log: a session that asks nearly the same again."
        ),
    ] = False,
    json_: Json = False,
) -> int:
    """Take users' signals in. The same file again adds nothing."""
    from trueup.store.signals import import_signals  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    fields = _pairs(field, "--map") or None
    if retry_of is not None or find_retries:
        beside: dict[str, object] = {
            "--signal": signal, "--edits": edits, "--known-at": known_at, "--values": values,
            "--names": names,
        }  # fmt: skip
        if retry_of is not None:
            beside["--find-retries"] = find_retries
        said = next((option for option, value in beside.items() if value), None)
        if said is not None:
            mend = "Import twice: a log is read for its retries alone"
            raise ConfigError(f"{said} says nothing of retries in a log", mend=mend)
        source = _retries(file, retry_of, within, fields, timezone)
    elif within is not None:
        mend = "Add --retry-of COLUMN or --find-retries"
        raise ConfigError("--within is of retries, and none are asked for", mend=mend)
    else:
        from trueup.signal.read import open_signals  # noqa: PLC0415 - heavy
        from trueup.signal.words import parse_values  # noqa: PLC0415 - heavy

        meant = parse_values(values or ())
        source = open_signals(
            file,
            signals=_named(signal, edits) or None,
            fields=fields,
            values=meant,
            names=_pairs(names, "--names"),
            known_at=known_at,
            timezone=timezone,
        )
        _check_meant(meant, source)
    with Store.open(store_place(store)) as opened:
        found = import_signals(opened, source, by=_BY)
    respond(_to_dict(found), _render(found), json_=json_)
    return FINE


def _check_meant(meant: Iterable[str], source: SignalSource) -> None:
    """Refuse values of a signal that the file does not hold: they would mean nothing, unsaid."""
    given = list(meant)
    there = source.check().by_name if given else {}
    unknown = next((name for name in given if name not in there), None)
    if unknown is not None:
        what = f"--values says what '{unknown}' means, and no such signal is in it"
        raise ConfigError(what, where=source.name, mend=did_you_mean(unknown, there))


def _retries(
    file: Path,
    link: str | None,
    within: str | None,
    fields: Mapping[str, str] | None,
    timezone: str | None,
) -> SignalSource:
    from trueup.goodhart.spec import span  # noqa: PLC0415 - heavy
    from trueup.signal.log import open_retries  # noqa: PLC0415 - heavy

    time = None if within is None else span(within, "--within")
    return open_retries(file, link=link, within=time, fields=fields, timezone=timezone)


def _named(signal: list[str] | None, edits: str | None) -> dict[str, str | Column]:
    """Return the signals that options name, with their columns."""
    from trueup.signal.column import Column  # noqa: PLC0415 - heavy

    found: dict[str, str | Column] = {**_pairs(signal, "--signal")}
    if edits is not None:
        before, comma, after = (part.strip() for part in edits.partition(","))
        if not comma or not before or not after:
            raise ConfigError(f"--edits wants BEFORE,AFTER, not '{edits}'",
                              mend="Write for example --edits draft,sent")  # fmt: skip
        found["edit_rate"] = Column(before=before, after=after)
    return found


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    found = {}
    for text in given or ():
        name, equals, column = (part.strip() for part in text.partition("="))
        if not equals or not name or not column:
            form, example = _FORMS[option]
            raise ConfigError(f"{option} wants {form}, not '{text}'",
                              mend=f"Write for example {option} {example}")  # fmt: skip
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
