"""How far two arms, or many releases, must differ at each of several looks.

Wang and Tsiatis (1987): at information t (1 at the last look) an estimate passes where its normal
score is above C t^(shape - 1/2). Shape 0 is O'Brien and Fleming's boundary (1979), hard at first
and all but free of cost at the end; 1/2 is Pocock's, the same at every look.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINTS = 240
REACH = 6.0
"""Paths are followed from so many standard deviations below 0."""


@lru_cache(maxsize=256)
def constant(information: tuple[float, ...], alpha: float, shape: float = 0.0) -> float:
    """Return C for looks at these parts of the information, one-sided.

    The density of a Brownian motion that has not yet passed is carried on from look to look by
    numerical integration (Armitage, McPherson and Rowe 1969).

    >>> round(constant((0.25, 0.5, 0.75, 1.0), 0.05), 2), round(constant((1.0,), 0.05), 3)
    (1.73, 1.645)
    """

    def excess(level: float) -> float:
        return _passing(level, information, shape) - alpha

    return float(optimize.brentq(excess, 0.0, 8.0, xtol=1e-4))


def _passing(level: float, information: tuple[float, ...], shape: float) -> float:
    """Return the chance that a Brownian motion passes the boundary at one of the looks."""
    before, passed = 0.0, 0.0
    at, mass = np.zeros(1), np.ones(1)
    for now in information:
        step, bound = np.sqrt(now - before), level * now**shape
        passed += float(mass @ special.ndtr((at - bound) / step))
        edges = np.linspace(-REACH * np.sqrt(now), bound, POINTS + 1)
        # the mass of whole intervals: steps much smaller than one would slip between points
        reached = special.ndtr((edges[:, None] - at[None, :]) / step)
        mass = np.diff(reached, axis=0) @ mass
        at, before = (edges[1:] + edges[:-1]) / 2, now
    return passed


def even(looks: int) -> tuple[float, ...]:
    """Return the information at looks that are evenly spaced."""
    return tuple((look + 1) / looks for look in range(looks))


def tail(look: int, information: tuple[float, ...], alpha: float, *, shape: float = 0.0) -> float:
    """Return the one-sided error that a look, counted from 0, may make alone."""
    level = constant(information, alpha, shape)
    return float(special.ndtr(-level * information[look] ** (shape - 0.5)))
