"""Simulated release ledgers: past A/B tests in summary, and a new one to be decided.

Effects are Gaussian. Errors come from records of 6,000 replies an arm, all judged; their size and
their correlation with the judge's grow with the overstatement, as records showed (the value at 5 is
extrapolated).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_AT = (1.0, 1.5, 3.0, 5.0)
_ERROR = (0.035, 0.045, 0.062, 0.090)
_CORRELATION = (0.1, 0.4, 0.42, 0.5)
_INFORMATION = (0.02, 0.63, 0.35)
"""Part of what is known about users that each signal brings."""
WORTH: Mapping[str, float] = {"thumbs": 0.22, "retries": -0.19, "edit_rate": -0.14}
"""What a judge point really brings to each signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A team's history of A/B tests and the new one that it wants decided."""

    past: int = 3
    overstatement: float = 1.5
    """By what factor records overstate what a judge point is worth."""
    rises: tuple[float, float] = (0.12, 0.12)
    """Mean and standard deviation of the judge's true rises in past tests, in points."""
    varies: float = 0.2
    """Relative standard deviation of the worth of a judge point from test to test."""
    direct: float = 0.02
    """Standard deviation of what a version does to users without the judge, in judge points."""
    gamed: float = 0.0
    """Chance that a past test was itself gamed, and users got nothing."""
    winners: bool = False
    """Whether only tests are kept whose composite of signals is significantly up."""
    judge_error: float = 0.016
    """Standard error of the judge's rise; .05 where a tenth is judged."""
    error: float | None = None
    """Standard error of the composite in judge points; None for that of the overstatement."""
    phi: float = 1.0
    """Part of the new test's rise that users get."""
    rise: float = 0.23
    """The judge's true rise in the new test, in points."""
    more: float = 1.0
    """How many times as many replies the new test has."""
    varies_now: float = 0.0
    """`varies` for the new test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Estimated effects of `k` A/B tests."""

    judge: Floats
    """Shape (k,), points."""
    signals: Floats
    """Shape (k, signals), each in its own unit."""
    covariance: Floats
    """Of the errors of judge and signals, shape (k, 1 + signals, 1 + signals)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Past tests, the new one, and what records say a judge point is worth."""

    past: Effects
    new: Effects
    """One test."""
    records: Floats
    """What records say a judge point brings to each signal, shape (signals,)."""
    worth: Floats
    """What it really brings."""
    gamed: NDArray[np.bool_]
    """Which past tests were gamed."""
    names: tuple[str, ...] = field(default=tuple(WORTH))


def simulate_ledger(truth: Past | None = None, seed: int | np.random.Generator = 0) -> Ledger:
    """Return a made-up release ledger.

    >>> ledger = simulate_ledger(Past(past=10, overstatement=3), seed=1)
    >>> ledger.past.signals.shape, (ledger.records / ledger.worth).round(1).tolist()
    ((10, 3), [3.0, 3.0, 3.0])
    """
    truth = truth or Past()
    rng = np.random.default_rng(seed)
    worth = np.array(list(WORTH.values()))
    past, gamed = _history(truth, worth, rng)
    now = 1 + truth.varies_now * rng.standard_normal(1)
    gain = truth.phi * now * truth.rise + truth.direct * rng.standard_normal(1)
    return Ledger(
        past=past,
        new=_estimated(truth, worth, np.array([truth.rise]), gain, rng, more=truth.more),
        records=truth.overstatement * worth,
        worth=worth,
        gamed=gamed,
    )


def composite_error(truth: Past) -> float:
    """Return the standard error of the best composite of signals, in judge points."""
    if truth.error is not None:
        return truth.error
    return float(np.interp(truth.overstatement, _AT, _ERROR))


def _history(
    truth: Past, worth: Floats, rng: np.random.Generator
) -> tuple[Effects, NDArray[np.bool_]]:
    """Return past tests and which were gamed, drawn until enough are kept."""
    kept: list[Effects] = []
    gamed: list[NDArray[np.bool_]] = []
    while sum(part.judge.size for part in kept) < truth.past:
        size = 8 * truth.past if truth.winners else truth.past
        rise = truth.rises[0] + truth.rises[1] * rng.standard_normal(size)
        hollow = rng.random(size) < truth.gamed
        slope = 1 + truth.varies * rng.standard_normal(size)
        gain = np.where(hollow, 0.0, slope * rise) + truth.direct * rng.standard_normal(size)
        drawn = _estimated(truth, worth, rise, gain, rng)
        shown = drawn.signals @ (np.array(_INFORMATION) / worth)
        keep = shown > 1.645 * composite_error(truth) if truth.winners else np.ones(size, bool)
        kept.append(Effects(
            judge=drawn.judge[keep], signals=drawn.signals[keep], covariance=drawn.covariance[keep]
        ))  # fmt: skip
        gamed.append(hollow[keep])
    width = 1 + worth.size
    none = Effects(
        judge=np.zeros(0), signals=np.zeros((0, worth.size)), covariance=np.zeros((0, width, width))
    )
    parts, k = [none, *kept], truth.past
    joined = Effects(
        judge=np.concatenate([p.judge for p in parts])[:k],
        signals=np.concatenate([p.signals for p in parts])[:k],
        covariance=np.concatenate([p.covariance for p in parts])[:k],
    )
    return joined, np.concatenate([np.zeros(0, dtype=bool), *gamed])[:k]


def _estimated(
    truth: Past, worth: Floats, rise: Floats, gain: Floats, rng: np.random.Generator,
    *, more: float = 1.0,
) -> Effects:  # fmt: skip
    """Return true effects with correlated errors added.

    Each signal k has the error worth_k s_U / sqrt(information_k) and a correlation with the judge's
    error such that the composite with weights information_k / worth_k has error s_U and the
    declared correlation.
    """
    part = np.array(_INFORMATION)
    correlation = float(np.interp(truth.overstatement, _AT, _CORRELATION))
    errors = np.concatenate([[truth.judge_error], worth * composite_error(truth) / np.sqrt(part)])
    correlations = np.eye(errors.size)
    correlations[0, 1:] = correlations[1:, 0] = correlation * np.sqrt(part)
    covariance = correlations * np.outer(errors, errors) / more
    noise = rng.standard_normal((rise.size, errors.size)) @ np.linalg.cholesky(covariance).T
    return Effects(
        judge=rise + noise[:, 0],
        signals=np.outer(gain, worth) + noise[:, 1:],
        covariance=np.broadcast_to(covariance, (rise.size, *covariance.shape)),
    )
