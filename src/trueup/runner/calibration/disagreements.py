"""Disagreements: the items on which judge and people differ, with what each of them said."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

from trueup.item.model import as_text
from trueup.item.plain import excerpt
from trueup.runner.calibration.measure import table_of
from trueup.runner.calibration.result import Absent, Disagreement
from trueup.store.labels import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.runner.calibration.gather import Gathered, Labelled
    from trueup.store.store import Store

MOST = 50
"""Of each criterion; more are in the store, and nobody reads them in a report."""
_CHARACTERS = 1500


def disagreements(store: Store, found: Gathered) -> Iterator[Disagreement]:
    """Yield the items on which judge and people differ, those first on which people are sure."""
    table = table_of(found)
    if isinstance(table, Absent):
        return
    differ = [
        (abs(truth - judged), one, code)
        for one, judged, truth, majority, code in zip(
            table.pairs, table.judged, table.truth, table.majority, table.codes, strict=True
        )
        if majority != code  # so is NaN, where as many people say another level
    ]
    differ.sort(key=lambda row: (-row[0], found.id_of(row[1])))
    kept = differ[:MOST]
    ids = [found.id_of(one) for _, one, _ in kept]
    notes = notes_of(store, ids)
    for (_, one, code), item_id in zip(kept, ids, strict=True):
        said, shown = _people(one), _texts(store, one.content)
        yield Disagreement(
            item_id=item_id,
            kind=_kind(found, one),
            judge=table.levels[code],
            people=said,
            explanation=excerpt(one.finding.explanation, _CHARACTERS),
            notes=tuple(notes.get((item_id, found.criterion.id), ())),
            input=shown[0],
            output=shown[1],
        )


def _kind(found: Gathered, one: Labelled) -> Literal["false pass", "false fail", "other level"]:
    values = found.criterion.values
    said = [found.met(values[level]) for level in one.answers.values()]
    judged = found.met(one.finding.value or 0.0)
    if judged and said.count(False) > said.count(True):
        return "false pass"
    if not judged and said.count(True) > said.count(False):
        return "false fail"
    return "other level"


def _people(one: Labelled) -> str:
    (level, most), *rest = Counter(one.answers.values()).most_common()
    return f"{level} ({most} of {len(one.answers)})" if rest else level


def _texts(store: Store, content: int) -> tuple[str, str]:
    body = store.text(content)
    if body is None:
        return "", "(forgotten)"
    given, output, *_ = json.loads(body)
    shown = (as_text(t if isinstance(t, str) else tuple(t)) for t in (given, output))
    first, second = (excerpt(text, _CHARACTERS) for text in shown)
    return first, second
