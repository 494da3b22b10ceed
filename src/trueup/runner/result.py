"""Scores: what a run found, read from the store a few hundred items at a time."""

from __future__ import annotations

import json
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from trueup.errors import DataError, StoreError
from trueup.judge.revalue import revalued
from trueup.judge.verdict import ASK_AGAIN, OUTCOMES, Finding, unscored
from trueup.rubric.dump import from_dict
from trueup.rubric.scoring import Tally
from trueup.store.key import VerdictKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import pandas as pd

    from trueup.judge.verdict import Outcome
    from trueup.rubric.model import Rubric
    from trueup.rubric.scoring import Score
    from trueup.store.store import Store

_NOT_REACHED = unscored("not_attempted", "not_reached")
COLUMNS = {
    "item_id": "string", "criterion": "string", "judge": "string", "instrument": "string",
    "replicate": "int64", "outcome": "string", "reason": "string", "value": "float64",
    "level": "string", "explanation": "string",
}  # fmt: skip
"""The columns of `Scores.frame` and their types, whatever is in them, and be it nothing."""

ITEM_COLUMNS = {
    "item_id": "string", "score": "float64", "low": "float64", "high": "float64",
    "outcome": "string",
}  # fmt: skip
"""The same of `Scores.items`."""


class Judged(NamedTuple):
    """One item of a run with everything that was found about it."""

    item_id: str
    content: int
    known: Mapping[str, Any]
    """What is known about the item besides its text: group, segment, version, ..."""
    findings: Mapping[tuple[str, int], Finding]
    """(criterion, replicate) -> finding."""

    def values_of(self, criterion: str) -> list[float]:
        """Return a criterion's values over the replicates that have one."""
        found = (f for (name, _), f in self.findings.items() if name == criterion)
        return [finding.value for finding in found if finding.value is not None]


class Scores:
    """The scores of one run.

    Args:
        store: Where the run is kept.
        number: The run's number in the store.

    Raises:
        StoreError: There is no such run.
    """

    def __init__(self, store: Store, number: int) -> None:
        found = [row for row in store.runs() if row["id"] == number]
        if not found:
            mend = "trueup show lists the runs"
            raise StoreError(f"there is no run {number}", where=store.where, mend=mend)
        self.run = number
        self.store = store
        self.row = dict(found[0])
        self.rubric: Rubric = from_dict(json.loads(self.row["rubric"]))
        self.instruments = {
            criterion: bytes.fromhex(key)
            for criterion, key in json.loads(self.row["instruments"]).items()
        }
        known = store.instruments(self.instruments.values())
        self.judges = {key: judge for key, (_, judge) in known.items()}
        self._numbers = {c: known[key][0] for c, key in self.instruments.items()}
        self._tally = Tally(self.rubric)
        self._close: weakref.finalize[[], Scores] | None = None

    @property
    def cost(self) -> dict[str, Any] | None:
        """What the run cost: calls, tokens, dollars, seconds; None where it was killed."""
        return json.loads(self.row["cost"]) if self.row["cost"] else None

    def keep_store(self) -> Scores:
        """Take the store over: it is closed with these scores, or when they are dropped."""
        self._close = weakref.finalize(self, self.store.close)
        return self

    def close(self) -> None:
        """Close the store, where these scores have taken it over."""
        if self._close is not None:
            self._close()

    def judged(self, items: Collection[str] | None = None) -> Iterator[Judged]:
        """Yield every item of the run in its order, or some of them, with its findings."""
        replicates = range(self.row["replicates"])
        occasion = self.row["occasion"]
        numbers, by_id = self._numbers, self.rubric.by_id
        for rows in self.store.observations(self.run, items):
            contents = {row["content"] for row in rows}
            known = self.store.verdicts(contents, [*numbers.values()], occasion=occasion)
            for row in rows:
                findings = {
                    (criterion, r): revalued(
                        known.get(VerdictKey(row["content"], n, r), _NOT_REACHED),
                        by_id[criterion],
                    )
                    for criterion, n in numbers.items()
                    for r in replicates
                }
                about = json.loads(row["known"]) if row["known"] else {}
                yield Judged(row["item_id"], row["content"], about, findings)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one plain row for each item, criterion and replicate."""
        for judged in self.judged():
            for (criterion, replicate), finding in judged.findings.items():
                key = self.instruments[criterion]
                yield {
                    "item_id": judged.item_id,
                    "criterion": criterion,
                    "judge": self.judges[key],
                    "instrument": key.hex()[:16],
                    "replicate": replicate,
                    "outcome": finding.outcome,
                    "reason": finding.reason,
                    "value": finding.value,
                    "level": finding.level,
                    "explanation": finding.explanation,
                }

    def item_rows(self) -> Iterator[dict[str, Any]]:
        """Yield one plain row for each item: its score, with bounds where values are missing."""
        for judged in self.judged():
            score, outcome = self.score_of(judged)
            yield {
                "item_id": judged.item_id,
                "score": score.value,
                "low": score.low,
                "high": score.high,
                "outcome": outcome,
            }

    def of_item(self, item_id: str) -> dict[str, Any]:
        """Return everything found about one item, its text included where it is kept.

        Raises:
            DataError: The run has no such item.
        """
        judged = next(self.judged([item_id]), None)
        if judged is None:
            mend = "Ids are those of the scored file; items() and trueup score --out list them"
            raise DataError(f"run {self.run} has no item '{item_id}'", mend=mend)
        score, outcome = self.score_of(judged)
        body = self.store.text(judged.content)
        return {
            "item_id": item_id,
            "run": self.run,
            "score": {"value": score.value, "low": score.low, "high": score.high},
            "outcome": outcome,
            "text": _text_of(body),
            "known": dict(judged.known),
            "findings": [
                {"criterion": criterion, "replicate": replicate, **_plain(finding)}
                for (criterion, replicate), finding in judged.findings.items()
            ],
        }

    def frame(self) -> pd.DataFrame:
        """Return one row for each item, criterion and replicate.

        Columns: item_id, criterion, judge, instrument (string), replicate (int64, from 0),
        outcome, reason (string), value (float64 in [0, 1]), level, explanation (string). The
        types are these whatever the run holds, also where it is empty. Where there is no value
        it is NaN, where there is no level it is NA; no other column has gaps.
        """
        import pandas as pd  # noqa: PLC0415 - heavy

        return pd.DataFrame(list(self.rows()), columns=list(COLUMNS)).astype(COLUMNS)

    def items(self) -> pd.DataFrame:
        """Return one row for each item.

        Columns: item_id (string), score, low, high (float64 in [0, 1]), outcome (string),
        always of these types. Where an item has no score, score is NaN and low and high are what
        it may still become; where the rubric does not apply to it, all three are NaN.
        """
        import pandas as pd  # noqa: PLC0415 - heavy

        return pd.DataFrame(list(self.item_rows()), columns=list(ITEM_COLUMNS)).astype(ITEM_COLUMNS)

    def score_of(self, judged: Judged) -> tuple[Score, str]:
        """Return an item's score, and the outcome that says why there is none."""
        values: dict[str, float | None] = {}
        absent: list[str] = []
        lacking: list[Outcome] = []
        for criterion in self.rubric.criteria:
            found = [f for (name, _), f in judged.findings.items() if name == criterion.id]
            scored = [f.value for f in found if f.value is not None]
            if len(scored) == len(found):
                values[criterion.id] = sum(scored) / len(scored)
            elif all(f.outcome == "not_applicable" for f in found):
                absent.append(criterion.id)
            else:
                values[criterion.id] = None
                lacking += [f.outcome for f in found if f.outcome != "scored"]
        score = self._tally.score(values, not_applicable=absent)
        if score.status != "incomplete":
            return score, score.status
        # the outcome that most needs doing something about speaks for the item
        return score, max(lacking, key=lambda outcome: (outcome in ASK_AGAIN, _RANK[outcome]))

    def summary(self) -> dict[str, Any]:
        """Return what the command prints with --json: counts, means with intervals, cost."""
        from trueup.runner.summary import summarise  # noqa: PLC0415 - needs this module

        return summarise(self)


_RANK = {outcome: place for place, outcome in enumerate(OUTCOMES)}


def _text_of(body: str | None) -> dict[str, Any] | None:
    if body is None:
        return None
    names = ("input", "output", "context", "reference", "metadata", "fault")
    return dict(zip(names, json.loads(body), strict=True))


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "outcome": finding.outcome,
        "reason": finding.reason,
        "decided_by": finding.decided_by,
        "value": finding.value,
        "level": finding.level,
        "explanation": finding.explanation,
        "evidence": list(finding.evidence),
        "detail": dict(finding.detail),
    }
