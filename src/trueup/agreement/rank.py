"""Correlation of a judge's scores with people's, and how far apart they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from trueup.agreement import column
from trueup.agreement.concordance import kendall, pearson, spearman
from trueup.agreement.grouped import Spread, spread
from trueup.errors import TooFewLabels, Undefined, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.agreement.column import Floats, Ints

Method = Literal["spearman", "kendall", "pearson"]

_FEWEST = 4
_NAMES = {"spearman": "Spearman rho", "kendall": "Kendall tau-b", "pearson": "Pearson r"}
_OF = {"spearman": spearman, "kendall": kendall, "pearson": pearson}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEstimate:
    """A figure of two columns with its interval."""

    estimate: float
    low: float
    high: float
    n: int
    """Units with a value in both columns."""
    n_groups: int
    """Independent groups among them; equal to `n` where every unit stands for itself."""
    n_dropped: int
    """Units left out because a value is missing."""
    method: str
    """Name of the estimator and of the interval."""


def correlation(
    a: Iterable[object],
    b: Iterable[object],
    *,
    method: Method = "spearman",
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
) -> PairedEstimate:
    """Return a correlation with an interval that holds for ties, heavy tails and groups.

    The interval is that of Fisher's z = artanh r with Student's t and a variance learnt from the
    data: for Pearson the delete-one jackknife, for Spearman (ties at their mid-rank) and Kendall's
    tau-b the influence of each unit, ranks' own uncertainty included; both over groups where units
    have some, and then never smaller than without. Sources: Fisher (1921), Metron 1; Efron and
    Stein (1981), "The jackknife estimate of variance", Annals of Statistics 9; the usual variances,
    1 / (n - 3), (1 + r^2 / 2) / (n - 3) and .437 / (n - 4), are those of Bonett and Wright (2000),
    "Sample size requirements for estimating Pearson, Kendall and Spearman correlations",
    Psychometrika 65, who assume normal scores without ties.

    Measured coverage at 95 %, ours against the usual variance, for n = 20, 50, 150 and
    correlations 0 to .9: Kendall on five levels 93 to 96 % against 85 to 90 %, Spearman 93 to 97 %
    against 94 to 98 %, Pearson with t(4) tails 93 to 95 % against 74 to 86 %, with log-normal
    scores 88 to 95 % against 71 to 95 %, with normal scores 94 to 96 % for both. Groups (10 to 80
    of 4 to 8 units, half of the variance between them): 92 to 97 % where ignoring them gives 71 to
    93 %. Wrong for fewer than about 20 units where one column is a yes or no (90 %), and for
    Pearson with log-normal scores. A perfect correlation says nothing about its own error: its
    interval is that of 1 - 1 / n.

    The example is from Hollander and Wolfe (1973), "Nonparametric statistical methods", table 8.1:
    lightness of tuna and how much a panel liked it (they give .44 for Kendall).

    Args:
        a: Numbers; None or NaN is missing. Shape (n,).
        b: The same. Shape (n,).
        method: "spearman", "kendall" (tau-b) or "pearson".
        ci: Two-sided level in (0, 1).
        cluster: Group of each unit, as its user or conversation; a unit without one stands for
            itself. Shape (n,).

    Raises:
        TooFewLabels: Fewer than four units have both values.
        Undefined: All values of a column are the same.

    >>> lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    >>> liked = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    >>> for method in ("pearson", "spearman", "kendall"):
    ...     found = correlation(lightness, liked, method=method)
    ...     print(f"{method} {found.estimate:.4f} [{found.low:.2f}, {found.high:.2f}]")
    pearson 0.5712 [-0.62, 0.97]
    spearman 0.6000 [-0.28, 0.93]
    kendall 0.4444 [-0.19, 0.82]
    """
    if method not in _OF:
        hint = did_you_mean(str(method), get_args(Method))
        raise ValueError(f"method {method!r} is not known. {hint}")
    column.level(ci)
    x, y, group, dropped = _pairs(a, b, cluster)
    if len(x) < _FEWEST:
        raise TooFewLabels(
            f"{len(x)} units have both values and a correlation takes {_FEWEST}",
            mend="Label more units",
        )
    for name, values in (("a", x), ("b", y)):
        if values.min() == values.max():
            raise Undefined(
                f"all {len(x):,} values of {name} are {values[0]:g}, so that nothing can go along "
                "with them",
                mend="Label units that differ",
            )
    r, found = _OF[method](x, y, group)
    low, high = fisher(r, found, ci=ci)
    how = "z interval" if group is None else "clustered z interval"
    return PairedEstimate(
        estimate=r,
        low=low,
        high=high,
        n=len(x),
        n_groups=found.n_groups,
        n_dropped=dropped,
        method=f"{_NAMES[method]}, {how}",
    )


def fisher(r: float, found: Spread, *, ci: float) -> tuple[float, float]:
    """Return the interval of a correlation from the variance of its z = artanh r."""
    if found.n_groups == 1:
        return -1.0, 1.0
    end = 1 - 1 / found.effective
    variance = found.variance
    if abs(r) > 1 - 1e-12:
        variance = 1 / max(found.effective - 3, 1.0)
    z = math.atanh(max(-end, min(end, r)) if abs(r) > 1 - 1e-12 else r)
    half = found.times(ci) * math.sqrt(variance)
    low, high = math.tanh(z - half), math.tanh(z + half)
    return min(low, r), max(high, r)


def rmse(
    a: Iterable[object],
    b: Iterable[object],
    *,
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
) -> PairedEstimate:
    """Return the root of the mean squared difference of two columns, with an interval.

    The interval is Student's t on the logarithm of the mean square, with the variance of `spread`.
    Where every pair is equal, the upper end is the range of the values times the root of the
    highest share of misses that n equal pairs leave possible. Measured coverage at 95 %: 92 to
    95 % for normal differences and n of 20 to 200 (Student's t on the mean square: 89 to 94 %);
    86 to 91 % for differences with the tails of t(5), where it is wrong.

    Args:
        a: Numbers; None or NaN is missing. Shape (n,).
        b: The same. Shape (n,).
        ci: Two-sided level in (0, 1).
        cluster: Group of each unit; a unit without one stands for itself. Shape (n,).

    Raises:
        TooFewLabels: Fewer than four units have both values.

    >>> found = rmse([1, 2, 3, 4, 4], [1, 2, 4, 4, 2])
    >>> round(found.estimate, 4)
    1.0
    """
    column.level(ci)
    x, y, group, dropped = _pairs(a, b, cluster)
    if len(x) < _FEWEST:
        raise TooFewLabels(
            f"{len(x)} units have both values and an error takes {_FEWEST}",
            mend="Label more units",
        )
    root, moved = root_influence(x, y)
    found = spread(moved, np.ones(len(x)), group)
    reach = float(max(x.max(), y.max()) - min(x.min(), y.min()))
    low, high = root_interval(root, found, reach=reach, ci=ci)
    return PairedEstimate(
        estimate=root,
        low=low,
        high=high,
        n=len(x),
        n_groups=found.n_groups,
        n_dropped=dropped,
        method="root mean square, log t interval" + ("" if group is None else ", clustered"),
    )


def root_influence(a: Floats, b: Floats) -> tuple[float, Floats]:
    """Return the root mean square of differences and how much each unit moves it."""
    squares = (a - b) ** 2
    root = math.sqrt(squares.mean())
    return root, (squares - root**2) / (2 * root) if root else squares


def root_interval(root: float, found: Spread, *, reach: float, ci: float) -> tuple[float, float]:
    """Return the interval of a root mean square, never past `reach`."""
    if found.n_groups == 1:
        return 0.0, reach
    if root == 0:
        misses = 1 - ((1 - ci) / 2) ** (1 / found.effective)
        return 0.0, reach * math.sqrt(misses)
    factor = math.exp(min(found.times(ci) * math.sqrt(found.variance) / root, 700.0))
    return root / factor, max(min(root * factor, reach), root)


def _pairs(
    a: Iterable[object], b: Iterable[object], cluster: Iterable[object] | None
) -> tuple[Floats, Floats, Ints | None, int]:
    x, y = column.numbers(a, "a"), column.numbers(b, "b")
    column.same_length("b", len(y), len(x))
    group = column.groups(cluster, len(x))
    kept = column.complete(x, y)
    return x[kept], y[kept], None if group is None else group[kept], int((~kept).sum())
