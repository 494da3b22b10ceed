"""The split of a moved pass rate: it adds up, and its intervals cover the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.agreement.drift import Count, Labelled, Week, split

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNS = 5000
TPR, TNR = 0.9, 0.8


def week(number: int, judged: Mapping[str, tuple[int, int]], **more: Any) -> Week:
    return Week(
        week=f"2026-W{number + 1:02d}",
        question="q",
        instrument="i",
        judged={name: Count(*count) for name, count in judged.items()},
        **more,
    )


counts = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda p: (min(p), max(p)))
windows = st.lists(st.dictionaries(st.sampled_from("abc"), counts, max_size=3), max_size=4)


@given(windows, windows)
def test_mix_and_within_add_up_to_the_total(
    before: list[dict[str, tuple[int, int]]], after: list[dict[str, tuple[int, int]]]
) -> None:
    weeks = [week(i, judged) for i, judged in enumerate([*before, *after])]
    cut = len(before)
    found = split(weeks, range(cut), range(cut, len(weeks)))
    sums = [
        [sum(count[i] for judged in part for count in judged.values()) for i in (0, 1)]
        for part in (before, after)
    ]

    if found is None:
        assert 0 in {sums[0][1], sums[1][1]}
        return
    total = sums[1][0] / sums[1][1] - sums[0][0] / sums[0][1]
    assert found.total.estimate == pytest.approx(total, abs=1e-12)
    assert found.mix.estimate + found.within.estimate == pytest.approx(total, abs=1e-12)
    assert found.judge is found.system is found.flips is None
    for part in (found.total, found.mix, found.within):
        assert part.low <= part.estimate <= part.high


def test_kitagawas_parts_are_those_worked_out_by_hand() -> None:
    """Shares .5/.5 to .25/.75, rates .8/.6 to .6/.5."""
    weeks = [week(0, {"a": (80, 100), "b": (60, 100)}), week(1, {"a": (30, 50), "b": (75, 150)})]
    found = split(weeks, [0], [1])

    assert found is not None
    assert found.mix.estimate == pytest.approx(-0.25 * 0.7 + 0.25 * 0.55)
    assert found.within.estimate == pytest.approx(0.375 * -0.2 + 0.625 * -0.1)


def test_a_new_segment_belongs_to_the_mix() -> None:
    weeks = [week(0, {"a": (80, 100)}), week(1, {"a": (80, 100), "new": (20, 100)})]
    found = split(weeks, [0], [1])

    assert found is not None
    assert found.within.estimate == pytest.approx(0)
    assert found.mix.estimate == pytest.approx(-0.3)


def test_judge_and_system_add_up_to_within() -> None:
    weeks = [history(np.random.default_rng(1), i, shift=-0.1, flip=0.0) for i in range(6)]
    found = split(weeks, range(3), range(3, 6))

    assert found is not None
    assert found.judge is not None
    assert found.system is not None
    assert found.judge.estimate + found.system.estimate == pytest.approx(found.within.estimate)


def test_without_trusted_labels_only_anchors_tell_the_judge() -> None:
    rng = np.random.default_rng(1)
    weeks = [history(rng, i, shift=-0.1, flip=0.0) for i in range(6)]
    with_labels, without = (
        split(weeks, range(3), range(3, 6), labels=labels) for labels in (True, False)
    )

    assert with_labels is not None
    assert without is not None
    assert with_labels.judge is not None
    assert without.judge is not None
    assert with_labels.judge.high - with_labels.judge.low < without.judge.high - without.judge.low
    assert without.judge.n == 60


USUAL = np.r_[np.ones(45), np.zeros(15)].astype(bool)


def history(
    rng: np.random.Generator, number: int, *, shift: float, flip: float, luck: object = 1.0
) -> Week:
    """Return a week in which, from week 3 on, the system or the judge has moved."""
    late = number >= 3
    true = 0.75 + shift * late
    wrong = np.array([1 - TPR, 1 - TNR])
    wrong = wrong * (1 - flip * late) + (1 - wrong) * flip * late
    rate = true * (1 - wrong[0]) + (1 - true) * wrong[1]
    cells = rng.multinomial(
        100, [true * (1 - wrong[0]), (1 - true) * wrong[1], true * wrong[0],
              (1 - true) * (1 - wrong[1])],
    )  # fmt: skip
    said = USUAL ^ (rng.random(60) < 0.03) ^ (np.asarray(luck) < flip * late)
    return week(
        number,
        {"all": (int(rng.binomial(1000, rate)), 1000)},
        labelled=Labelled(*cells.tolist()),
        anchors={str(i): bool(v) for i, v in enumerate(said)},
    )


@pytest.mark.parametrize(("shift", "flip"), [(0.0, 0.0), (-0.1, 0.0), (0.0, 0.1)])
def test_the_parts_intervals_cover_the_truth(shift: float, flip: float) -> None:
    """Flips are of the same anchors in each sitting, so that few anchors mean few draws."""
    rng = np.random.default_rng(8)
    rate = 0.75 * TPR + 0.25 * (1 - TNR)
    judge = flip * (1 - 2 * rate)
    system = shift * (TPR + TNR - 1)
    covered = dict.fromkeys(("within", "judge", "system"), 0)
    runs = RUNS // 3
    for _ in range(runs):
        luck = rng.random(60)
        weeks = [history(rng, i, shift=shift, flip=flip, luck=luck) for i in range(6)]
        found = split(weeks, range(3), range(3, 6))
        assert found is not None
        for name, truth in (("within", judge + system), ("judge", judge), ("system", system)):
            part = getattr(found, name)
            covered[name] += part.low <= truth <= part.high

    assert all(0.935 <= count / runs <= 0.99 for count in covered.values()), covered
