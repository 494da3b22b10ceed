"""Measure: the figures of one criterion; what cannot be had says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
    from trueup.runner.calibration.pool import Pool
    from trueup.runner.calibration.result import Maybe
    from trueup.runner.calibration.sitting import Sitting

NO_LABELS = Absent(why="no item of this sitting has a label")
NO_VERDICT = Absent(why="no labelled item has a verdict")
UNSAID = Absent(why="how the labelled items were chosen is not said (label_design)")
CARRIES_NOTHING = Absent(
    why="no item of this sitting has a label, and the judge tells met from unmet too badly for "
    "labels of earlier ones to say anything of it"
)
_SAYS_NOTHING = 0.5
"""Width of an interval; half of all shares is no answer."""
_PAIR = 2
_TIE = 0.5


def agreement(pool: Pool, *, since: str | None = None) -> Agreement | Absent:
    """Return a judge beside people; why there is nothing to compare, where there is not.

    TPR, TNR and accuracy are the traffic's where it is known how the items were chosen; the rest
    is that of the labelled items. Where people differ, the judge is beside each of them: the
    figures are those against one person drawn at random, as people's own are.

    Args:
        pool: The labelled items.
        since: The week from which they are, where something has changed then.
    """
    if not pool.parts:
        return _nothing(pool, since)
    table = pool.table
    level: Level = "ordinal" if pool.criterion.kind == "scale" else "nominal"
    compared = rates(
        table.judged,
        table.truth,
        cluster=table.groups,
        weights=pool.weights,
        judged_share=pool.share,
        judged_units=pool.units,
    )
    answers = table.answers
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
        sittings=pool.sittings,
        tpr=_rate(compared.tpr, "tpr", compared.undefined),
        tnr=_rate(compared.tnr, "tnr", compared.undefined),
        accuracy=_rate(compared.accuracy, "accuracy", compared.undefined),
        alpha=_tried(
            lambda: alpha(
                np.vstack([answers.judge, answers.people]),
                level=level,
                cluster=answers.groups,
                axis="raters",
            )
        ),
        people=_people(table, level),
        ceiling=ceiling,
        at_ceiling=reached,
        level=level,
        levels=table.levels,
        confusion=table.confusion(),
    )


def pass_rate(found: Gathered, pool: Pool, *, design: Design | None, seed: int) -> PassRate:
    """Return how many items of a sitting are met: by the judge, by people, and corrected.

    Labels of the sitting's own items correct it; where it has none, those of earlier sittings do,
    as labels of another period.
    """
    made = found.production
    judged = [None if v is None else float(found.met(v)) for v in made.values]
    raw: Maybe = Absent(why=f"the judge gave none of the {len(judged):,} items a value")
    if any(value is not None for value in judged):
        raw = _tried(lambda: proportion(judged, cluster=made.items.cluster))
    answered = [one for one in found.labelled if one.answers]
    if not answered and not pool.parts:
        return _none(raw, NO_LABELS)
    if answered and design is None:
        return _none(raw, UNSAID)
    groups = set(made.items.groups)
    if len(groups) == 1 < len(made.values) and None not in groups:
        return _none(raw, Absent(why="all items are of one group, which cannot tell of others"))
    # every labelled item counts, also where the judge gave no value
    table = Table(found.criterion, answered) if answered else pool.table
    how = design if answered and design else "other_period"
    chances = table.chances if answered else pool.chances
    try:
        rate = corrected_rate(
            judged=judged,
            labels=_settled(table.truth) if how == "case_control" else table.truth,
            judged_at_labels=[None if np.isnan(v) else float(found.met(v)) for v in table.values],
            label_design=how,
            weights=chances if how in {"stratified", "other_period"} else None,
            cluster=table.groups,
            judged_cluster=made.items.cluster,
            seed=seed,
        )
    except (Undefined, TooFewLabels) as error:
        return _none(raw, _absent(error))
    if not answered and rate.high - rate.low > _SAYS_NOTHING:
        return _none(raw, CARRIES_NOTHING)
    return PassRate(
        judge=raw,
        labels_only=_figure(rate.labels_only) if answered else NO_LABELS,
        corrected=Figure(
            estimate=rate.estimate, low=rate.low, high=rate.high, n=rate.n_labels,
            method=rate.method,
        ),
        why=rate.why,
        carried=() if answered else pool.sittings,
        warnings=rate.warnings,
    )  # fmt: skip


def _none(raw: Maybe, absent: Absent) -> PassRate:
    return PassRate(judge=raw, labels_only=absent, corrected=absent, why=absent.why)


class Measured(NamedTuple):
    """One criterion of a sitting with its figures."""

    sitting: Sitting
    name: str
    pool: Pool
    agreement: Agreement | Absent
    pass_rate: PassRate
    surface: Maybe
    entry: dict[str, Any]


def _nothing(pool: Pool, since: str | None) -> Absent:
    if pool.answered:
        return NO_VERDICT
    return Absent(why=f"nothing judged since {since} has a label") if since else NO_LABELS


def curve(pool: Pool) -> Curve | Absent:
    """Return how far a judge's probabilities can be taken at their word, where it gives any."""
    if not pool.parts:
        return NO_VERDICT if pool.answered else NO_LABELS
    table = pool.table
    if pool.criterion.kind != "binary" or set(np.unique(table.values)) <= {0.0, 1.0}:
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
    """Return what most people say of each item, 0 or 1; NaN where as many say the other.

    Where items were chosen by what people say, nobody knows as what a tie was chosen.
    """
    return np.where(truth == _TIE, np.nan, np.round(truth))


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
