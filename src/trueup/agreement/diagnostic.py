"""How often a judge is right where people say met, where they say unmet, and in each level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from trueup.agreement import column
from trueup.agreement.by_verdict import rebuild
from trueup.agreement.estimate import Estimate
from trueup.agreement.shares import effective, score_interval, share, times
from trueup.errors import Undefined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from trueup.agreement.column import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A judge's verdicts beside people's, for one yes-no question."""

    tpr: Estimate | None
    """Share judged met of what people call met (sensitivity, recall)."""
    tnr: Estimate | None
    """Share judged unmet of what people call unmet (specificity)."""
    ppv: Estimate | None
    """Share that people call met of what is judged met (precision)."""
    npv: Estimate | None
    """Share that people call unmet of what is judged unmet."""
    accuracy: Estimate | None
    """Share on which judge and people say the same."""
    prevalence: Estimate | None
    """Share that people call met."""
    judged: Estimate | None
    """Share that the judge calls met."""
    tp: float
    """Labelled units judged met that people call met; where people differ, one counts in parts."""
    fp: float
    """Units judged met that people call unmet."""
    fn: float
    """Units judged unmet that people call met."""
    tn: float
    """Units judged unmet that people call unmet."""
    n_pairs: int
    """Units with a verdict and a label."""
    n_split: int
    """Of these, on how many people differ."""
    n_dropped: int
    """Units left out because verdict or label is missing."""
    undefined: Mapping[str, str]
    """Why a rate is None, by its name."""
    method: str
    """What the rates are measured against; each rate names its own interval."""


def rates(
    judged: Iterable[object],
    truth: Iterable[object],
    *,
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
    weights: Iterable[object] | None = None,
    judged_share: float | None = None,
    judged_units: float | None = None,
) -> Rates:
    """Return true and false positive and predictive rates of a judge, each with an interval.

    TPR = sum t j / sum t with verdict j and truth t; TNR, PPV and NPV alike. Where several people
    labelled a unit and truth is their mean, say 2/3, the unit counts 2/3 as met and 1/3 as unmet:
    the rates are those against one person drawn at random, no unit is lost to a tie, and they can
    be no better than people are among themselves (see `human_ceiling`). Round first for rates
    against the majority. Intervals: see `share`.

    Labels drawn at random need no more. Labels drawn by the verdict (as many met as unmet, or by
    strata of the judge) bend TPR, TNR, accuracy and prevalence: give the share of all traffic
    that is judged met, and weights where units of one verdict had different chances; these four
    are then rebuilt from PPV and NPV (see `by_verdict.rebuild`). Labels drawn by human truth bend
    PPV, NPV, accuracy and prevalence, and nothing here mends that.

    Measured coverage at 95 %: 94 to 96 % for 100 to 400 labels (6 to 30 % unmet), 94 to 96 % for
    40 to 200 groups of 3 to 5; where people differ 95 to 97 %, and 99 % for accuracy.

    The example is from Altman and Bland (1994), "Diagnostic tests 1: sensitivity and
    specificity", BMJ 308, and its second part.

    Args:
        judged: Verdicts: booleans, 1, 0; None or NaN is missing. Shape (n,).
        truth: Labels: the same, or the mean of several people's in [0, 1]. Shape (n,).
        ci: Two-sided level in (0, 1).
        cluster: Group of each unit, as its user or conversation; a unit without one stands for
            itself. Shape (n,).
        weights: How many units of the traffic a labelled one stands for: one over its probability
            of being labelled. Not negative. Shape (n,).
        judged_share: Share of all units judged met; without it, what the weights say, which is
            far less certain unless they depend on the verdict alone.
        judged_units: How many units that is a share of. Without it the share is taken as known,
            which is too narrow where the labels are not few among the judged units.

    Raises:
        Undefined: No unit has both verdict and label.

    >>> scan = [1] * 263 + [0] * 81
    >>> liver = [1] * 231 + [0] * 32 + [1] * 27 + [0] * 54
    >>> found = rates(scan, liver)
    >>> for name in ("tpr", "tnr", "ppv", "npv"):
    ...     rate = getattr(found, name)
    ...     print(f"{name} {rate.estimate:.2f} [{rate.low:.2f}, {rate.high:.2f}] of {rate.n}")
    tpr 0.90 [0.85, 0.93] of 258
    tnr 0.63 [0.52, 0.72] of 86
    ppv 0.88 [0.83, 0.91] of 263
    npv 0.67 [0.56, 0.76] of 81
    """
    pairs = _read(judged, truth, weights, cluster)
    column.level(ci)
    units = math.inf if judged_units is None else judged_units
    if weights is not None and judged_share is None:
        seen = effective(pairs.j, pairs.w, group=pairs.group)
        judged_share, units = seen.p, units if pairs.by_verdict() else seen.size
    found = (
        {name: share(*base, group=pairs.group, ci=ci) for name, base in pairs.bases().items()}
        if judged_share is None
        else _by_verdict(pairs, judged=judged_share, units=units, ci=ci)
    )
    j, t = pairs.j, pairs.t
    split = int(((t > 0) & (t < 1)).sum())
    return Rates(
        **{name: found.get(name) for name in _WHY},
        tp=float(j @ t),
        fp=float(j @ (1 - t)),
        fn=float((1 - j) @ t),
        tn=float((1 - j) @ (1 - t)),
        n_pairs=len(j),
        n_split=split,
        n_dropped=pairs.dropped,
        undefined={name: _why(name, found) for name in _WHY if name not in found},
        method="against a person drawn at random" if split else "against the labels",
    )


_ONE_SIDED = "the judge gives no labelled unit one of its two verdicts"
_WHY: Final = {
    "tpr": "people call no labelled unit met",
    "tnr": "people call no labelled unit unmet",
    "ppv": "the judge calls no labelled unit met",
    "npv": "the judge calls no labelled unit unmet",
    "accuracy": _ONE_SIDED,
    "prevalence": _ONE_SIDED,
    "judged": "",
}


def _why(name: str, found: Collection[str]) -> str:
    """Return why a rate is None; one that is rebuilt needs labels of both verdicts."""
    lacking = next((side for side in ("ppv", "npv") if side not in found), None)
    if name in {"tpr", "tnr"} and lacking is not None and "prevalence" not in found:
        return _WHY[lacking]
    return _WHY[name]


class _Pairs(NamedTuple):
    j: Floats
    t: Floats
    w: Floats
    group: Ints | None
    dropped: int

    def by_verdict(self) -> bool:
        """Say whether weights differ between the verdicts and not within either."""
        sides = [set(self.w[self.j == verdict].tolist()) for verdict in (0, 1)]
        return len(sides[0]) == len(sides[1]) == 1 and sides[0] != sides[1]

    def bases(self) -> dict[str, tuple[Floats, Floats]]:
        """Return values and weights of each rate that has a case."""
        j, t, w = self.j, self.t, self.w
        found = {
            "tpr": (j, w * t),
            "tnr": (1 - j, w * (1 - t)),
            "ppv": (t, w * j),
            "npv": (1 - t, w * (1 - j)),
            "accuracy": (j * t + (1 - j) * (1 - t), w),
            "prevalence": (t, w),
            "judged": (j, w),
        }
        return {name: base for name, base in found.items() if base[1].any()}


def _by_verdict(pairs: _Pairs, *, judged: float, units: float, ci: float) -> dict[str, Estimate]:
    if not 0 <= judged <= 1:
        raise ValueError(f"judged_share is {judged:g}, which is no share; give one within 0 and 1")
    if not units > 0:
        raise ValueError(f"judged_units is {units:g}; give the number of units judged")
    n = len(pairs.j)
    bases, group = pairs.bases(), pairs.group
    sides = {name: bases[name] for name in ("ppv", "npv") if name in bases}
    found: dict[str, Estimate] = {
        name: share(*base, group=group, ci=ci) for name, base in sides.items()
    }
    ends, method = (judged, judged), "given"
    if not math.isinf(units):
        ends, method = score_interval(judged, units, times(ci, math.inf)), "wilson"
    found["judged"] = Estimate(judged, *ends, n if math.isinf(units) else round(units), n, method)
    if len(sides) == len(("ppv", "npv")):
        both = [effective(*base, group=group) for base in sides.values()]
        found |= rebuild(*both, judged=judged, units=units, ci=ci)
    return found


def _read(
    judged: Iterable[object],
    truth: Iterable[object],
    weights: Iterable[object] | None,
    cluster: Iterable[object] | None,
) -> _Pairs:
    j = column.binary(judged, "judged")
    t = column.numbers(truth, "truth", within=(0, 1))
    column.same_length("truth", len(t), len(j))
    w = np.ones(len(j))
    if weights is not None:
        w = column.numbers(weights, "weights", within=(0, np.inf))
        column.same_length("weights", len(w), len(j))
        if np.isnan(w).any():
            raise ValueError("weights has a missing value; give 0 to leave a unit out")
    kept = ~np.isnan(j) & ~np.isnan(t)
    if not (w[kept] > 0).any():
        raise Undefined(
            "no unit has both a verdict and a label", mend="Label units that the judge has scored"
        )
    group = column.groups(cluster, len(j))
    if group is not None:
        group = group[kept]
    return _Pairs(j[kept], t[kept], w[kept], group, int((~kept).sum()))
