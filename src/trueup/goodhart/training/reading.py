"""Reading: one step's proxy, gold and KL, checked and put on their scales."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex, cast

import numpy as np

from trueup.goodhart.training.advice import UnusableReading

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from trueup.goodhart.training.settings import Settings

    Floats = NDArray[np.float64]

UNREADABLE = (TypeError, ValueError, RuntimeError, OverflowError)
"""What turning something into numbers may raise: a tensor with a gradient is a RuntimeError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A step with at least one prompt that has both proxy and gold."""

    step: int
    proxy: Floats
    """Shape (prompts,), in shares of the scale; NaN where proxy or gold is missing."""
    gold: Floats
    """The same of gold, NaN at the same places."""
    root_kl: float
    """Square root of the KL divergence from the first policy; NaN where it is not known."""


def whole_step(step: SupportsIndex | float, last: int | None) -> int:
    """Return the step as a whole number that is larger than the last one."""
    whole = int(step) if isinstance(step, float) and step.is_integer() else step
    try:
        number = operator.index(cast("SupportsIndex", whole))
    except TypeError:
        raise UnusableReading(
            f"step is {step!r}, which is no whole number", mend="Count optimiser steps."
        ) from None
    if last is not None and number <= last:
        raise UnusableReading(
            f"step {number} comes after step {last}",
            mend="Give steps in order; after going back to an earlier one, begin a new monitor.",
        )
    return number


def reading(
    step: int,
    proxy: ArrayLike,
    gold: ArrayLike | None,
    kl: float | None,
    *,
    settings: Settings,
    prompts: int | None,
) -> Reading | None:
    """Return a step's reading, or None where no prompt has both proxy and gold.

    Args:
        step: Names the place in errors.
        proxy: A number, or one for each prompt; NaN where the judge failed.
        gold: The same; None where it was not measured.
        kl: Divergence from the first policy; an estimate below 0 counts as 0.
        settings: Hold the scales.
        prompts: Length of earlier readings, None at the first, whose scale is checked.

    Raises:
        UnusableReading: It cannot be used.
    """
    where = f"step {step}"
    left = _values("proxy", proxy, settings.scale, where, first=prompts is None)
    root_kl = _root(kl, where)
    if gold is None:
        return None
    right = _values("gold", gold, settings.of_gold, where, first=prompts is None)
    if np.isnan(left).all() or np.isnan(right).all():
        return None
    if len(left) != len(right):
        raise UnusableReading(
            f"proxy has {len(left)} values and gold {len(right)}",
            where=where,
            mend="Give both for the same prompts in the same order, with NaN for what is missing.",
        )
    if prompts is not None and len(left) != prompts:
        raise UnusableReading(
            f"there are {len(left)} values, and {prompts} at earlier steps",
            where=where,
            mend="Measure a fixed set of prompts, with NaN where the judge failed.",
        )
    missing = np.isnan(left) | np.isnan(right)
    if missing.all():
        return None
    return Reading(
        step=step,
        proxy=np.where(missing, np.nan, left),
        gold=np.where(missing, np.nan, right),
        root_kl=root_kl,
    )


def numbers(given: object) -> Floats:
    """Return what callers give as numbers, NaN where one is masked.

    Raises:
        TypeError, ValueError, RuntimeError, OverflowError: It holds something else.
    """
    values = np.asanyarray(given)
    if values.dtype.kind in "cmM":  # would lose its imaginary part, or its unit
        raise TypeError
    floats: Floats = values.astype(np.float64)
    return floats.filled(np.nan) if isinstance(floats, np.ma.MaskedArray) else floats


def _values(
    name: str, given: ArrayLike, scale: tuple[float, float] | None, where: str, *, first: bool
) -> Floats:
    try:
        values = np.atleast_1d(numbers(given))
    except UNREADABLE:
        raise UnusableReading(
            f"{name} is not made of numbers", where=where, mend="Give NaN for what is missing."
        ) from None
    if values.ndim > 1 or not values.size:
        raise UnusableReading(
            f"{name} has shape {values.shape}",
            where=where,
            mend="Give one number, or one for each prompt.",
        )
    if np.isinf(values).any():
        raise UnusableReading(
            f"{name} has an infinite value",
            where=where,
            mend="Give NaN where the judge failed.",
        )
    if scale is not None:
        return (values - scale[0]) / (scale[1] - scale[0])
    middle = float(np.nanmedian(values)) if first and not np.isnan(values).all() else 0.5
    # Half a width beyond either end: added noise is let through, marks of 0 to 100 are not. Only at
    # first, so that one wild value late in a run does not end it.
    if not -0.5 <= middle <= 1.5:  # noqa: PLR2004 - see above
        option = "scale" if name == "proxy" else "gold_scale"
        raise UnusableReading(
            f"{name} is about {middle:.3g}, far outside 0 to 1",
            where=where,
            mend=f"Say TrainingMonitor({option}=(low, high)).",
        )
    return values


def _root(kl: float | None, where: str) -> float:
    if kl is None:
        return math.nan
    try:
        value = float(kl)
    except UNREADABLE:
        value = math.inf
    if math.isinf(value):
        raise UnusableReading(f"kl is {kl!r}", where=where, mend="Give one number, or None.")
    return math.sqrt(max(value, 0.0)) if value == value else math.nan  # noqa: PLR0124 - NaN is not itself
