"""export_labels: labels out of the store, for a file, or for a tool in which people go on."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from trueup.errors import ConfigError, DataError
from trueup.label.sheet import write_sheet
from trueup.label.write import write_labels
from trueup.runner.labelling.asking import item_of
from trueup.runner.labelling.queue import last_draw, turn
from trueup.store.draws import observed
from trueup.store.labels import labels_for, labels_of_criterion, open_test_labels
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.label.model import Label
    from trueup.rubric.model import Criterion, Rubric
    from trueup.store.store import Store

Part: TypeAlias = Literal["train", "dev", "test", "fresh", "all"]
PARTS: tuple[Part, ...] = get_args(Part)

WITH_ITEMS = ("label-studio", "argilla")
"""Forms that show people the items."""
SHEET = "csv"
"""The form that does so where it is blind; else it holds labels."""
_BY_ENDING = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    path: str
    form: str
    n: int
    """Labels."""
    items: int
    """Items that go along, labelled or not."""
    parts: Mapping[str, int]
    """train, dev, test, or `fresh` for none -> labels."""
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return asdict(self)


def form_of(path: Path, form: str | None) -> str:
    """Return the form to write, by its name or the file's ending.

    Raises:
        ConfigError: The ending says nothing.
    """
    found = form or _BY_ENDING.get(path.suffix.casefold())
    if found is None:
        mend = "Name it .jsonl or .csv, or say which form: --as label-studio"
        raise ConfigError("the ending does not say in which form", where=str(path), mend=mend)
    return found


def export_labels(
    store: Store,
    target: Path,
    *,
    rubric: Rubric,
    criteria: Sequence[Criterion],
    form: str,
    by: str,
    part: Part | None = None,
    annotator: str | None = None,
    blind: bool = False,
    items: Iterable[Item] = (),
) -> Exported:
    """Write labels to a file.

    Args:
        store: Where they are kept.
        target: The file.
        rubric: The rubric that asks.
        criteria: Whose labels.
        form: As of `write_labels`. Tools get the labels of today's questions, files all.
        by: What asked for it: written down where the test split is opened.
        part: Only these: a part of the split, `fresh` for those in none, `all`. By default all
            but those of the test split.
        annotator: Only this person's.
        blind: Whether to write the items alone, so that nobody sees an answer.
        items: Items to go along; by default those that are labelled or drawn to be labelled.

    Raises:
        ConfigError: The form shows no items but nothing else was wanted, or the file cannot be
            written.
        DataError: There is nothing to write.
    """
    if blind and form == SHEET:
        found = list(items) or _items(store, rubric, ())
        return _sheet(target, found, rubric=rubric, criteria=criteria, annotator=annotator)
    if blind and form not in WITH_ITEMS:
        what = f"a file of the form '{form}' holds answers and nothing else"
        mend = f"Use --as {', '.join((SHEET, *WITH_ITEMS[:-1]))} or {WITH_ITEMS[-1]}"
        raise ConfigError(what, where=str(target), mend=mend)
    labels = [] if blind else _labels(store, criteria, part, by=by, today=form not in _WHOLE)
    labels = [label for label in labels if annotator in {None, label.annotator}]
    shown: list[Item] = []
    if form in WITH_ITEMS:
        shown = list(items) or _items(store, rubric, labels)
    if not labels and not shown:
        mend = "trueup label makes some, and --split and --annotator leave some out"
        raise DataError(
            f"there are no labels of rubric {rubric.name}", where=store.where, mend=mend
        )
    n = write_labels(labels, target, form=form, items=shown)
    kept = "Labels of the test split are left out; --split all opens it, which is written down"
    return Exported(
        path=str(target),
        form=form,
        n=n,
        items=len(shown),
        parts=dict(Counter(label.split or "fresh" for label in labels)),
        notes=() if part or blind else (kept,),
    )


_WHOLE = ("jsonl", "csv")


def _sheet(
    target: Path,
    items: Sequence[Item],
    *,
    rubric: Rubric,
    criteria: Sequence[Criterion],
    annotator: str | None,
) -> Exported:
    """Write items for a spreadsheet, in the order in which that person is asked elsewhere."""
    if not items:
        mend = "Run trueup calibrate, or name a file: trueup label outputs.jsonl --export ..."
        raise DataError(f"nothing was drawn to be labelled with rubric {rubric.name}", mend=mend)
    asked = [one for one in criteria if one.check is None] or list(criteria)
    ordered = sorted(items, key=lambda one: turn(one.id, annotator or ""))
    cut = write_sheet(ordered, target, criteria=asked, annotator=annotator)
    said = f"{cut} texts are longer than a cell of a spreadsheet, and are cut"
    return Exported(
        path=str(target), form=SHEET, n=0, items=len(items), parts={}, notes=(said,) if cut else ()
    )


def _labels(
    store: Store, criteria: Sequence[Criterion], part: Part | None, *, by: str, today: bool
) -> list[Label]:
    questions = [criterion.question for criterion in criteria]
    found = [] if part == "test" else labels_for(store, questions)
    opened = part in {"test", "all"}
    if opened:
        found += open_test_labels(store, questions, by=by)
    if not today:
        old = [lb for c in criteria for lb in labels_of_criterion(store, c.id, but=c.question)]
        found = [lb for lb in old if opened or lb.split != "test"] + found
    if part in {None, "all"}:
        return found
    wanted = None if part == "fresh" else part
    return [label for label in found if label.split == wanted]


def _items(store: Store, rubric: Rubric, labels: Iterable[Label]) -> list[Item]:
    """Return what the last sitting has drawn, and what is labelled besides."""
    ids = [one.item_id for one in last_draw(store, rubric)]
    ids += [storable(label.item_id) for label in labels if label.unit_kind == "item"]
    seen = observed(store, dict.fromkeys(ids))
    found = (item_of(seen[id_]) for id_ in dict.fromkeys(ids) if id_ in seen)
    return [item for item in found if item is not None]
