"""import_labels: labels from a file or frame into the store, all of them or none.

A label says of its item what the store knows: the group, and of an item that was drawn to be
labelled the design and the probability. Labels of other items get a part of the split, by group.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from trueup.errors import DataError
from trueup.item.plain import excerpt
from trueup.label.check import LabelProblem, validate
from trueup.label.model import DESIGNS, standing
from trueup.label.naming import asked_today
from trueup.label.read import read_label_file
from trueup.runner.heldout import refuse_answers
from trueup.runner.labelling.parts import decide_parts
from trueup.runner.labelling.people import with_known_people
from trueup.runner.labelling.shown import runs_of
from trueup.runner.labelling.today import as_asked_today
from trueup.store.draws import draws, observed, some_items
from trueup.store.labels import add_labels, groups_of
from trueup.store.rows import storable
from trueup.store.signals import held_out
from trueup.store.splits import splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.item.read import Source
    from trueup.label.model import Label
    from trueup.label.read import LabelFile
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store

_SHOWN = 3
_MOST = 20
"""Things that are wrong that are said one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    source: str
    source_format: str
    n: int
    """Labels in the source."""
    new: int
    """Those that the store did not have."""
    known: int
    by_criterion: Mapping[str, int]
    """Criterion -> labels."""
    annotators: tuple[str, ...]
    parts: Mapping[str, int]
    """train, dev, test, or `fresh` for none -> labels."""
    passed_over: Mapping[str, int]
    """Why something is no label -> how often."""
    notes: tuple[str, ...]
    """What is doubtful, in a sentence each with its place."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return asdict(self)


def import_labels(
    store: Store,
    source: Source,
    *,
    rubric: Rubric,
    fields: Mapping[str, str] | None = None,
    timezone: str | None = None,
    by: str,
    criterion: str | None = None,
    annotator: str | None = None,
    items: Iterable[Item] = (),
    split: Literal["auto", "none"] = "auto",
) -> Imported:
    """Record the labels of a file or frame; the same ones again are recorded once.

    Args:
        store: Where they are kept.
        source: What `read_label_file` takes.
        rubric: Whose criteria they answer.
        fields: Field of a label, or `criterion.ID` -> column or name.
        timezone: The zone of times of labelling that name none.
        by: What asked for the import, kept with the labels.
        criterion: The criterion that every row answers, where no column names criteria.
        annotator: Whose labels are those that name nobody.
        items: Items that are known besides those that were scored, with their groups.
        split: Whether labels of items that were not drawn get a part of the split.

    Raises:
        DataError: Something in it cannot be used; all that is wrong is said, and nothing recorded.
        StoreError: The store cannot be written.
    """
    refuse_answers(fields or {}, held_out(store), where=store.where)
    found = read_label_file(
        source,
        fields=fields,
        criterion=criterion,
        criteria=rubric.by_id,
        timezone=timezone,
    )
    unsigned = (annotator or "").strip() or None
    signed = [lb if lb.annotator else replace(lb, annotator=unsigned) for lb in found.labels]
    named = list(asked_today(signed, rubric.criteria))
    found = replace(found, labels=tuple(named))
    groups = {storable(item.id): item.group for item in items}
    ids = {storable(label.item_id) for label in named}
    seen = observed(store, ids)
    groups |= {id_: one.known.get("group") or groups.get(id_) for id_, one in seen.items()}
    known = set(groups) | set(some_items(store, _SHOWN))
    # two files on the same items are of one group, also where only one of them says so
    told = groups_of(store, ids)
    groups |= {id_: group for id_, group in told.items() if groups.get(id_) is None}
    problems = validate(found, rubric, item_ids=known or None)
    _refuse(problems)
    own = with_known_people(store, as_asked_today(named, rubric))
    labels = _described(store, own, rubric, groups)
    _refuse(_moved(found, labels, splits(store)))
    if split == "auto":
        labels = _parted(store, labels)
    new = add_labels(store, labels, source=f"{found.name} ({by})")
    return Imported(
        source=found.name,
        source_format=found.source_format,
        n=len(labels),
        new=new,
        known=len(labels) - new,
        by_criterion=dict(Counter(label.criterion for label in labels)),
        annotators=tuple(sorted({label.annotator for label in labels if label.annotator})),
        parts=dict(Counter(label.split or "fresh" for label in labels)),
        passed_over=found.passed_over,
        notes=tuple(str(problem) for problem in problems),
    )


def _refuse(problems: Iterable[LabelProblem]) -> None:
    errors = [problem for problem in problems if problem.kind == "error"]
    if len(errors) == 1:
        raise DataError(errors[0].what, where=errors[0].where, mend=errors[0].mend)
    if errors:
        shown = [str(error) for error in errors[:_MOST]]
        if rest := errors[_MOST:]:
            shown.append(f"and {len(rest):,} more of what is wrong")
        raise DataError("\n".join(shown))


def _described(
    store: Store, labels: Iterable[Label], rubric: Rubric, groups: Mapping[str, str | None]
) -> list[Label]:
    """Return labels with what is known of their items, and of how these were drawn."""
    runs = runs_of(store, rubric)
    drawn = {one.item_id: one for one in draws(store) if one.run in runs}
    described = []
    for label in labels:
        id_ = storable(label.item_id)
        one = drawn.get(id_) if label.unit_kind == "item" else None
        full = replace(label, group=label.group or groups.get(id_))
        if one is not None and not _tells(label):
            design = next((name for name in DESIGNS if name == one.design), None)
            full = replace(full, design=design, probability=one.probability)
        described.append(full)
    return described


def _tells(label: Label) -> bool:
    """Whether a label says itself how its item was chosen, or what it is for."""
    return not (label.design is None and label.probability is None and label.split is None)


def _group(label: Label) -> str:
    return storable(label.group or label.item_id)


def _moved(
    found: LabelFile, labels: Sequence[Label], kept: Mapping[str, str]
) -> list[LabelProblem]:
    """Return where the source puts a group into another part than it is in."""
    parts = dict(kept)
    wrong: dict[str, list[int]] = {}
    for index, label in enumerate(labels):
        if label.split is not None and parts.setdefault(_group(label), label.split) != label.split:
            wrong.setdefault(_group(label), []).append(index)
    return [
        LabelProblem(
            kind="error",
            what=f"'{excerpt(group)}' is put into {labels[indices[0]].split}, and is in "
            f"{parts[group]}: labels of one group stay together for good",
            where=found.place(indices[0]),
            mend="Leave the column of the split out, or remove these labels",
            count=len(indices),
        )
        for group, indices in wrong.items()
    ]


def _parted(store: Store, labels: Sequence[Label]) -> list[Label]:
    """Return labels with their part of the split, those of a fresh sample without."""
    declared = {_group(label): label.split for label in labels if label.split is not None}
    rows = [label for label in standing(labels) if not _tells(label)]
    parts = decide_parts(
        store,
        [_group(label) for label in rows],
        strata=[(label.criterion, label.value) for label in rows],
        declared=declared,
    )
    return [
        label if _tells(label) else replace(label, split=parts.get(_group(label)))
        for label in labels
    ]
