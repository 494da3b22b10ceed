"""Fitting the embedded judge: one head for each criterion that has labels enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from trueup.api import fit, load_rubric, train_labels
from trueup.errors import RubricError, TooFewLabels, did_you_mean
from trueup.judge.features.head import UnusableLabels
from trueup.judge.features.judge import FeaturesJudge
from trueup.label.naming import split_map
from trueup.label.read import read_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trueup.judge.features.head import Head
    from trueup.rubric.model import Rubric
    from trueup.store.store import Store


@dataclass(frozen=True, slots=True)
class FitRow:
    """How well one criterion's head orders unseen items as people do."""

    criterion: str
    n: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """A judge, how good its heads are, and which criteria it could not learn."""

    judge: FeaturesJudge
    rows: tuple[FitRow, ...]
    left_out: Mapping[str, str]
    """Criterion -> why there is no head for it."""

    @property
    def useful(self) -> bool:
        """Whether any head is better than chance."""
        return any(row.low > 0 for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return {
            "judge": self.judge.name,
            "version": self.judge.version,
            "criteria": [asdict(row) for row in self.rows],
            "left_out": dict(self.left_out),
        }


def fit_all(
    items: object,
    labels: object,
    *,
    rubric: str | Path | Rubric,
    criteria: Sequence[str] | None = None,
    group: str | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    store: Store | None = None,
    name: str = "surface",
    seed: int = 0,
) -> Fitted:
    """Fit a head for every labelled criterion that a judge decides, or for those named.

    Without labels those of the store's train split are taken. Where one criterion is named, labels
    need no column for it: all rows are its labels.

    Raises:
        TooFewLabels: No criterion could be learnt.
        RubricError: A named criterion is not in the rubric, or code decides it.
        DataError: Items or labels cannot be read, or a label is no level of its criterion.
    """
    rubric_ = load_rubric(rubric)
    only = criteria[0] if criteria and len(criteria) == 1 else None
    of_labels = split_map(field_map)[1]
    known = (
        read_labels(labels, fields=of_labels, criterion=only, criteria=rubric_.by_id,
                    timezone=timezone)
        if labels is not None
        else train_labels(store, rubric_)
    )  # fmt: skip
    labelled = {label.criterion for label in known}
    for wanted in criteria or ():
        _refuse_unlearnable(wanted, rubric_)
    chosen = criteria or [c.id for c in rubric_.judged if c.id in labelled]
    heads: dict[str, Head] = {}
    questions: dict[str, str] = {}
    rows: list[FitRow] = []
    left_out: dict[str, str] = {}
    for criterion in chosen:
        try:
            judge = fit(
                items, labels, rubric=rubric_, criterion=criterion, group=group,
                field_map=field_map, timezone=timezone, store=store, seed=seed,
            )  # fmt: skip
        except (TooFewLabels, UnusableLabels) as error:
            left_out[criterion] = f"{error.what}. {error.mend}" if error.mend else error.what
            continue
        heads |= judge.heads
        questions |= judge.questions
        found = judge.agreement
        rows.append(FitRow(criterion, found.n, found.estimate, found.low, found.high))
    if not heads:
        why = "; ".join(left_out.values()) or "no label is for a criterion that a judge decides"
        raise TooFewLabels(f"nothing could be learnt: {why}", where=rubric_.name)
    return Fitted(FeaturesJudge(heads, questions=questions, name=name), tuple(rows), left_out)


def _refuse_unlearnable(wanted: str, rubric: Rubric) -> None:
    if wanted not in rubric.by_id:
        mend = did_you_mean(wanted, rubric.by_id)
        raise RubricError(f"there is no criterion '{wanted}'", where=rubric.name, mend=mend)
    if rubric.by_id[wanted].check is not None:
        what = f"code decides '{wanted}', so there is nothing to learn"
        mend = "Name a criterion that a judge decides"
        raise RubricError(what, where=rubric.name, mend=mend)
