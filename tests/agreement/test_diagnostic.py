"""Rates of a judge against people: other packages' figures, invariances, coverage, bad input."""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, t

from tests.strategies import SHARES
from trueup.agreement.diagnostic import rates
from trueup.agreement.shares import proportion, share, wilson
from trueup.errors import Undefined

if TYPE_CHECKING:
    from trueup.agreement.diagnostic import Rates
    from trueup.agreement.estimate import Estimate

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

# 40 simulated probabilities and answers, cut at .5; counts and rates are those of scikit-learn
# 1.9.1 (confusion_matrix, recall_score, precision_score)
SAID = [0.625, 0.897, 0.776, 0.225, 0.3, 0.874, 0.005, 0.821, 0.797, 0.468, 0.303, 0.278, 0.255,
        0.445, 0.505, 0.553, 0.996, 0.793, 0.622, 0.989, 0.215, 0.16, 0.613, 0.044, 0.036, 0.515,
        0.466, 0.917, 0.629, 0.514, 0.497, 0.248, 0.012, 0.192, 0.692, 0.201, 0.37, 0.004, 0.83,
        0.154]  # fmt: skip
ANSWERS = [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1,
           0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]  # fmt: skip

BITS = st.sampled_from([0, 1, None])
PAIRS = st.lists(st.tuples(BITS, BITS), min_size=1, max_size=40).filter(
    lambda pairs: any(None not in pair for pair in pairs)
)
NAMES = ("tpr", "tnr", "ppv", "npv", "accuracy", "prevalence", "judged")


def figures(found: Rates) -> dict[str, float]:
    """Return estimate and ends of every rate that is defined."""
    estimates: dict[str, Estimate | None] = {name: getattr(found, name) for name in NAMES}
    return {
        f"{name} {part}": float(getattr(rate, part))
        for name, rate in estimates.items()
        for part in ("estimate", "low", "high")
        if rate is not None
    }


def renamed(found: dict[str, float], **names: str) -> dict[str, float]:
    parts = {key: key.split() for key in found}
    return {
        f"{names[name]} {part}": found[key] for key, (name, part) in parts.items() if name in names
    }


def test_rates_are_those_of_scikit_learn() -> None:
    found = rates([p > 0.5 for p in SAID], ANSWERS)

    assert (found.tn, found.fp, found.fn, found.tp) == (20, 4, 1, 15)
    assert found.tpr is not None
    assert found.tnr is not None
    assert found.ppv is not None
    assert found.npv is not None
    assert found.tpr.estimate == pytest.approx(0.9375)
    assert found.tnr.estimate == pytest.approx(0.8333333333333334)
    assert found.ppv.estimate == pytest.approx(0.7894736842105263)
    assert found.npv.estimate == pytest.approx(0.9523809523809523)


@pytest.mark.parametrize(
    ("successes", "n", "ci", "low", "high"),
    [
        (81, 263, 0.9, 0.2633136171884814, 0.35656634960848815),
        (3, 17, 0.99, 0.04582970654468144, 0.48875679130677474),
        (0, 9, 0.8, 0.0, 0.15432405881264946),
        (29, 30, 0.95, 0.8332960900859081, 0.9940914096183875),
    ],
)
def test_wilsons_interval_is_that_of_statsmodels_at_every_level(
    successes: int, n: int, ci: float, low: float, high: float
) -> None:
    """Expected: statsmodels 0.15.0, proportion_confint(..., method="wilson")."""
    assert wilson(successes, n, ci=ci) == pytest.approx((low, high), abs=1e-12)


@given(successes=st.integers(0, 50), more=st.integers(0, 50), ci=st.floats(0.5, 0.99))
def test_wilsons_ends_are_where_the_score_test_just_rejects(
    successes: int, more: int, ci: float
) -> None:
    n = successes + more
    if not n:
        return
    p, z = successes / n, float(norm.ppf((1 + ci) / 2))
    for end in wilson(successes, n, ci=ci):
        if 0 < end < 1:
            assert (p - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / n, abs=1e-9)


@given(pairs=PAIRS)
def test_swapping_met_and_unmet_swaps_the_rates(pairs: list[tuple[Any, Any]]) -> None:
    def flip(values: list[Any]) -> list[Any]:
        return [None if value is None else 1 - value for value in values]

    judged, truth = (list(side) for side in zip(*pairs, strict=True))
    found, flipped = figures(rates(judged, truth)), figures(rates(flip(judged), flip(truth)))

    mirror = {"tpr": "tnr", "tnr": "tpr", "ppv": "npv", "npv": "ppv", "accuracy": "accuracy"}
    same = {name: name for name in mirror}
    assert renamed(found, **same) == pytest.approx(renamed(flipped, **mirror))


@given(pairs=PAIRS)
def test_swapping_judge_and_people_swaps_recall_and_precision(
    pairs: list[tuple[Any, Any]],
) -> None:
    judged, truth = zip(*pairs, strict=True)
    found, swapped = figures(rates(judged, truth)), figures(rates(truth, judged))

    mirror = {"tpr": "ppv", "ppv": "tpr", "tnr": "npv", "npv": "tnr", "prevalence": "judged",
              "judged": "prevalence", "accuracy": "accuracy"}  # fmt: skip
    assert found == pytest.approx(renamed(swapped, **mirror))


@given(pairs=PAIRS, seed=st.integers(0, 10))
def test_the_order_of_units_and_pairs_without_a_value_change_nothing(
    pairs: list[tuple[Any, Any]], seed: int
) -> None:
    judged, truth = zip(*pairs, strict=True)
    shuffled = [pairs[n] for n in np.random.default_rng(seed).permutation(len(pairs))]
    later, truth_later = zip(*shuffled, (None, 1), (0, math.nan), strict=True)

    found, other = rates(judged, truth), rates(later, truth_later)

    assert figures(found) == pytest.approx(figures(other))
    assert found.n_dropped + 2 == other.n_dropped
    assert found.tp + found.fp + found.fn + found.tn == found.n_pairs


@given(
    rows=st.lists(st.tuples(st.integers(0, 1), SHARES, st.sampled_from("abc")), min_size=1),
    known=st.none() | SHARES,
)
def test_every_rate_lies_in_its_interval_within_0_and_1(
    rows: list[tuple[int, float, str]], known: float | None
) -> None:
    judged, truth, groups = zip(*rows, strict=True)

    found = rates(judged, truth, cluster=groups, judged_share=known)

    for name in NAMES:
        rate = getattr(found, name)
        if rate is None:
            assert found.undefined[name]
        else:
            assert 0 <= rate.low <= rate.estimate + 1e-12
            assert rate.estimate - 1e-12 <= rate.high <= 1


@given(values=st.lists(st.booleans(), min_size=1), times=st.integers(2, 4))
def test_copies_of_a_unit_in_its_own_group_never_narrow_the_interval(
    values: list[bool], times: int
) -> None:
    alone = proportion(values)
    copied = proportion(values * times, cluster=list(range(len(values))) * times)

    assert copied.n_groups == alone.n
    assert copied.high - copied.low >= alone.high - alone.low - 1e-9


def test_the_variance_of_a_clustered_share_is_that_of_a_slow_sum() -> None:
    values = [1, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1]
    groups = "aaabbccccdde"
    mean = sum(values) / 12
    variance = 0.0
    for name in set(groups):
        own = [value for value, group in zip(values, groups, strict=True) if group == name]
        variance += (sum(v - mean for v in own) / 12) ** 2 / (1 - len(own) / 12)

    found = proportion(values, cluster=groups)

    n = mean * (1 - mean) / variance
    kish = 144 / sum(groups.count(name) ** 2 for name in set(groups))
    z = float(t.ppf(0.975, kish - 1))
    for end in (found.low, found.high):
        assert (mean - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / min(n, 12))


def test_a_rate_without_a_case_is_none_with_a_reason_and_the_others_stand() -> None:
    found = rates([1, 0, 1, 1], [1, 1, 1, 1])

    assert found.tnr is None
    assert found.undefined == {"tnr": "people call no labelled unit unmet"}
    assert found.tpr is not None
    assert (found.tpr.estimate, found.tpr.n) == (0.75, 4)


@pytest.mark.parametrize(("verdict", "lacks"), [(1, "unmet"), (0, "met")])
def test_rates_that_need_labels_of_both_verdicts_say_which_is_never_labelled(
    verdict: int, lacks: str
) -> None:
    found = rates([verdict] * 4, [1, 1, 0, 0], judged_share=0.9)

    why = f"the judge calls no labelled unit {lacks}"
    assert (found.tpr, found.tnr) == (None, None)
    assert (found.undefined["tpr"], found.undefined["tnr"]) == (why, why)


def test_a_unit_on_which_people_differ_counts_in_parts() -> None:
    split = rates([1, 0, 1], [2 / 3, 1, 0])
    each = rates([1, 1, 1, 0, 0, 0, 1, 1, 1], [1, 1, 0, 1, 1, 1, 0, 0, 0])

    assert split.n_split == 1
    assert split.method == "against a person drawn at random"
    for name in NAMES:
        assert getattr(split, name).estimate == pytest.approx(getattr(each, name).estimate)


def test_labels_balanced_by_the_verdict_give_the_rates_of_the_traffic() -> None:
    # of 1,000 verdicts 800 are met; 40 labels of each verdict: 36 and 10 of them called met
    judged = [1] * 40 + [0] * 40
    truth = [1] * 36 + [0] * 4 + [1] * 10 + [0] * 30
    tp, fn = 800 * 36 / 40, 200 * 10 / 40

    known = rates(judged, truth, judged_share=0.8)
    weighted = rates(judged, truth, weights=[20] * 40 + [5] * 40)

    counted = rates(judged, truth, judged_share=0.8, judged_units=1000)

    assert figures(known) == pytest.approx(figures(weighted))
    assert known.tpr is not None
    assert counted.tpr is not None
    assert known.tpr.estimate == pytest.approx(counted.tpr.estimate)
    assert known.tpr.high - known.tpr.low < counted.tpr.high - counted.tpr.low
    assert known.tpr.estimate == pytest.approx(tp / (tp + fn))
    assert known.ppv == rates(judged, truth).ppv
    assert rates(judged, truth).tpr != known.tpr


def covered(truth: float, found: list[Estimate | None]) -> float:
    kept = [estimate for estimate in found if estimate is not None]
    assert len(kept) >= 4900
    return sum(e.low <= truth <= e.high for e in kept) / len(kept)


def test_rates_of_labels_drawn_where_the_judge_fails_cover() -> None:
    """The share judged met is itself counted on 500 verdicts, which bounds what is known of TPR."""
    rng = np.random.default_rng(4)
    tpr, accuracy = [], []
    for _ in range(5000):
        truth = rng.uniform(size=500) < 0.95
        judged = truth ^ (rng.uniform(size=500) < np.where(truth, 0.03, 0.02))
        size = np.where(judged, 0.15, 1.0)
        chance = np.minimum(48 * size / size.sum() + 12 / 500, 1)
        rows = rng.uniform(size=500) < chance
        found = rates(
            judged[rows],
            truth[rows],
            weights=1 / chance[rows],
            judged_share=judged.mean(),
            judged_units=500,
        )
        tpr.append(found.tpr)
        accuracy.append(found.accuracy)

    assert 0.935 <= covered(0.97, tpr) <= 0.975
    assert 0.935 <= covered(0.9705, accuracy) <= 0.975


def test_a_share_that_only_the_weights_tell_is_less_certain() -> None:
    rng = np.random.default_rng(5)
    judged, truth = rng.uniform(size=(2, 80)) < 0.8
    weights = rng.uniform(1, 20, 80)

    guessed = rates(judged, truth, weights=weights).tpr
    share = float(np.average(judged, weights=weights))
    counted = rates(judged, truth, weights=weights, judged_share=share).tpr

    assert guessed is not None
    assert counted is not None
    assert guessed.estimate == pytest.approx(counted.estimate)
    assert guessed.high - guessed.low > counted.high - counted.low


def test_intervals_of_rates_cover_at_their_level() -> None:
    rng = np.random.default_rng(1)
    tpr, ppv = [], []
    for _ in range(5000):
        truth = rng.uniform(size=150) < 0.7
        judged = np.where(truth, rng.uniform(size=150) < 0.9, rng.uniform(size=150) < 0.2)
        found = rates(judged, truth)
        tpr.append(found.tpr)
        ppv.append(found.ppv)

    assert 0.935 <= covered(0.9, tpr) <= 0.975
    assert 0.935 <= covered(0.63 / 0.69, ppv) <= 0.975


@pytest.mark.parametrize("rate", [0.5, 0.85])
def test_intervals_of_clustered_shares_cover_at_their_level(rate: float) -> None:
    rng = np.random.default_rng(2)
    found: list[Estimate | None] = []
    for _ in range(5000):
        sizes = 1 + rng.poisson(4, size=40)
        within = np.repeat(rng.beta(rate * 4, (1 - rate) * 4, size=40), sizes)
        group = np.repeat(np.arange(40), sizes)
        met = (rng.uniform(size=len(group)) < within).astype(float)
        found.append(share(met, np.ones(len(group)), group=group, ci=0.95))

    assert 0.935 <= covered(rate, found) <= 0.975


def test_intervals_of_rates_from_labels_balanced_by_verdict_cover_at_their_level() -> None:
    rng = np.random.default_rng(3)
    share_met = 0.8 * 0.9 + 0.2 * 0.2
    chance = np.where(np.arange(160) < 80, 0.8 * 0.9 / share_met, 0.8 * 0.1 / (1 - share_met))
    judged = np.arange(160) < 80
    found = [
        rates(judged, rng.uniform(size=160) < chance, judged_share=share_met) for _ in range(5000)
    ]

    assert 0.935 <= covered(0.9, [rate.tpr for rate in found]) <= 0.975
    assert 0.935 <= covered(0.8, [rate.tnr for rate in found]) <= 0.975


def test_verdicts_on_the_crowds_pairs_give_the_published_figures() -> None:
    folder = DATA / "llmfao"
    if not folder.exists():
        pytest.skip("the public data set llmfao is not beside the repository")

    def rows(name: str) -> list[dict[str, str]]:
        with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    votes: dict[str, Counter[str]] = {}
    for row in rows("crowd-comparisons.csv.gz"):
        votes.setdefault(row["id"], Counter())[row["winner"]] += 1
    judged = {row["id"]: row["winner"] for row in rows("gpt4-crowd-comparisons.csv.gz")}
    most = {}
    for pair, cast in votes.items():
        (first, n), *rest = cast.most_common(2)
        most[pair] = first if not rest or n > rest[0][1] else None

    right = proportion([None if m is None else judged[pair] == m for pair, m in most.items()])
    left: dict[str | None, int | None] = {"left": 1, "right": 0, "tie": None, None: None}
    sided = rates([left[judged[pair]] for pair in most], [left[m] for m in most.values()])

    assert right.n == 1831
    assert round(right.estimate, 4) == 0.4462
    assert sided.n_pairs == 1043
    assert sided.accuracy is not None
    assert round(sided.accuracy.estimate, 4) == 0.7459


@pytest.mark.parametrize(
    ("judged", "truth", "options", "message"),
    [
        ([0.4, 1], [1, 0], {}, "neither 0 nor 1"),
        (["yes", "no"], [1, 0], {}, "not a number"),
        ([1, 0], [1, 2], {}, "not within 0 and 1"),
        ([1, 0], [1, math.inf], {}, "infinite"),
        ([1, 0], [1], {}, "1 values for 2 units"),
        ([[1, 0]], [1, 0], {}, "2 dimensions"),
        ([[1, 0], [1]], [1, 0], {}, "different lengths"),
        ([1, 0], [1, 0], {"ci": 95}, "write 0.95"),
        ([1, 0], [1, 0], {"weights": [1, -1]}, "not within 0"),
        ([1, 0], [1, 0], {"weights": [1, None]}, "missing value"),
        ([1, 0], [1, 0], {"cluster": ["a"]}, "1 values for 2 units"),
        ([1, 0], [1, 0], {"judged_share": 80}, "no share"),
        ([1, 0], [1, 0], {"judged_share": 0.5, "judged_units": 0}, "units judged"),
    ],
)
def test_arguments_that_cannot_be_are_refused_with_a_sentence(
    judged: Any, truth: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        rates(judged, truth, **options)


def test_no_pair_at_all_defines_nothing() -> None:
    with pytest.raises(Undefined, match="no unit has both"):
        rates([1, None], [None, 0])


def test_a_single_group_says_nothing_about_the_rest() -> None:
    found = proportion([1, 0, 1], cluster=["a", "a", "a"])

    assert (found.low, found.high, found.n_groups) == (0.0, 1.0, 1)
