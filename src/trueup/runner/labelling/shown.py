"""Shown: what the judge found about items, for people who want to see it before they answer."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from trueup.runner.result import Scores
from trueup.store.draws import observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.item.model import Item
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store


def runs_of(store: Store, rubric: Rubric) -> set[int]:
    """Return the numbers of the runs of a rubric, in whatever version."""
    rows = store.runs()
    return {row["id"] for row in rows if json.loads(row["rubric"])["name"] == rubric.name}


def shown_findings(
    store: Store, items: Iterable[Item], rubric: Rubric, *, run: int | None
) -> Mapping[str, Mapping[str, Finding]]:
    """Return item id -> criterion -> what a run found about the same text and question."""
    if run is None:
        return {}
    scores = Scores(store, run)
    by_id = {item.id: item for item in items}
    seen = {
        id_: found
        for id_, found in observed(store, by_id, run=run).items()
        if _same_text(found.body, by_id[id_])
    }
    same = [
        criterion.id
        for criterion in rubric.criteria
        if criterion.id in scores.instruments
        and scores.rubric.by_id[criterion.id].question == criterion.question
    ]
    numbers = {
        number: criterion
        for criterion in same
        for number, _ in store.instruments([scores.instruments[criterion]]).values()
    }
    contents = {found.content for found in seen.values()}
    known = store.verdicts(contents, list(numbers), occasion=scores.row["occasion"])
    of_content: dict[int, dict[str, Finding]] = defaultdict(dict)
    for key, finding in known.items():
        if not key.replicate:
            of_content[key.content][numbers[key.instrument]] = finding
    return {id_: of_content[found.content] for id_, found in seen.items()}


def _same_text(body: str | None, item: Item) -> bool:
    if body is None:
        return False
    shown: list[object] = json.loads(body)
    own: list[object] = json.loads(item.body())
    return shown[:4] == own[:4]
