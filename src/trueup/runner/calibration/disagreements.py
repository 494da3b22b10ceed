"""Disagreements: the items on which judge and people differ, with what each of them said."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

from trueup.item.model import as_text
from trueup.item.plain import excerpt
from trueup.runner.calibration.gather import counts_as_met
from trueup.runner.calibration.result import Disagreement
from trueup.store.labels import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.gather import Labelled
    from trueup.runner.calibration.pool import Pool
    from trueup.store.store import Store

MOST = 50
"""Of each criterion; more are in the store, and nobody reads them in a report."""
_CHARACTERS = 1500


def disagreements(store: Store, pool: Pool) -> Iterator[Disagreement]:
    """Yield the items on which judge and people differ.

    Those first on which people are sure, of these the newest; those last on which people differ
    among themselves, whatever the judge says.
    """
    if not pool.parts:
        return
    table, criterion = pool.table, pool.criterion
    places = {sitting: place for place, sitting in enumerate(pool.sittings)}
    differ = [
        (abs(truth - judged), places[one.sitting], one, code)
        for one, judged, truth, majority, code in zip(
            table.pairs, table.judged, table.truth, table.majority, table.codes, strict=True
        )
        if majority != code  # so is NaN, where as many people say another level
    ]
    differ.sort(key=lambda row: (-row[0], -row[1], row[2].item_id))
    kept = differ[:MOST]
    notes = notes_of(store, [one.item_id for *_, one, _ in kept])
    for *_, one, code in kept:
        shown = _texts(store, one.content)
        said = notes.get((one.item_id, criterion.id), ())
        yield Disagreement(
            item_id=one.item_id,
            sitting=one.sitting,
            kind=_kind(criterion, one),
            judge=table.levels[code],
            people=_people(one),
            explanation=excerpt(one.finding.explanation, _CHARACTERS),
            notes=tuple(dict.fromkeys(said)),
            input=shown[0],
            output=shown[1],
            context=shown[2],
        )


def _kind(
    criterion: Criterion, one: Labelled
) -> Literal["false pass", "false fail", "other level", "people differ"]:
    said = [counts_as_met(criterion, criterion.values[level]) for level in one.answers.values()]
    judged = counts_as_met(criterion, one.finding.value or 0.0)
    if said.count(False) == said.count(True):
        return "people differ"
    if judged and said.count(False) > said.count(True):
        return "false pass"
    if not judged and said.count(True) > said.count(False):
        return "false fail"
    return "other level"


def _people(one: Labelled) -> str:
    (level, most), *rest = Counter(one.answers.values()).most_common()
    if rest and rest[0][1] == most:
        return ", ".join(f"{count} {name}" for name, count in [(level, most), *rest])
    return f"{level} ({most} of {len(one.answers)})" if rest else level


def _texts(store: Store, content: int) -> tuple[str, str, str]:
    """Return excerpts of input, output and context."""
    body = store.text(content)
    if body is None:
        return "", "(forgotten)", ""
    given, output, context, *_ = json.loads(body)
    shown = (as_text(t if isinstance(t, str) else tuple(t)) for t in (given, output))
    first, second = (excerpt(text, _CHARACTERS) for text in shown)
    return first, second, excerpt(context or "", _CHARACTERS)
