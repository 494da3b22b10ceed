"""`trueup label`: answer a rubric's questions key by key; bring labels in, and take them out."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

import typer

from trueup.cli.common import (
    FINE,
    INTERRUPTED,
    Json,
    MapOption,
    StoreOption,
    ZoneOption,
    field_map,
    print_error,
    respond,
    store_place,
)
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.item.read import ItemSource
    from trueup.rubric.model import Criterion, Rubric
    from trueup.runner.labelling.asking import Asked
    from trueup.runner.labelling.queue import Queue

SplitChoice: TypeAlias = Literal["auto", "none", "train", "dev", "test", "fresh", "all"]

_BY = "trueup label"
_ANNOTATOR = "TRUEUP_ANNOTATOR"
_OF_LABELS = ("auto", "none")
_ANCHORS = 60
"""As many as show a judge that changed one answer in ten."""


class Given(NamedTuple):
    """What the options say that all three uses of the command share."""

    items: Path | None
    rubric: Rubric
    criteria: tuple[Criterion, ...]
    annotator: str | None
    split: SplitChoice | None
    place: str
    map_: list[str] | None
    timezone: str | None
    json: bool

    def source(self, fields: Mapping[str, str] | None) -> ItemSource | None:
        """Return the items of the file, where one is named."""
        from trueup.item.read import open_items  # noqa: PLC0415 - heavy

        if self.items is None:
            return None
        return open_items(self.items, fields=fields, timezone=self.timezone)


def command(  # noqa: PLR0917 - a command's options
    rubric: Annotated[
        str, typer.Option("--rubric", "-r", help="Name or path of the rubric that asks.")
    ],
    items: Annotated[
        Path | None,
        typer.Argument(help="A file of outputs; none for what the last calibration drew."),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Draw so many of the file at random, the same ones every time."),
    ] = None,
    annotator: Annotated[
        str | None, typer.Option(help=f"Who answers; else {_ANNOTATOR}, else who is logged in.")
    ] = None,
    criterion: Annotated[
        list[str] | None,
        typer.Option(
            "--criterion", "-c", help="Only this one; all that a judge decides.", metavar="ID"
        ),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option("--import", help="Take labels in: JSONL, CSV, a tool's export."),
    ] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write labels to a file.")] = None,
    freeze: Annotated[
        Path | None,
        typer.Option("--freeze", help="Write labelled items to a new file of anchors (60)."),
    ] = None,
    as_: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="In which form: jsonl, csv, label-studio, argilla, langfuse, langsmith.",
            metavar="FORM",
        ),
    ] = None,
    split: Annotated[
        SplitChoice | None,
        typer.Option(
            help="Labels of a file get a part of the split (auto) or none; with --export, which to "
            "write: train, dev, test, fresh (in no part), all.",
            metavar="PART",
        ),
    ] = None,
    store: StoreOption = None,
    map_: MapOption = None,
    timezone: ZoneOption = None,
    *,
    blind: Annotated[
        bool, typer.Option("--blind", help="With --export: the items alone, without answers.")
    ] = False,
    show_judge: Annotated[
        bool, typer.Option("--show-judge", help="Show the judge's answer; labels then say so.")
    ] = False,
    no_again: Annotated[
        bool, typer.Option("--no-again", help="Do not ask again where the wording changed.")
    ] = False,
    json_: Json = False,
) -> int:
    """Label outputs by hand, key by key. Takes labels in and out, too."""
    from trueup.api import load_rubric  # noqa: PLC0415 - heavy
    from trueup.cli.keys import require_terminal  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.asking import (  # noqa: PLC0415 - heavy
        asked_criteria,
        named_criteria,
    )

    named = {
        "--sample": sample, "--import": import_, "--export": export, "--as": as_,
        "--freeze": freeze,
        "--show-judge": show_judge, "--no-again": no_again, "--blind": blind,
    }  # fmt: skip
    _refuse_mixtures({name for name, value in named.items() if value}, split, items)
    by_hand = import_ is None and export is None and freeze is None
    if by_hand:
        require_terminal()
    asking = load_rubric(rubric)
    chosen = (asked_criteria if by_hand else named_criteria)(asking, criterion)
    given = Given(
        items, asking, chosen, annotator, split, store_place(store), map_, timezone, json_
    )
    if import_ is not None:
        return _import(import_, given, criterion)
    if export is not None:
        return _export(export, given, as_, blind=blind)
    if freeze is not None:
        return _freeze(freeze, given, n=sample or _ANCHORS)
    return _label(given, sample=sample, again=not no_again, show_judge=show_judge)


def _refuse_mixtures(given: set[str], split: str | None, items: Path | None) -> None:
    from trueup.errors import ConfigError  # noqa: PLC0415 - heavy

    of = {
        "--import": {"--sample", "--export", "--as", "--blind", "--show-judge", "--no-again"},
        "--export": {"--sample", "--show-judge", "--no-again", "--freeze"},
        "--freeze": {"--import", "--as", "--blind", "--show-judge", "--no-again"},
    }
    for name, others in of.items():
        wrong = sorted(given & others) if name in given else []
        if wrong:
            raise ConfigError(f"{name} and {wrong[0]} do not go together", mend="Leave one out")
    alone = sorted(given & {"--as", "--blind"})
    if alone and "--export" not in given:
        raise ConfigError(f"{alone[0]} says nothing without --export", mend="Add --export FILE")
    if "--sample" in given and items is None and "--freeze" not in given:
        mend = "Name it: trueup label outputs.jsonl --sample 50"
        raise ConfigError("--sample draws from a file, and none is named", mend=mend)
    drawn = items is None and not given & {"--import", "--export", "--freeze"}
    if split and (drawn or ((split in _OF_LABELS) == ("--export" in given))):
        mend = (
            "auto and none are for labels of a file or an import; train, dev, test, fresh and all "
            "for --export; what a calibration has drawn is in no part"
        )
        raise ConfigError(f"--split {split} has no meaning here", mend=mend)


# --- labelling -------------------------------------------------------------------------------


def _label(given: Given, *, sample: int | None, again: bool, show_judge: bool) -> int:
    from trueup.runner.labelling.asking import Asked, refuse_many_levels  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.queue import drawn_queue, file_queue  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    refuse_many_levels(given.criteria)
    who = (given.annotator or "").strip() or _who()
    items = given.source(field_map(given.map_))
    place = given.place
    with Store.open(place) if items else Store.open_existing(place) as opened:
        asked = Asked(
            store=opened,
            rubric=given.rubric,
            criteria=given.criteria,
            annotator=who,
            again=again,
            show_judge=show_judge,
        )
        if items:
            parts = None if given.split is None else given.split == "auto"
            queue = file_queue(asked, items, sample=sample, parts=parts)
        else:
            queue = drawn_queue(asked)
        for note in queue.notes:
            typer.echo(one_line(note, 500), err=True)
        if not queue.tasks:
            respond(
                {"open": 0}, [f"Nothing is left to label for {one_line(who)}."], json_=given.json
            )
            return FINE
        return _work(asked, queue, json_=given.json)


def _who() -> str:
    from trueup.errors import ConfigError  # noqa: PLC0415 - heavy

    try:
        name = os.environ.get(_ANNOTATOR) or getpass.getuser()
    except (OSError, KeyError, ImportError):
        name = ""
    if not name.strip():
        mend = f"Say it: --annotator NAME, or set {_ANNOTATOR}"
        raise ConfigError("nobody knows who is answering", mend=mend)
    return name.strip()


def _work(asked: Asked, queue: Queue, *, json_: bool) -> int:
    from trueup.cli.keys import Terminal  # noqa: PLC0415 - heavy
    from trueup.report.label_files import kept, render_session  # noqa: PLC0415 - heavy
    from trueup.report.labelling import Sheet  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.flips import flips  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.own import own_labels  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.session import Session  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.work import Worked, work  # noqa: PLC0415 - heavy
    from trueup.store.labels import add_labels  # noqa: PLC0415 - heavy

    session = Session(queue.tasks, asked.rubric, annotator=asked.annotator, history=queue.history)
    interrupted = False
    try:
        with Terminal(Sheet(queue.source)) as terminal:
            work(
                session,
                terminal,
                record=lambda label: add_labels(asked.store, [label], source=_BY),
                taken=queue.taken,
            )
    except KeyboardInterrupt:
        interrupted = True
    reworded = []
    if any(task.before for task in queue.tasks):
        own = own_labels(asked.store, asked.criteria, annotator=asked.annotator)
        reworded = flips([*own.before.values(), *own.now], asked.criteria)
    found = Worked.of(session, source=queue.source, reworded=reworded)
    if interrupted and json_:
        print_error("Interrupted", "interrupted", mend=kept(found))
    else:
        respond(found.to_dict(), render_session(found, interrupted=interrupted), json_=json_)
    return INTERRUPTED if interrupted else FINE


# --- files -----------------------------------------------------------------------------------


def _import(path: Path, given: Given, criterion: list[str] | None) -> int:
    from trueup.label.naming import split_map  # noqa: PLC0415 - heavy
    from trueup.report.label_files import render_import  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.imports import import_labels  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    declared = field_map(given.map_, labels=True)
    of_items, of_labels = split_map(declared)
    if given.items is None:
        of_labels = declared or {}
    with Store.open(given.place) as opened:
        found = import_labels(
            opened,
            path,
            rubric=given.rubric,
            fields=of_labels or None,
            timezone=given.timezone,
            by=_BY,
            criterion=criterion[0] if criterion and len(criterion) == 1 else None,
            annotator=given.annotator,
            items=given.source(of_items or None) or (),
            split="none" if given.split == "none" else "auto",
        )
    respond(found.to_dict(), render_import(found), json_=given.json)
    return FINE


def _export(path: Path, given: Given, form: str | None, *, blind: bool) -> int:
    from trueup.report.label_files import render_export  # noqa: PLC0415 - heavy
    from trueup.runner.labelling.exports import (  # noqa: PLC0415 - heavy
        PARTS,
        export_labels,
        form_of,
    )
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    form = form_of(path, form)
    with Store.open_existing(given.place) as opened:
        found = export_labels(
            opened,
            path,
            rubric=given.rubric,
            criteria=given.criteria,
            form=form,
            by=f"{_BY} --export",
            part=next((part for part in PARTS if part == given.split), None),
            annotator=given.annotator,
            blind=blind,
            items=given.source(field_map(given.map_)) or (),
        )
    respond(found.to_dict(), render_export(found), json_=given.json)
    return FINE


def _freeze(path: Path, given: Given, *, n: int) -> int:
    from trueup.report.words import counted  # noqa: PLC0415 - heavy
    from trueup.runner.calibration.freeze import freeze_anchors  # noqa: PLC0415 - heavy
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    with Store.open_existing(given.place) as opened:
        count = freeze_anchors(opened, given.rubric, path, n=n)
    shown = f"{counted(count, 'anchor')} in {one_line(str(path), 200)}: trueup calibrate --anchors"
    respond({"anchors": count, "file": str(path)}, [shown], json_=given.json)
    return FINE
