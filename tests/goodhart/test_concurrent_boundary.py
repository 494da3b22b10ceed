from __future__ import annotations

import numpy as np
import pytest

from trueup.goodhart.concurrent.boundary import constant, even, tail


def test_obrien_and_flemings_constants_are_the_published_ones() -> None:
    # one-sided .025: Jennison and Turnbull (2000), table 2.3
    published = {1: 1.960, 2: 1.977, 4: 2.024, 10: 2.087}
    for looks, known in published.items():
        assert constant(even(looks), 0.025) == pytest.approx(known, abs=0.004)


def test_pococks_constants_are_the_published_ones() -> None:
    for looks, known in {2: 2.178, 4: 2.361, 10: 2.555}.items():
        assert constant(even(looks), 0.025, 0.5) == pytest.approx(known, abs=0.01)


@pytest.mark.parametrize("shape", [0.0, 0.25, 0.5])
def test_unevenly_spaced_looks_err_no_more_in_all(shape: float) -> None:
    information = (0.1, 0.15, 0.6, 1.0)
    level = constant(information, 0.05, shape)
    rng = np.random.default_rng(1)
    steps = np.sqrt(np.diff((0.0, *information)))
    path = (rng.standard_normal((200_000, 4)) * steps).cumsum(1)
    passed = (path > level * np.array(information) ** shape).any(1)
    assert passed.mean() == pytest.approx(0.05, abs=0.002)


def test_early_looks_may_err_little() -> None:
    tails = [tail(look, even(4), 0.05) for look in range(4)]
    assert tails == sorted(tails)
    assert tails[0] < 0.001
    assert 0.04 < tails[-1] < 0.05
