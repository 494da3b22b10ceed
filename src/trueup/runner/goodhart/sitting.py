"""A backfill's sitting as the store has it: what was drawn, and what the judge found.

A sitting may have taken several runs, where some were cut short. They share an occasion, and so
their verdicts.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.errors import ConfigError, did_you_mean
from trueup.item.plain import excerpt
from trueup.runner.calibration.calibrate import TRIED
from trueup.runner.goodhart.backfill_draw import PREFIX, Draw, fixed_draw, occasion
from trueup.runner.labelling.asking import item_of
from trueup.runner.result import Scores
from trueup.store.draws import observed
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.runner.result import Judged
    from trueup.store.store import Store

_NOT_ASKED = "not_attempted"
_UNREACHED = math.nan
_WHOLE = ("done", "budget", TRIED)
"""How runs end that have seen all of their items."""


class Judgement(NamedTuple):
    """What became of one item."""

    score: float
    """What the rubric comes to at the first answers, in [0, 1]; NaN where there is none."""
    again: float
    """The same at the second answers."""
    outcome: str
    """`scored`, or why there is no score; empty where the item was not asked about yet."""
    criteria: Mapping[str, float]
    """Criterion -> value of the first answer; NaN where there is none."""
    asked_again: bool
    """Whether the second answer is there, whatever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """One sitting, complete in itself: its scores are compared with those of no other."""

    name: str
    rubric: str
    judge: str
    instrument: str
    """Names what measured: judge, rubric, a hash of the rendered questions, and sitting."""
    at: datetime
    """When it began."""
    draw: Draw
    judged: Mapping[str, Judgement]
    """Drawn item -> what became of it, for those that a run has seen."""
    anchors: Mapping[str, Judgement]

    @property
    def attempted(self) -> set[str]:
        """Ids of the items that were asked about, or decided by code."""
        return {name for name, found in self.judged.items() if found.outcome}

    @property
    def open_twice(self) -> set[str]:
        """Ids of the items whose second answer is still to come."""
        seen = self.judged
        return {n for n in self.draw.twice if n not in seen or not seen[n].asked_again}


def sitting_runs(store: Store, sitting: str | None, *, rubric: str | None) -> list[dict[str, Any]]:
    """Return the runs of a sitting, oldest first; of the newest one where none is named.

    Raises:
        ConfigError: There is no such sitting.
    """
    rows = [row for row in store.runs() if row["occasion"].startswith(PREFIX)]
    if rubric is not None:
        rows = [row for row in rows if _rubric_of(row) == rubric]
    names = [row["occasion"].removeprefix(PREFIX) for row in rows]
    if not rows or (sitting is not None and storable(sitting) not in names):
        what = f"there is no sitting '{excerpt(sitting)}'" if sitting else "no log was backfilled"
        mend = did_you_mean(sitting or "", names) or "Run: trueup goodhart backfill"
        raise ConfigError(what, where=store.where, mend=mend)
    wanted = rows[-1]["occasion"] if sitting is None else occasion(sitting)
    whose = _rubric_of([row for row in rows if row["occasion"] == wanted][-1])
    return [row for row in rows if row["occasion"] == wanted and _rubric_of(row) == whose]


def _rubric_of(row: Mapping[str, Any]) -> str:
    return str(json.loads(row["rubric"])["name"])


def read_sitting(store: Store, sitting: str | None = None, *, rubric: str | None = None) -> Sitting:
    """Read what the judge found in a sitting.

    Args:
        store: Where it is kept.
        sitting: Its name; None for the newest.
        rubric: Name of the rubric, where several share the sitting's name.

    Raises:
        ConfigError: There is no such sitting.
    """
    rows = sitting_runs(store, sitting, rubric=rubric)
    name, whose = rows[-1]["occasion"].removeprefix(PREFIX), _rubric_of(rows[-1])
    draw = fixed_draw(store, name, whose)
    if draw is None:
        what = f"all that sitting '{excerpt(name)}' has drawn was forgotten"
        raise ConfigError(what, where=store.where, mend="Begin a new one")
    judged: dict[str, Judgement] = {}
    anchors: dict[str, Judgement] = {}
    for row in rows:
        scores = Scores(store, row["id"])
        for one in scores.judged():
            found = anchors if one.known.get("purpose") == "probe" else judged
            found[one.item_id] = _judgement(scores, one, found.get(one.item_id))
    return Sitting(
        name=name,
        rubric=whose,
        judge=rows[-1]["judge"],
        instrument=_instrument(rows[-1], name, whose),
        at=datetime.fromisoformat(rows[0]["started_at"]),
        draw=draw,
        judged={item: found for item, found in judged.items() if item in draw.chances},
        anchors=anchors,
    )


def _judgement(scores: Scores, one: Judged, before: Judgement | None) -> Judgement:
    """Return what became of an item, its first and second answers kept apart.

    Both calls are the same measurement: their correlation is its reliability, so that a mean of
    the two must not stand in for the first.
    """
    score, outcome = _scored(scores, one, 0)
    again, second = _scored(scores, one, 1) if scores.row["replicates"] > 1 else (_UNREACHED, "")
    if not second and before is not None:
        again, second = before.again, "known" if before.asked_again else ""
    values = {
        criterion: _UNREACHED if found.value is None else found.value
        for (criterion, replicate), found in one.findings.items()
        if replicate == 0
    }
    return Judgement(score, again, outcome, values, bool(second))


def _scored(scores: Scores, one: Judged, replicate: int) -> tuple[float, str]:
    """Return the score of one answer, and its outcome; none where it was not asked for yet."""
    mine = {key: found for key, found in one.findings.items() if key[1] == replicate}
    if any(found.outcome == _NOT_ASKED for found in mine.values()):
        return _UNREACHED, ""
    score, outcome = scores.score_of(one._replace(findings=mine))
    return (_UNREACHED if score.value is None else score.value), outcome


def _instrument(row: Mapping[str, Any], sitting: str, rubric: str) -> str:
    keys = json.dumps(json.loads(row["instruments"]), sort_keys=True)
    digest = hashlib.sha256(keys.encode("ascii")).hexdigest()[:8]
    return f"{row['judge']}, rubric {rubric} {digest}, sitting {sitting}"


def refuse_other_instrument(
    store: Store, sitting: str, rubric: Rubric, keys: Mapping[str, bytes]
) -> None:
    """Refuse to go on with a sitting by other means: half of it would be measured by another.

    Raises:
        ConfigError: Judge, prompt or wording are not those of the sitting's last run.
    """
    wanted = occasion(sitting)
    rows = [r for r in store.runs() if r["occasion"] == wanted and _rubric_of(r) == rubric.name]
    told = json.dumps({criterion: key.hex() for criterion, key in keys.items()}, sort_keys=True)
    if rows and json.dumps(json.loads(rows[-1]["instruments"]), sort_keys=True) != told:
        what = f"sitting '{excerpt(sitting)}' was begun with another judge or other questions"
        mend = "Begin a new one under another name, or give it those it was begun with"
        raise ConfigError(what, where=store.where, mend=mend)


def stored_anchors(store: Store, rubric: str) -> Sequence[Item]:
    """Return the anchors that the last sitting of a rubric has judged, of whatever kind it was."""
    whole = (row for row in store.runs() if row["occasion"] and row["status"] in _WHOLE)
    for row in reversed([row for row in whole if _rubric_of(row) == rubric]):
        ids = {
            seen["item_id"]
            for chunk in store.observations(row["id"])
            for seen in chunk
            if seen["known"] and json.loads(seen["known"]).get("purpose") == "probe"
        }
        if ids:
            found = (item_of(seen) for seen in observed(store, ids, run=row["id"]).values())
            return [replace(item, purpose="probe") for item in found if item is not None]
    return []
