"""fit: from labels of one criterion to a judge that has learnt from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trueup.errors import RubricError, TooFewLabels, did_you_mean
from trueup.judge.features.head import LABELS_NEEDED, fit_head
from trueup.judge.features.judge import FeaturesJudge, measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric


def fit(
    items: Iterable[Item],
    targets: Mapping[str, float],
    *,
    criterion: str,
    rubric: Rubric,
    groups: Mapping[str, str] | None = None,
    seed: int = 0,
) -> FeaturesJudge:
    """Return a judge for one criterion, fitted to labels, with its agreement on unseen items.

    Args:
        items: The labelled items, in any order; others among them are left out.
        targets: Item id -> the value that people gave it, in [0, 1].
        criterion: The criterion that the labels answer.
        rubric: Where it stands; its question is kept with the judge.
        groups: Item id -> what is held out together (user, conversation); None for each item's
            own `group`. An item without one stands for itself.
        seed: Of folds and bootstrap.

    Raises:
        RubricError: The rubric has no such criterion.
        TooFewLabels: Fewer than 30 labelled items, or 5 groups of them.
        DataError: Labels from which nothing can be learnt.
    """
    if criterion not in rubric.by_id:
        mend = did_you_mean(criterion, rubric.by_id)
        raise RubricError(f"there is no criterion '{criterion}'", where=rubric.name, mend=mend)
    labelled: dict[str, Item] = {}
    for item in items:
        if item.id in targets and item.fault is None:
            labelled.setdefault(item.id, item)
    if len(labelled) < LABELS_NEEDED:
        what = f"{len(labelled)} labelled items for '{criterion}'"
        if len(labelled) < len(targets):
            what += f" ({len(targets)} labels, of which {len(targets) - len(labelled)} fit no item)"
        mend = f"Label at least {LABELS_NEEDED}"
        raise TooFewLabels(what, where=rubric.name, mend=mend)
    known = [_group(item, groups) for item in labelled.values()]
    head = fit_head(
        measured(labelled.values()),
        np.array([targets[name] for name in labelled], dtype=np.float64),
        groups=known if any(kind == "group" for kind, _ in known) else None,
        seed=seed,
    )
    return FeaturesJudge({criterion: head}, questions={criterion: rubric.by_id[criterion].question})


def _group(item: Item, groups: Mapping[str, str] | None) -> tuple[str, str]:
    """Return what an item is held out with; an item without a group, with itself."""
    group = item.group if groups is None else groups.get(item.id)
    return ("item", item.id) if group is None else ("group", group)
