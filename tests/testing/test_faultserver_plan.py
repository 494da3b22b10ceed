"""Fault plans: the same fates in every run and order, retries that draw anew, sticky faults."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import blake2b
from typing import Any

import pytest

from trueup.testing._faults import AskedBefore, FaultPlan
from trueup.testing.faultserver import Fault, UnknownFault

ODDS = {Fault.RATE_LIMIT: 0.2, Fault.SERVER_ERROR: 0.1, Fault.MALFORMED: 0.1}
REQUEST: dict[str, Any] = {"model": "judge", "messages": []}


def key(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


def fates(plan: FaultPlan, asked: list[int]) -> dict[tuple[int, int], Fault | None]:
    """Ask texts in a given order; return the fate of each text's nth asking."""
    memory = AskedBefore()
    result = {}
    for number in asked:
        before = memory.ask(key(number))
        result[number, before] = plan.fate(REQUEST, key(number), before)
    return result


def test_fates_do_not_depend_on_the_order_of_requests() -> None:
    asked = [number for number in range(300) for _ in range(3)]
    shuffled = random.Random(5).sample(asked, len(asked))  # noqa: S311 - no secret

    assert fates(FaultPlan(ODDS), asked) == fates(FaultPlan(ODDS), shuffled)


def test_another_seed_gives_other_fates() -> None:
    asked = list(range(300))

    assert fates(FaultPlan(ODDS, seed=1), asked) != fates(FaultPlan(ODDS, seed=2), asked)


def test_faults_come_as_often_as_their_probabilities_say() -> None:
    counts = Counter(fates(FaultPlan(ODDS), list(range(4000))).values())

    for fault, odd in ODDS.items():
        assert abs(counts[fault] / 4000 - odd) < 0.03


def test_a_retry_draws_anew() -> None:
    result = fates(FaultPlan(ODDS), [number for number in range(500) for _ in range(2)])
    failed = [number for number in range(500) if result[number, 0] is not None]
    failed_again = [number for number in failed if result[number, 1] is not None]

    assert 0 < len(failed_again) < len(failed) / 1.5


def test_a_sticky_fault_stays_with_its_text_and_keeps_its_probability() -> None:
    plan = FaultPlan(ODDS, sticky={Fault.MALFORMED})
    result = fates(plan, [number for number in range(2000) for _ in range(3)])
    stuck = {number for number in range(2000) if result[number, 0] is Fault.MALFORMED}

    for before in (1, 2):
        assert stuck == {n for n in range(2000) if result[n, before] is Fault.MALFORMED}
    assert abs(len(stuck) / 2000 - 0.1) < 0.03
    others = Counter(result[number, 1] for number in range(2000))
    assert abs(others[Fault.RATE_LIMIT] / 2000 - 0.2) < 0.04


def test_sticky_faults_that_take_all_leave_nothing_to_others() -> None:
    plan = FaultPlan({Fault.HANG: 1.0}, sticky={Fault.HANG})

    assert set(fates(plan, [1, 1, 2]).values()) == {Fault.HANG}


def test_a_rule_sees_how_often_the_text_was_asked() -> None:
    plan = FaultPlan(lambda _, before: Fault.RATE_LIMIT if before < 2 else None)
    result = fates(plan, [7, 7, 7, 8])

    assert [result[7, before] for before in range(3)] == [Fault.RATE_LIMIT] * 2 + [None]
    assert result[8, 0] is Fault.RATE_LIMIT


@pytest.mark.parametrize("model", ["fault-429", "openai/fault-429"])
def test_a_models_name_goes_before_every_other_plan(model: str) -> None:
    plan = FaultPlan({Fault.HANG: 1.0}, lacks={Fault.NO_TEMPERATURE})

    fate = plan.fate({**REQUEST, "model": model, "temperature": 0}, key(1), 0)
    assert fate is Fault.RATE_LIMIT


def test_what_an_endpoint_lacks_goes_before_the_draw() -> None:
    plan = FaultPlan({Fault.HANG: 1.0}, lacks={Fault.NO_TEMPERATURE})

    assert plan.fate({**REQUEST, "temperature": 0}, key(1), 0) is Fault.NO_TEMPERATURE
    assert plan.fate(REQUEST, key(1), 0) is Fault.HANG


def test_faults_may_be_given_by_their_values() -> None:
    assert set(fates(FaultPlan({"429": 1.0}), [1, 2]).values()) == {Fault.RATE_LIMIT}


@pytest.mark.parametrize(
    ("faults", "options", "message"),
    [
        ({"429": 1.5}, {}, "from 0 to 1"),
        ({"429": float("nan")}, {}, "from 0 to 1"),
        ({"429": 0.6, "500": 0.6}, {}, "sum to 1.2"),
        ({"429": 0.1}, {"sticky": {"500"}}, "Sticky faults without a probability: 500"),
    ],
)
def test_odds_that_are_none_are_refused(
    faults: dict[str, float], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        FaultPlan(faults, **options)


def test_an_unknown_name_lists_the_faults_there_are() -> None:
    with pytest.raises(UnknownFault, match="429-date"):
        FaultPlan(None, lacks={"sunspots"})


def test_the_memory_of_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trueup.testing._faults._MAX_TEXTS", 3)
    memory = AskedBefore()
    for number in (1, 2, 3, 1, 4):
        memory.ask(key(number))

    assert memory.ask(key(1)) == 2
    assert memory.ask(key(2)) == 0
