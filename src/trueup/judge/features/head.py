"""Fit a ridge head to a team's own labels, and say honestly how far to trust it.

The head is linear in standardised features, so each feature's part in a score can be shown. The
penalty is chosen by cross-validation over groups, and the whole fit, that choice included, is
repeated on bootstrap samples of groups to learn how well it orders groups it has not seen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from trueup import errors
from trueup.judge.features.surface import FEATURES

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

Floats = NDArray[np.float64]

LABELS_NEEDED = 30
GROUPS_NEEDED = 5
METHOD = "Spearman, group bootstrap in the manner of .632+, Fisher z with design effect"

_REACH = 3.0
_PENALTIES = np.logspace(-2, 1.5, 11)
"""Candidates per unit of label weight: from hardly any shrinkage to each feature on its own."""
_FOLDS = 10
_REPLICATES = 100
_SMALLEST_TEST = 3
_Z95 = 1.959963984540054


class TooFewLabels(errors.TooFewLabels, ValueError):
    """There are fewer labelled items, or fewer groups of them, than a head needs."""


class UnusableLabels(errors.DataError, ValueError):
    """Features, labels, groups or weights from which nothing can be learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well a head orders items of groups it was not fitted on, as people order them."""

    estimate: float
    """Spearman correlation between prediction and label, in [-1, 1]."""
    low: float
    high: float
    """Ends of the 95 % interval."""
    n: int
    """Labelled items."""
    n_groups: int
    """Groups that were held out together."""
    method: str
    """Name of the estimator and the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A fitted linear head: plain numbers, no arrays, so that it can be stored and compared."""

    features: tuple[str, ...]
    """Names of the columns it reads."""
    means: tuple[float, ...]
    scales: tuple[float, ...]
    """Standard deviation of each feature among the labelled items, 1 where it did not vary."""
    coefficients: tuple[float, ...]
    """Change of the score per standard deviation."""
    intercept: float
    penalty: float
    """Ridge penalty on the squared coefficients, for weights with mean 1."""
    agreement: Agreement
    n_labels: int
    low: float = 0.0
    """Scores are clipped to [low, high]."""
    high: float = 1.0
    reach: float = _REACH
    """A feature farther than this many standard deviations from its mean counts as that far."""

    @property
    def better_than_chance(self) -> bool:
        """Whether the interval of the agreement lies above 0."""
        return self.agreement.low > 0

    def predict(self, x: Floats) -> Floats:
        """Score items.

        Args:
            x: Features, shape (n, d), finite, columns in the order of `features`.

        Returns:
            Scores in [low, high], shape (n,).

        Raises:
            ValueError: `x` has another shape or holds a value that is not finite.

        """
        scores: Floats = self.intercept + self.contributions(x).sum(axis=1)
        return scores.clip(self.low, self.high)

    def contributions(self, x: Floats) -> Floats:
        """Return what every feature adds to the intercept, before clipping, shape (n, d).

        Takes and refuses what `predict` does. The intercept is the score of an average item.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.features):  # noqa: PLR2004 - a matrix
            raise ValueError(
                f"x has shape {x.shape}: pass (n, {len(self.features)}), one column per feature"
            )
        if not np.isfinite(x).all():
            raise ValueError("x holds values that are not finite: drop or mend those items first")
        z: Floats = (x - np.array(self.means)) / np.array(self.scales)
        parts: Floats = z.clip(-self.reach, self.reach) * np.array(self.coefficients)
        return parts

    def to_dict(self) -> dict[str, object]:
        """Return the head as plain JSON values; every number survives the round trip exactly."""
        plain = asdict(self)
        for name in ("features", "means", "scales", "coefficients"):
            plain[name] = list(plain[name])
        return {**plain, "better_than_chance": self.better_than_chance}

    @classmethod
    def from_dict(cls, plain: Mapping[str, object]) -> Head:
        """Rebuild a head from what `to_dict` returned.

        Raises:
            ValueError: A field is missing, unknown or of another kind.

        """
        fields: dict[str, object] = {k: v for k, v in plain.items() if k != "better_than_chance"}
        try:
            for name in ("features", "means", "scales", "coefficients"):
                fields[name] = tuple(fields[name])  # type: ignore[arg-type]  # checked by the except
            fields["agreement"] = Agreement(**fields["agreement"])  # type: ignore[arg-type]  # same
            return cls(**fields)  # type: ignore[arg-type]  # same
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"this is no stored head ({error}): fit it again and store what to_dict returns"
            ) from error


def fit_head(
    x: Floats,
    y: Floats,
    *,
    groups: Sequence[Hashable] | None = None,
    weights: Floats | None = None,
    features: Sequence[str] = FEATURES,
    seed: int = 0,
) -> Head:
    """Fit a head to labels and estimate its agreement on groups it has not seen.

    The order of the rows changes nothing: folds and bootstrap samples hang on the seed and on what
    the groups are called (on the rows themselves where there are no groups).

    Args:
        x: Features of the labelled items, shape (n, d), finite.
        y: Labels in [0, 1], shape (n,).
        groups: What must be held out together (user, conversation, pair), length n; two groups are
            the same where their `repr` is. None: every item stands for itself.
        weights: How many items of the population each stands for, shape (n,), positive, in any
            unit. None: all the same.
        features: Names of the columns of `x`.
        seed: Of the folds and the bootstrap.

    Raises:
        TooFewLabels: Fewer than 30 items or 5 groups.
        UnusableLabels: Constant labels, labels outside [0, 1], shapes that do not fit together,
            values that are not finite.

    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = np.ones(y.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(x, y, w, groups=groups, width=len(features))
    data = _arrange(x, y, w, groups=groups, seed=seed)
    fit = _solve(data, data.weights)
    return Head(
        features=tuple(features),
        means=tuple(fit.means.tolist()),
        scales=tuple(fit.scales.tolist()),
        coefficients=tuple(fit.coefficients.tolist()),
        intercept=fit.intercept,
        penalty=fit.penalty,
        agreement=_agreement(data, fit, np.random.default_rng(seed)),
        n_labels=len(data.y),
    )


@dataclass(frozen=True, slots=True)
class _Labelled:
    """Labelled items, in an order that depends on their content and the seed alone."""

    x: Floats
    y: Floats
    weights: Floats
    group: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Fit:
    means: Floats
    scales: Floats
    coefficients: Floats
    intercept: float
    penalty: float
    fitted: Floats


def _arrange(
    x: Floats, y: Floats, w: Floats, *, groups: Sequence[Hashable] | None, seed: int
) -> _Labelled:
    key = str(seed).encode()
    rows = [blake2b(row.tobytes(), key=key).digest() for row in np.column_stack([x, y, w])]
    names = rows if groups is None else [blake2b(_name(g), key=key).digest() for g in groups]
    order = sorted(range(len(y)), key=lambda i: (names[i], rows[i]))
    starts = [groups is None or names[i] != names[k] for i, k in pairwise(order)]
    w = w[order] / w[order].mean()
    return _Labelled(x[order], y[order], w, np.r_[0, np.cumsum(starts)])


def _name(group: Hashable) -> bytes:
    plain = group.item() if isinstance(group, np.generic) else group
    return repr(plain).encode("utf-8", "backslashreplace")


def _check(
    x: Floats, y: Floats, w: Floats, *, groups: Sequence[Hashable] | None, width: int
) -> None:
    n, named = y.size, y.size if groups is None else len(groups)
    if y.shape != (n,) or x.shape != (n, width) or w.shape != (n,) or named != n:
        raise UnusableLabels(
            f"x {x.shape}, y {y.shape}, weights {w.shape} and {named} groups do not fit together",
            mend=f"Pass {width} features, one label, one weight and one group per item",
        )
    if n < LABELS_NEEDED:
        raise TooFewLabels(
            f"there are {n} labelled items", mend=f"Label at least {LABELS_NEEDED} before fitting"
        )
    for wrong, what, mend in (
        (not np.isfinite(x).all(), "a feature is not finite", "Drop that item"),
        (not ((w > 0) & (w < np.inf)).all(), "a weight is no positive number", "Drop that item"),
        (not ((y >= 0) & (y <= 1)).all(), "a label lies outside [0, 1]", "Rescale the labels"),
        (np.ptp(y) == 0, f"all {n} labels are {y[0]:g}", "Add items that people judge otherwise"),
    ):
        if wrong:
            raise UnusableLabels(what, mend=mend)
    n_groups = n if groups is None else len({_name(group) for group in groups})
    if n_groups < GROUPS_NEEDED:
        raise TooFewLabels(
            f"the labelled items form only {n_groups} groups",
            mend=f"Label items of at least {GROUPS_NEEDED}, or pass none if items are independent",
        )


def _solve(data: _Labelled, w: Floats) -> _Fit:
    """Fit a ridge regression whose penalty is chosen by cross-validation over groups.

    Of the candidates whose held-out squared error exceeds the smallest by no more than one standard
    error of the difference over folds, the heaviest is taken (the one-standard-error rule; Breiman,
    Friedman, Olshen and Stone 1984, section 3.4.3; here with the error of the paired difference).
    Rows of weight 0 take no part, standardisation included; `fitted` holds their prediction.
    """
    total = w.sum()
    means = w @ data.x / total
    spread = np.sqrt(w @ (data.x - means) ** 2 / total)
    flat = spread <= 1e-9 * np.maximum(1.0, np.abs(means))
    scales = np.where(flat, 1.0, spread)
    z = np.where(flat, 0.0, np.clip((data.x - means) / scales, -_REACH, _REACH))
    design = np.column_stack([np.ones(len(z)), z, data.y])
    folds = [data.group % _FOLDS == k for k in range(_FOLDS)]
    moments = np.stack([(design[fold].T * w[fold]) @ design[fold] for fold in folds])
    penalty = _choose_penalty(moments[moments[:, 0, 0] > 0])
    solution = _ridge(moments.sum(axis=0), np.array([penalty]))[0]
    fitted = np.clip(design[:, :-1] @ solution, 0.0, 1.0)
    return _Fit(means, scales, solution[1:], float(solution[0]), float(penalty * total), fitted)


def _ridge(moments: Floats, penalties: Floats) -> Floats:
    """Return intercept and coefficients, shape (..., p, d + 1), for p penalties per unit of weight.

    `moments` are the cross products of (1, features, label), shape (..., d + 2, d + 2).
    """
    gram, target = moments[..., :-1, :-1], moments[..., :-1, -1]
    free_intercept = np.diag(np.r_[0.0, np.ones(gram.shape[-1] - 1)])
    amount = moments[..., :1, :1] * penalties[:, None]
    systems = gram[..., None, :, :] + amount[..., None] * free_intercept
    targets = np.broadcast_to(target[..., None, :, None], (*systems.shape[:-1], 1))
    return np.linalg.solve(systems, targets)[..., 0]


def _choose_penalty(moments: Floats) -> float:
    folds = len(moments)
    if folds == 1:
        return float(_PENALTIES[-1])
    solutions = _ridge(moments.sum(axis=0) - moments, _PENALTIES)
    residual = np.concatenate([solutions, -np.ones((*solutions.shape[:-1], 1))], axis=-1)
    loss = np.einsum("kpi,kij,kpj->kp", residual, moments, residual)
    excess = loss - loss[:, [loss.sum(axis=0).argmin()]]
    error = excess.std(axis=0, ddof=1) * np.sqrt(folds)
    return float(_PENALTIES[excess.sum(axis=0) <= error].max())


def _agreement(data: _Labelled, fit: _Fit, rng: np.random.Generator) -> Agreement:
    """Estimate the skill on new groups, with a 95 % interval.

    Point: each replicate of a bootstrap of whole groups fits on the groups drawn, penalty included,
    and correlates prediction and label in those left out. That average, h, is low, for a replicate
    sees 63 % of the groups. As the .632+ estimator does (Efron and Tibshirani 1997, JASA 92,
    548-560; the error is 1 - rho, no information is rho = 0), it is moved towards the fit's own
    correlation o, the less the more the fit has overfitted, R = (o - h) / o. A ranking keeps its
    overfit under any penalty, so the paper's weight is multiplied by 1 - R once more; a negative
    h, where the paper stops at 0, is kept.

    Interval: Fisher's z, with the error of a Spearman correlation of Bonett and Wright (2000,
    Psychometrika 65, 23-28) and two widenings. Without signal a correlation between labels and
    predictions learnt from one another has up to twice the variance (each pair of labels counts
    both ways): a factor 1 + R**3, whose power was chosen by simulation. And the number of items is
    the effective one: Kish's for the weights over Moulton's design effect for the groups (1986,
    J. Econometrics 32, 385-397), 1 + (m - 1) a b, with m the group size as an item sees it and a, b
    the intraclass correlations of the ranks of held-out predictions and of what these leave over.
    """
    n = len(data.y)
    held_out, unseen = _held_out(data, rng)
    own = _spearman(fit.fitted, data.y, data.weights)
    overfit = (own - max(held_out, 0.0)) / own if own > max(held_out, 0.0) else 0.0
    share = 0.632 / (1 - 0.368 * overfit)
    estimate = held_out + (1 - share) * (1 - overfit) * (own - held_out)

    sizes = np.bincount(data.group).astype(np.float64)
    p, q = _ranks(unseen, data.weights), _ranks(data.y, data.weights)
    p, q = p - p.mean(), q - q.mean()
    left_over = q - p * (p @ q) / (p @ p) if p.any() else q
    clustering = _intraclass(p, data.group, sizes) * _intraclass(left_over, data.group, sizes)
    design_effect = 1 + (sizes @ sizes / n - 1) * clustering
    effective = n**2 / (data.weights @ data.weights) / design_effect
    widening = (1 + estimate**2 / 2) * (1 + overfit**3)
    error = np.sqrt(widening / max(float(effective) - 3, 1.0))
    z = np.arctanh(np.clip(estimate, -1 + 1e-9, 1 - 1e-9))
    return Agreement(
        estimate=float(estimate),
        low=float(min(np.tanh(z - _Z95 * error), estimate)),
        high=float(max(np.tanh(z + _Z95 * error), estimate)),
        n=n,
        n_groups=len(sizes),
        method=METHOD,
    )


def _held_out(data: _Labelled, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return the mean correlation in groups left out, and each row's mean prediction there."""
    n_groups = int(data.group[-1]) + 1
    found, summed, times = [], np.zeros(len(data.y)), np.zeros(len(data.y))
    for _ in range(_REPLICATES):
        draws = rng.integers(n_groups, size=n_groups)
        drawn = np.bincount(draws, minlength=n_groups)[data.group]
        out = drawn == 0
        if out.sum() < _SMALLEST_TEST or np.ptp(data.y[out]) == 0:
            continue
        predicted = _solve(data, data.weights * drawn).fitted[out]
        found.append(_spearman(predicted, data.y[out], data.weights[out]))
        summed[out] += predicted
        times[out] += 1
    return float(np.mean(found)), summed / np.maximum(times, 1)


def _spearman(a: Floats, b: Floats, w: Floats) -> float:
    p, q = _ranks(a, w), _ranks(b, w)
    total = w.sum()
    p, q = p - w @ p / total, q - w @ q / total
    spread = np.sqrt((w @ p**2) * (w @ q**2))
    return float(np.clip(w @ (p * q) / spread, -1, 1)) if spread > 0 else 0.0


def _ranks(values: Floats, w: Floats) -> Floats:
    """Rank by the weight below plus half of the tied weight: mid-ranks where all weigh the same."""
    distinct, place = np.unique(values, return_inverse=True)
    weight = np.bincount(place, weights=w, minlength=len(distinct))
    return (np.cumsum(weight) - weight / 2)[place]


def _intraclass(values: Floats, group: NDArray[np.int64], sizes: Floats) -> float:
    """Return the one-way analysis-of-variance estimate, clipped to [0, 1]."""
    n, k = len(values), len(sizes)
    if n == k:
        return 0.0
    means = np.bincount(group, weights=values) / sizes
    between = sizes @ (means - values.mean()) ** 2 / (k - 1)
    within = ((values - means[group]) ** 2).sum() / (n - k)
    usual_size = (n - sizes @ sizes / n) / (k - 1)
    spread = between + (usual_size - 1) * within
    return float(np.clip((between - within) / spread, 0, 1)) if spread > 0 else 0.0
