"""Catching up: entries of earlier sittings that have got labels since they were written."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from trueup.label.model import standing
from trueup.label.target import level_of
from trueup.runner.calibration.gather import in_sight
from trueup.runner.calibration.history import mark
from trueup.runner.calibration.next import draw_name
from trueup.runner.calibration.recent import sittings
from trueup.runner.result import Scores
from trueup.store import ledger
from trueup.store.draws import draws
from trueup.store.labels import labels_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from trueup.store.store import Store


def behind(
    store: Store, scores: Scores, *, week: str, declared: bool
) -> Iterator[tuple[Scores, dict[str, Any]]]:
    """Yield earlier sittings of the same judge and rubric, with the entries that lack labels.

    Args:
        store: Where runs, labels and the ledger are.
        scores: This sitting's run.
        week: This sitting's name.
        declared: Whether labels of items that were not drawn have just come, with their design.

    Yields:
        A sitting's run, and criterion -> its entry as the ledger has it.
    """
    labels = _labels(store, scores)
    runs = sittings(store, scores)
    entries: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    today = {key.hex()[:16] for key in scores.instruments.values()}
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in ledger.read(store):
        held = latest.get(at := (one["criterion"], one["question"], one["week"]))
        newer = held is None or one["instrument"] in today or held["instrument"] not in today
        if one["judge"] == scores.row["judge"] and newer:
            latest[at] = one
    for one in latest.values():
        run = runs.get((one["week"], one["instrument"]))
        if run is not None and one["question"] in labels and one["week"] != week:
            entries[one["week"], run].append(one)
    for (name, run), sat in sorted(entries.items(), key=itemgetter(0)):
        ids = {one.item_id for one in draws(store, draw_name(name, scores.rubric))}
        if declared and not any(item in ids for said in labels.values() for item, _ in said):
            ids = {row["item_id"] for rows in store.observations(run) for row in rows}
        lacking = [one for one in sat if _lacks(one, labels[one["question"]], ids)]
        if lacking:
            earlier = Scores(store, run)
            asked = {criterion.question: criterion.id for criterion in earlier.rubric.criteria}
            yield earlier, {asked[q]: one for one in lacking if (q := one["question"]) in asked}


def _lacks(entry: Mapping[str, Any], said: list[tuple[str, str]], ids: Collection[str]) -> bool:
    """Whether there are labels of a sitting's items, and others than its entry rests on."""
    mine = [(item, level) for item, level in said if item in ids]
    return bool(mine) and mark(mine) != entry.get("labels")


def _labels(store: Store, scores: Scores) -> dict[str, list[tuple[str, str]]]:
    """Return question -> the items whose labels measure, each with the level that was said."""
    asked = {criterion.question: criterion for criterion in scores.rubric.criteria}
    found: dict[str, list[tuple[str, str]]] = {question: [] for question in asked}
    for label in standing(labels_for(store, asked)):
        question = label.question or ""
        level = level_of(label.value, asked[question])
        counts = label.unit_kind == "item" and label.split != "train" and not in_sight(label)
        if level is not None and counts:
            found[question].append((label.item_id, level))
    return found
