"""Leaks: labels that measure a judge must not have taught it.

Examples in a rubric, and rows that a judge is fitted on, come from the train split. What a judge
was shown and is then measured on makes every figure too good.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.model import as_text
from trueup.item.plain import excerpt
from trueup.rubric.model import squeeze
from trueup.store.labels import labelled_texts, labels_of_criterion, measuring_ids
from trueup.store.rows import storable
from trueup.store.splits import splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store

TRAIN = "train"
_OUTPUT = 1
"""The output's place in a content's JSON text."""


def refuse_shown_examples(
    store: Store, rubric: Rubric, *, items: Iterable[Item] = (), anchors: Iterable[Item] = ()
) -> None:
    """Refuse a rubric whose examples are labelled items that measure the judge.

    Labels of an earlier wording count as well: an example makes another question, and the item is
    then labelled anew.

    Args:
        store: Where labels are, and the texts of what was scored.
        rubric: The rubric.
        items: Items that may not have been scored yet.
        anchors: The anchors.

    Raises:
        DataError: An example is an anchor, or an item with a label outside the train split.
    """
    shown = {
        squeeze(example.output): (criterion.id, number)
        for criterion in rubric.criteria
        for number, example in enumerate(criterion.examples, 1)
    }
    if not shown:
        return
    for item in anchors:
        place = shown.get(squeeze(as_text(item.output)))
        if place:
            raise _leak(rubric, place, f"is anchor '{excerpt(item.id)}'")
    labels = [lb for c in rubric.criteria for lb in labels_of_criterion(store, c.id, but="")]
    kept = {label.item_id: label.split for label in labels if label.split != TRAIN}
    questions = {c.question for c in rubric.criteria} | {str(label.question) for label in labels}
    texts = (
        (item.id, kept[storable(item.id)], as_text(item.output))
        for item in items
        if storable(item.id) in kept
    )
    stored = (
        (item_id, split, _output(body))
        for item_id, split, body in labelled_texts(store, questions)
        if split != TRAIN
    )
    # all is read before anything is raised: what reads a store must not outlive it
    leaks = [
        (place, item_id, split)
        for item_id, split, output in chain(texts, stored)
        if (place := shown.get(squeeze(output)))
    ]
    for place, item_id, split in leaks:
        whose = f"the {split} split" if split else "a sitting's sample"
        raise _leak(rubric, place, f"is item '{excerpt(item_id)}' of {whose}")


def _output(body: str) -> str:
    output = json.loads(body)[_OUTPUT]
    return as_text(output if isinstance(output, str) else tuple(output))


def refuse_rows(store: Store, question: str, groups: Mapping[str, str | None]) -> None:
    """Refuse to fit on rows whose labels are kept for measuring.

    Args:
        store: Where labels and splits are.
        question: The hash of the question that was labelled.
        groups: Item id -> group, of the rows to be fitted on.

    Raises:
        DataError: Some are in the dev or test split, or of a sitting's sample.
    """
    parts, measuring = splits(store), measuring_ids(store, question)
    kept = sorted(
        item
        for item, group in groups.items()
        if item in measuring or parts.get(group or item, TRAIN) != TRAIN
    )
    if kept:
        what = (
            f"{len(kept)} of {len(groups)} labelled items, as '{excerpt(kept[0])}', measure "
            "judges: their labels are in the dev or test split, or of a sitting's sample"
        )
        mend = "Leave the file of labels out: trueup fit then takes the store's train split"
        raise DataError(what, where=store.where, mend=mend)


def _leak(rubric: Rubric, place: tuple[str, int], what: str) -> DataError:
    criterion, number = place
    said = f"example {number} of criterion {criterion} {what}, which measures the judge"
    mend = "Take examples from the train split: trueup label --export train.jsonl --split train"
    return DataError(said, where=rubric.path or rubric.name, mend=mend)
