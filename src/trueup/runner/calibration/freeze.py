"""Freezing anchors: labelled items, written to a file that no sitting changes."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from trueup.errors import TooFewLabels
from trueup.label.model import standing
from trueup.label.target import level_of
from trueup.runner.calibration.anchors import write_anchors
from trueup.store.labels import labelled_texts, labels_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trueup.label.model import Label
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store

_FIELDS = ("input", "output", "context", "reference", "metadata")


def freeze_anchors(store: Store, rubric: Rubric, path: Path, *, n: int, seed: int = 0) -> int:
    """Write items with trusted labels to a file of anchors; return how many.

    Trusted is what all who labelled an item say alike; items that more people labelled come
    first, and then items of levels that are rare among those chosen, so that both kinds are there.
    Labels of the test split stay closed, and are never anchors.

    Args:
        store: Where labels and texts are.
        rubric: The questions that labels answer.
        path: A file that is not there yet.
        n: How many at most.
        seed: Among items that serve alike.

    Raises:
        TooFewLabels: No labelled item has a text and labels that agree.
        DataError: The file is there already, or cannot be written.
    """
    questions = [criterion.question for criterion in rubric.criteria]
    trusted = _trusted(labels_for(store, questions), rubric)
    texts = {item_id: body for item_id, _, body in labelled_texts(store, questions)}
    kept = {item_id: labels for item_id, labels in trusted.items() if item_id in texts}
    if not kept:
        mend = "Import labels first, and score the items: trueup label --import, trueup score"
        raise TooFewLabels("no labelled item could be an anchor", where=store.where, mend=mend)
    chosen = _chosen(kept, n, seed)
    rows = [(_fields(item_id, texts[item_id]), kept[item_id][0]) for item_id in chosen]
    return write_anchors(path, rows, rubric)


def _trusted(labels: Iterable[Label], rubric: Rubric) -> dict[str, tuple[dict[str, str], int]]:
    """Return item id -> criterion -> the level that all agree on, and how many people those are."""
    asked = {criterion.question: criterion for criterion in rubric.criteria}
    said: dict[str, dict[str, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    for label in standing(labels):
        if label.unit_kind == "item" and not label.saw_judge and not label.prelabelled:
            criterion = asked[label.question or ""]
            said[label.item_id][criterion.id].append(level_of(label.value, criterion))
    found = {}
    for item_id, answers in said.items():
        agreed = {
            name: levels[0]
            for name, levels in answers.items()
            if levels[0] is not None and len(set(levels)) == 1
        }
        if agreed:
            found[item_id] = (agreed, min(len(answers[name]) for name in agreed))
    return found


def _chosen(kept: Mapping[str, tuple[dict[str, str], int]], n: int, seed: int) -> list[str]:
    """Pick items one by one: of those that most people labelled, what has been rare so far."""
    order = sorted(kept)
    random.Random(seed).shuffle(order)  # noqa: S311 - among equals, no secret
    seen: Counter[tuple[str, str]] = Counter()
    chosen: list[str] = []
    while order and len(chosen) < n:
        best = min(
            order,
            key=lambda item: (-kept[item][1], min(seen[pair] for pair in kept[item][0].items())),
        )
        order.remove(best)
        chosen.append(best)
        seen.update(kept[best][0].items())
    return chosen


def _fields(item_id: str, body: str) -> dict[str, Any]:
    given = dict(zip(_FIELDS, json.loads(body), strict=False))
    return {
        "id": item_id,
        **{k: v for k, v in given.items() if v not in (None, "", {})},
    }
