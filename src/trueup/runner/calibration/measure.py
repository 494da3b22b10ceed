"""Measure: the figures of one criterion in one sitting; what cannot be had says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.agreement.ceiling import human_ceiling
from trueup.agreement.corrected import corrected_rate
from trueup.agreement.diagnostic import rates
from trueup.agreement.krippendorff import alpha
from trueup.agreement.reliability import calibration
from trueup.agreement.shares import proportion
from trueup.errors import TooFewLabels, Undefined
from trueup.runner.calibration.result import (
    Absent,
    Agreement,
    Curve,
    Figure,
    PassRate,
    Reliability,
)
from trueup.runner.calibration.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.agreement.column import Floats
    from trueup.agreement.designs import Design
    from trueup.agreement.disagreement import Level
    from trueup.runner.calibration.gather import Gathered
    from trueup.runner.calibration.result import Maybe

NO_LABELS = Absent(why="no item of this sitting has a label")
UNSAID = Absent(why="how the labelled items were chosen is not said (label_design)")
_PAIR = 2
_TIE = 0.5
_BY_TRUTH = {"case_control", "other_period"}
"""Designs whose estimator takes yes or no, and no share of people."""


def agreement(found: Gathered, *, design: Design | None = None) -> Agreement | Absent:
    """Return a judge beside people; why there is nothing to compare, where there is not.

    TPR, TNR and accuracy are the traffic's where chances are known, or the labels were stratified
    by the verdict; the rest is that of the labelled items.
    """
    table = table_of(found)
    if isinstance(table, Absent):
        return table
    ordered = found.criterion.kind == "scale"
    level: Level = "ordinal" if ordered else "nominal"
    by_verdict = design == "stratified" and table.chances is None
    compared = rates(
        table.judged,
        table.truth,
        cluster=table.groups,
        weights=table.weights,
        judged_share=_judged_share(found) if by_verdict or table.weights is not None else None,
    )
    beside = np.vstack([table.codes, table.majority])
    ceiling: Maybe
    reached: Maybe
    try:
        people = human_ceiling(
            table.ratings, table.codes, measure="agreement", cluster=table.groups
        )
        ceiling, reached = _figure(people.ceiling), _figure(people.judge)
    except (Undefined, TooFewLabels) as error:
        ceiling = reached = _absent(error)
    return Agreement(
        n_pairs=len(table.pairs),
        tpr=_rate(compared.tpr, "tpr", compared.undefined),
        tnr=_rate(compared.tnr, "tnr", compared.undefined),
        accuracy=_rate(compared.accuracy, "accuracy", compared.undefined),
        alpha=_tried(lambda: alpha(beside, level=level, cluster=table.groups, axis="raters")),
        people=_people(table, level),
        ceiling=ceiling,
        at_ceiling=reached,
        level=level,
        levels=table.levels,
        confusion=table.confusion(),
    )


def table_of(found: Gathered) -> Table | Absent:
    """Return the labelled items that have a verdict; why there are none, where there are not."""
    answered = [one for one in found.labelled if one.answers]
    pairs = [one for one in answered if one.finding.value is not None]
    if pairs:
        return Table(found, pairs)
    return Absent(why="no labelled item has a verdict") if answered else NO_LABELS


def pass_rate(found: Gathered, *, design: Design | None, seed: int) -> PassRate:
    """Return how many items are met: by the judge, by people, and corrected."""
    made = found.production
    judged = [None if v is None else float(found.met(v)) for v in made.values]
    raw: Maybe = Absent(why=f"the judge gave none of the {len(judged):,} items a value")
    if any(value is not None for value in judged):
        raw = _tried(lambda: proportion(judged, cluster=made.items.cluster))
    answered = [one for one in found.labelled if one.answers]
    if not answered:
        return PassRate(judge=raw, labels_only=NO_LABELS, corrected=NO_LABELS, why=NO_LABELS.why)
    if design is None:
        return PassRate(judge=raw, labels_only=UNSAID, corrected=UNSAID, why=UNSAID.why)
    groups = set(made.items.groups)
    if len(groups) == 1 < len(made.values) and None not in groups:
        one = Absent(why="all items are of one group, which cannot tell of others")
        return PassRate(judge=raw, labels_only=one, corrected=one, why=one.why)
    # every labelled item counts, also where the judge gave no value
    table = Table(found, answered)
    at_labels = [None if np.isnan(v) else float(found.met(v)) for v in table.values]
    try:
        rate = corrected_rate(
            judged=judged,
            labels=_settled(table.truth) if design in _BY_TRUTH else table.truth,
            judged_at_labels=at_labels,
            label_design=design,
            weights=table.chances if design == "stratified" else None,
            cluster=table.groups,
            judged_cluster=made.items.cluster,
            seed=seed,
        )
    except (Undefined, TooFewLabels) as error:
        none = _absent(error)
        return PassRate(judge=raw, labels_only=none, corrected=none, why=none.why)
    return PassRate(
        judge=raw,
        labels_only=_figure(rate.labels_only),
        corrected=Figure(
            estimate=rate.estimate, low=rate.low, high=rate.high, n=rate.n_labels,
            method=rate.method,
        ),
        why=rate.why,
        warnings=rate.warnings,
    )  # fmt: skip


def curve(found: Gathered) -> Curve | Absent:
    """Return how far a judge's probabilities can be taken at their word, where it gives any."""
    table = table_of(found)
    if isinstance(table, Absent):
        return table
    if found.criterion.kind != "binary" or set(np.unique(table.values)) <= {0.0, 1.0}:
        return Absent(why="the judge gives answers, no probabilities")
    try:
        told = calibration(table.values, table.truth, cluster=table.groups)
    except (Undefined, TooFewLabels) as error:
        return _absent(error)
    return Curve(
        bins=tuple(
            Reliability(
                said=point.probability,
                found=point.observed.estimate,
                low=point.observed.low,
                high=point.observed.high,
                n=point.observed.n,
            )
            for point in told.curve
        ),
        brier=_figure(told.brier),
        error=_figure(told.ece),
    )


def anchored(found: Gathered, trusted: Mapping[str, str]) -> Maybe:
    """Return the share of anchors on which the judge says what people have settled on."""
    values = found.criterion.values
    same = [
        float(found.met(finding.value) == found.met(values[trusted[name]]))
        for name, finding in found.anchors.items()
        if name in trusted and finding.value is not None
    ]
    if not same:
        return Absent(why="no anchor of this criterion has a trusted label and a verdict")
    return _tried(lambda: proportion(same))


def _people(table: Table, level: Level) -> Maybe:
    if len(table.people) < _PAIR:
        return Absent(why="one person alone has labelled")
    if not (np.sum(~np.isnan(table.ratings), axis=1) >= _PAIR).any():
        return Absent(why="no item has been labelled by two people")
    return _tried(lambda: alpha(table.ratings.T, level=level, cluster=table.groups, axis="raters"))


def _settled(truth: Floats) -> Floats:
    """Return what most people say of each item, 0 or 1; NaN where as many say the other."""
    return np.where(truth == _TIE, np.nan, np.round(truth))


def _judged_share(found: Gathered) -> float:
    judged = [found.met(value) for value in found.production.values if value is not None]
    return sum(judged) / len(judged)


def _tried(work: Callable[[], Any]) -> Maybe:
    try:
        return _figure(work())
    except (Undefined, TooFewLabels) as error:
        return _absent(error)


def _rate(found: Any, name: str, why: Mapping[str, str]) -> Maybe:  # noqa: ANN401 - an estimate or None
    return Absent(why=why.get(name, "it is not defined")) if found is None else _figure(found)


def _figure(found: Any) -> Figure:  # noqa: ANN401 - any estimate of `agreement`
    n = getattr(found, "n", None)
    return Figure(
        estimate=float(found.estimate),
        low=float(found.low),
        high=float(found.high),
        n=int(found.n_units if n is None else n),
        method=found.method,
    )


def _absent(error: Undefined | TooFewLabels) -> Absent:
    return Absent(why=error.what[:1].lower() + error.what[1:])
