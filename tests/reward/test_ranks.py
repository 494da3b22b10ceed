"""Ranks within a group: the order of completions, and nothing of their distance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trueup.reward import Abstain, Reward, Trust, ranked


def reward(value: float, group: str = "g", *, low: float | None = None) -> Reward:
    return Reward(
        id="a", value=value, values={}, low=value if low is None else low, high=value,
        group=group, trust=Trust(),
    )  # fmt: skip


def values(*results: Reward | Abstain) -> list[float | None]:
    return [one.value if isinstance(one, Reward) else None for one in ranked(results)]


def test_the_best_of_a_group_gets_1_and_the_worst_0() -> None:
    found = values(reward(0.2), reward(0.9), reward(0.21), reward(0.3, "h"), reward(0.1, "h"))

    assert found == [0.0, 1.0, 0.5, 1.0, 0.0]


def test_ties_share_their_ranks() -> None:
    assert values(reward(0.2), reward(0.2), reward(0.9), reward(0.9)) == [
        1 / 6,
        1 / 6,
        5 / 6,
        5 / 6,
    ]
    assert values(reward(0.4), reward(0.4)) == [0.5, 0.5]


def test_an_abstention_has_no_rank_and_widens_the_bounds_of_others() -> None:
    none = Abstain(id="b", reason="deadline", message="late", group="g", trust=Trust())
    worst, _, best = ranked([reward(0.2), none, reward(0.9)])

    assert isinstance(worst, Reward)
    assert isinstance(best, Reward)
    assert (worst.value, worst.low, worst.high) == (0.0, 0.0, 0.5)
    assert (best.value, best.low, best.high) == (1.0, 0.5, 1.0)
    assert values(none) == [None]


def test_one_alone_is_neither_good_nor_bad() -> None:
    assert values(reward(0.9)) == [0.5]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_ranks_keep_the_order_and_their_mean_is_a_half(scores: list[float]) -> None:
    found = [one for one in ranked([reward(score) for score in scores]) if isinstance(one, Reward)]

    assert abs(sum(one.value for one in found) / len(found) - 0.5) < 1e-9
    assert all(one.low <= one.value <= one.high for one in found)
    for one, score in zip(found, scores, strict=True):
        assert all(one.value < other.value for other, its in zip(found, scores, strict=True)
                   if score < its)  # fmt: skip
