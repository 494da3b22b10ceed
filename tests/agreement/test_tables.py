"""Many small tables at once give what each gives alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from trueup.agreement.disagreement import LEVELS, Level
from trueup.agreement.krippendorff import alpha
from trueup.agreement.tables import alphas

Floats = NDArray[np.float64]


def simulated(
    tables: int, units: int, *, rare: float = 0.5, right: float = 0.9
) -> tuple[Floats, NDArray[np.int64]]:
    rng = np.random.default_rng(tables + units)
    truth = rng.random((tables * units, 1)) < rare
    ratings = np.where(rng.random((tables * units, 3)) < right, truth, ~truth).astype(float)
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    return ratings, np.repeat(np.arange(tables), units)


@pytest.mark.parametrize("level", LEVELS)
def test_each_table_has_the_alpha_that_it_has_alone(level: Level) -> None:
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, (60, 1)) + rng.integers(0, 3, (60, 4)) + 0.0
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    week = rng.integers(0, 4, 60)

    found = alphas(ratings, week, level=level)

    alone = [alpha(ratings[week == n], level=level, resamples=100) for n in range(4)]
    np.testing.assert_allclose(found.estimate, [one.estimate for one in alone], atol=1e-12)
    assert found.n_units.tolist() == [one.n_units for one in alone]
    assert found.tables == (0, 1, 2, 3)
    assert found.undefined == ()


@pytest.mark.parametrize(("units", "rare", "most"), [(40, 0.5, 1.1), (100, 0.1, 1.15)])
def test_the_standard_error_is_the_spread_of_estimates(
    units: int, rare: float, most: float
) -> None:
    ratings, table = simulated(5000, units, rare=rare, right=0.95 if rare < 0.5 else 0.9)

    found = alphas(ratings, table, level="nominal")

    spread = float(found.estimate.std())
    assert 1 / 1.05 < spread / np.sqrt((found.error**2).mean()) < most


def test_the_standard_error_is_that_of_the_interval() -> None:
    ratings, table = simulated(1, 400)

    (error,) = alphas(ratings, table, level="nominal").error
    whole = alpha(ratings, level="nominal")

    assert whole.high - whole.low == pytest.approx(2 * 1.96 * error, rel=0.05)


def test_full_agreement_is_not_without_error() -> None:
    found = alphas([[0, 0], [1, 1]] * 10, ["a"] * 20, level="nominal")

    assert found.estimate.tolist() == [1]
    assert 0.02 < found.error[0] < 0.2


def test_tables_that_define_no_alpha_are_named() -> None:
    ratings = [[1, 1], [1, 1], [1, 2], [2, 2], [1, 2], [1, None], [2, 1]]

    found = alphas(ratings, ["same", "same", "ok", "ok", "one", "one", None], level="nominal")

    assert found.tables == ("ok",)
    assert found.undefined == ("one", "same")
    assert found.n_units.tolist() == [2]
    assert np.isfinite(found.error).all()


def test_nothing_rated_twice_is_no_table_at_all() -> None:
    found = alphas([[1, None], [None, 2]], ["a", "b"], level="nominal")

    assert found.tables == ()
    assert found.undefined == ("a", "b")
    assert len(found.estimate) == len(found.error) == len(found.n_units) == 0


def test_values_too_many_to_add_up_are_refused() -> None:
    ratings = np.random.default_rng(0).random((40, 3))

    with pytest.raises(ValueError, match="120 distinct values at the ordinal level"):
        alphas(ratings, [0] * 40, level="ordinal")


def test_a_table_label_is_needed_for_every_unit() -> None:
    with pytest.raises(ValueError, match="tables has 2 values for 3 units"):
        alphas([[1, 2]] * 3, ["a", "b"], level="nominal")


def test_a_module_does_not_take_the_place_of_a_function_of_the_facade() -> None:
    code = (
        "import trueup.agreement.tables, trueup.agreement.gwet, trueup.agreement.cohen\n"
        "from trueup import agreement\n"
        "print(agreement.alpha([[1, 1], [2, 2]], level='nominal').estimate)\n"
        "print(agreement.kappa([[1, 1], [2, 2]]).estimate)\n"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["1.0", "1.0"]
