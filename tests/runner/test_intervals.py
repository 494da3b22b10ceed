"""The intervals in a summary, against formulas written out here and against numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trueup.agreement.mean import MeanSum
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.runner.conftest import JudgeAt, Score
    from trueup.testing.faultserver import FaultServer

BINARY = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: polite, ask: Is it polite?}\n")


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Solve (p - q)^2 = z^2 q (1 - q) / n for q."""
    z = stats.norm.ppf(0.975)
    p = successes / n
    a, b, c = 1 + z**2 / n, -(2 * p + z**2 / n), p**2
    root = math.sqrt(max(b**2 - 4 * a * c, 0))
    return max((-b - root) / (2 * a), 0), min((-b + root) / (2 * a), 1)


def clustered(values: Sequence[float], groups: Sequence[object]) -> tuple[float, float]:
    """Return mean -+ t * s, s^2 = C/(C-1) * sum over clusters of (sum of residuals)^2 / n^2."""
    y = np.asarray(values)
    names = [g if g is not None else ("alone", n) for n, g in enumerate(groups)]
    clusters = list(dict.fromkeys(names))
    indicator = np.array([[name == cluster for name in names] for cluster in clusters], dtype=float)
    sums = indicator @ (y - y.mean())
    count = len(clusters)
    half = stats.t.ppf(0.975, count - 1) * math.sqrt(count / (count - 1) * (sums**2).sum()) / len(y)
    return max(y.mean() - half, 0), min(y.mean() + half, 1)


def run(
    server: FaultServer,
    judge_at: JudgeAt,
    score: Score,
    *,
    values: Sequence[int],
    groups: Sequence[str | None],
) -> dict[str, Any]:
    words = ("poor", "good")
    items = [
        Item(id=f"i{n}", output=f"{words[value]} reply {n}", group=group)
        for n, (value, group) in enumerate(zip(values, groups, strict=True))
    ]
    return score(items, BINARY, judge_at(server)).summary()


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (5, 5), (1, 30), (17, 30), (8, 10)])
def test_a_share_has_wilsons_interval(
    server: FaultServer, judge_at: JudgeAt, score: Score, successes: int, n: int
) -> None:
    values = [1] * successes + [0] * (n - successes)

    summary = run(server, judge_at, score, values=values, groups=[None] * n)

    low, high = wilson(successes, n)
    for figure in (summary["score"], summary["criteria"][0]["mean"]):
        assert figure["method"] == "wilson"
        assert (figure["n"], figure["n_groups"]) == (n, n)
        assert figure["estimate"] == pytest.approx(successes / n)
        assert (figure["low"], figure["high"]) == pytest.approx((low, high))


def test_items_of_one_group_do_not_count_as_independent(
    server: FaultServer, judge_at: JudgeAt, score: Score
) -> None:
    values = [1, 1, 1, 0, 0, 1, 1, 0, 1, 0]
    groups = ["a", "a", "a", "b", "b", "c", "c", "c", None, None]

    figure = run(server, judge_at, score, values=values, groups=groups)["score"]

    assert figure["method"] == "clustered t"
    assert (figure["n"], figure["n_groups"]) == (10, 5)
    assert (figure["low"], figure["high"]) == pytest.approx(clustered(values, groups))


def agrees_with_numpy(rows: list[tuple[float, str | None]]) -> None:
    sums = MeanSum()
    for value, group in rows:
        sums.add(value, group)
    found = sums.estimate()
    values, groups = [value for value, _ in rows], [group for _, group in rows]
    assert found is not None
    if found.method != "clustered t":
        return
    low, high = clustered(values, groups)
    assert found.low == pytest.approx(low, abs=1e-6)
    assert found.high == pytest.approx(high, abs=1e-6)


GROUPS = st.sampled_from(["a", "b", "c", "d"])


@given(rows=st.lists(st.tuples(st.floats(0, 1), GROUPS), min_size=3, max_size=60))
def test_the_clustered_interval_agrees_with_numpy(rows: list[tuple[float, str | None]]) -> None:
    agrees_with_numpy(rows)


@given(
    rows=st.lists(st.tuples(st.sampled_from([0.0, 1.0]), GROUPS | st.none()), min_size=3),
)
def test_the_clustered_interval_of_shares_agrees_with_numpy_where_some_have_no_group(
    rows: list[tuple[float, str | None]],
) -> None:
    agrees_with_numpy(rows)


def test_the_clustered_interval_of_scores_agrees_with_numpy_where_some_have_no_group() -> None:
    agrees_with_numpy([(0.0, "a"), (0.5, "a"), (0.25, None), (0.5, None), (0.75, None)])


@given(values=st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_the_plain_interval_agrees_with_scipy(values: list[float]) -> None:
    sums = MeanSum()
    for value in values:
        sums.add(value)
    found = sums.estimate()
    assert found is not None
    assert found.estimate == pytest.approx(float(np.mean(values)))
    if found.method == "wilson":
        assert (found.low, found.high) == pytest.approx(wilson(int(sum(values)), len(values)))
        return
    half = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    assert found.low == pytest.approx(max(found.estimate - half, 0), abs=1e-6)
    assert found.high == pytest.approx(min(found.estimate + half, 1), abs=1e-6)


@given(values=st.lists(st.tuples(st.floats(0, 1), st.none() | st.text(max_size=1)), max_size=40))
def test_every_interval_lies_in_the_unit_interval_and_holds_its_estimate(
    values: list[tuple[float, str | None]],
) -> None:
    sums = MeanSum()
    for value, group in values:
        sums.add(value, group)
    found = sums.estimate()
    if found is None:
        assert values == []
        return
    assert 0 <= found.low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.high <= 1


@pytest.mark.parametrize("groups", [[None], ["a"], ["a", "a", "a"]])
def test_one_item_or_one_group_says_nothing_about_the_rest(groups: list[str | None]) -> None:
    sums = MeanSum()
    for group in groups:
        sums.add(0.5, group)

    found = sums.estimate()

    assert found is not None
    assert (found.low, found.high) == (0.0, 1.0)
