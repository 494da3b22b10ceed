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

from trueup import errors
from trueup.agreement.estimate import Estimate
from trueup.judge.features.ridge import REACH, Floats, Labelled, solve
from trueup.judge.features.skill import agreement
from trueup.judge.features.surface import FEATURES

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

LABELS_NEEDED = 30
GROUPS_NEEDED = 5


class TooFewLabels(errors.TooFewLabels, ValueError):
    """There are fewer labelled items, or fewer groups of them, than a head needs."""


class UnusableLabels(errors.DataError, ValueError):
    """Features, labels, groups or weights from which nothing can be learnt."""


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
    agreement: Estimate
    n_labels: int
    low: float = 0.0
    """Scores are clipped to [low, high]."""
    high: float = 1.0
    reach: float = REACH
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
            fields["agreement"] = Estimate(**fields["agreement"])  # type: ignore[arg-type]  # same
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
    fit = solve(data, data.weights)
    return Head(
        features=tuple(features),
        means=tuple(fit.means.tolist()),
        scales=tuple(fit.scales.tolist()),
        coefficients=tuple(fit.coefficients.tolist()),
        intercept=fit.intercept,
        penalty=fit.penalty,
        agreement=agreement(data, fit, np.random.default_rng(seed)),
        n_labels=len(data.y),
    )


def _arrange(
    x: Floats, y: Floats, w: Floats, *, groups: Sequence[Hashable] | None, seed: int
) -> Labelled:
    key = str(seed).encode()
    rows = [blake2b(row.tobytes(), key=key).digest() for row in np.column_stack([x, y, w])]
    names = rows if groups is None else [blake2b(_name(g), key=key).digest() for g in groups]
    order = sorted(range(len(y)), key=lambda i: (names[i], rows[i]))
    starts = [groups is None or names[i] != names[k] for i, k in pairwise(order)]
    w = w[order] / w[order].mean()
    return Labelled(x[order], y[order], w, np.r_[0, np.cumsum(starts)])


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
            mend=f"Label items of at least {GROUPS_NEEDED}; independent items need no group",
        )
