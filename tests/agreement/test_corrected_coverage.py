"""Coverage of corrected rates: 5,000 seeded data sets a setting, through the functions in use.

The first settings are those on which the designs were chosen; `benchmarks/corrected.py` prints
the same beside other methods.
"""

from __future__ import annotations

import pytest

from benchmarks.corrected import (
    BY_TRUTH,
    FEW,
    RANDOM,
    Setting,
    by_judge,
    from_random,
    from_truth,
)

RUNS, DRAWS = 5000, 250
LOW, HIGH = 0.935, 0.975

# Mean widths of the references' best methods at nominal coverage; None where theirs fell short.
WIDTHS = dict(zip(RANDOM, (0.117, 0.131, None, 0.178, 0.060, None), strict=True))
BY_FORMULA = dict(
    zip(
        BY_TRUTH,
        (0.203, 0.157, 0.142, 0.108, 0.191, 0.055, 0.208, 0.272, 0.153, 0.504, 0.099, 0.182),
        strict=True,
    )
)
TOLERANCE = 1.04
"""Few draws widen by 1 to 2 %, and the references' widths have three digits and few runs."""


@pytest.mark.parametrize("setting", RANDOM + FEW, ids=str)
def test_random_labels_cover_and_no_judge_widens_the_labels_own_interval(setting: Setting) -> None:
    found = from_random(setting, RUNS, DRAWS)

    assert LOW <= found["trueup"].coverage <= HIGH
    assert found["trueup"].width <= 1.015 * found["labels only"].width
    if width := WIDTHS.get(setting):
        assert found["trueup"].width <= TOLERANCE * width


@pytest.mark.parametrize("setting", BY_TRUTH, ids=str)
def test_labels_chosen_by_answers_cover_at_the_narrowest_known_widths(setting: Setting) -> None:
    found = from_truth(setting, RUNS, DRAWS)

    assert LOW <= found["trueup"].coverage <= HIGH
    assert found["trueup"].width <= TOLERANCE * BY_FORMULA[setting]


@pytest.mark.parametrize("setting", RANDOM, ids=str)
def test_labels_balanced_by_the_verdict_cover(setting: Setting) -> None:
    found = by_judge(setting, RUNS, DRAWS)

    assert LOW <= found["trueup"].coverage <= HIGH


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6, 0.95])
def test_a_rate_that_moved_since_the_labels_is_covered(rate: float) -> None:
    found = from_truth(Setting(rate, 0.92, 0.85, (60, 40), 1000), RUNS, DRAWS)

    assert LOW <= found["trueup"].coverage <= HIGH
