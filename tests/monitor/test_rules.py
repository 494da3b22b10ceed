"""Rules: what each says of a run, and how several say it together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trueup.errors import ConfigError, DataError
from trueup.goodhart.training import TrainingMonitor
from trueup.item.model import Item
from trueup.monitor import Abstaining, Action, HeldOut, Rule, Ruling, Scored
from trueup.reward import Abstain, Reward
from trueup.reward.trust import Trust

CURVES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cherrl" / "curves.json"


class Says(Rule):
    """Says one thing, and counts what it is told."""

    def __init__(self, action: Action, best: int | None = None) -> None:
        self.action, self.best, self.told = action, best, 0

    def saw(self, batch: Scored) -> None:
        self.told += len(batch.results)

    def metrics(self) -> dict[str, float]:
        return {self.action: 1.0}

    def ruling(self) -> Ruling:
        return Ruling(
            action=self.action, rule=f"says {self.action}", reason="So it is.", step=7,
            best_step=self.best,
        )  # fmt: skip


def batch(count: int, lost: int, step: int = 1) -> Scored:
    given: list[Reward | Abstain] = [
        Abstain(id=str(i), reason="timeout", message="too late", trust=Trust()) for i in range(lost)
    ]
    given += [
        Reward(id=str(i), value=0.5, values={}, low=0, high=1, trust=Trust())
        for i in range(lost, count)
    ]
    return Scored(step=step, items=[], results=given)


def test_or_says_what_the_severest_says() -> None:
    said = (Says("continue") | Says("stop", 4) | Says("warn")).ruling()

    assert (said.action, said.rule, said.best_step) == ("stop", "says stop", 4)


def test_and_says_no_more_than_the_mildest_with_every_reason() -> None:
    said = (Says("stop", 9) & Says("warn", 4)).ruling()

    assert (said.action, said.best_step) == ("warn", 4)
    assert said.rule == "says stop & says warn"
    assert (Says("stop") & Says("continue")).ruling().action == "continue"


def test_joined_rules_are_all_told_and_all_heard() -> None:
    one, two = Says("warn"), Says("stop")
    both = one & two
    both.saw(batch(3, 0))

    assert (one.told, two.told) == (3, 3)
    assert both.metrics() == {"warn": 1.0, "stop": 1.0}


def test_a_ruling_prints_as_a_sentence() -> None:
    assert str(Says("stop", 4).ruling()) == (
        "stop at step 7 (says stop): So it is. Best step so far: 4."
    )


def test_one_abstention_in_a_small_batch_is_no_reason_to_pause() -> None:
    rule = Abstaining()
    rule.saw(batch(8, 1))

    assert rule.ruling().action == "continue"
    assert rule.metrics() == {"abstaining/rate": 1 / 8}


def test_an_outage_pauses_and_its_end_lets_go() -> None:
    rule = Abstaining(window=64)
    rule.saw(batch(32, 32))
    said = rule.ruling()
    assert said.action == "pause"
    assert "100.0% of the last 32 outputs had no reward" in said.reason
    assert "too late" in said.reason

    for _ in range(2):
        rule.saw(batch(32, 0))
    assert rule.ruling().action == "continue"


def test_no_abstention_pauses_where_some_are_allowed() -> None:
    rule = Abstaining(most=0.5)
    rule.saw(batch(100, 50))

    assert rule.ruling().action == "continue"


@pytest.mark.parametrize("bad", [{"most": 1.0}, {"most": -0.1}, {"window": 0}])
def test_a_setting_that_cannot_be_used_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Abstaining(**bad)


def test_held_out_waits_for_both_and_takes_them_from_two_logs() -> None:
    rule = HeldOut("gold", proxy="reward")
    rule.read(1, {"reward": 0.3})
    assert rule.ruling().action == "continue"
    assert "No step has had both" in rule.ruling().reason
    assert rule.metrics() == {}

    rule.read(1, {"gold": 0.3, "loss": "n/a"})
    rule.read(1, {"gold": 0.9})  # a step is taken once
    assert rule.advice == TrainingMonitor().update(1, 0.3, 0.3)

    rule.read(0, {"reward": 0.3, "gold": 0.3})  # resumed from before
    rule.read(2, {"reward": 0.3, "gold": float("nan")})
    assert rule.advice is not None
    assert rule.advice.readings == 1


def scored(step: int, values: list[float | None]) -> Scored:
    given: list[Reward | Abstain] = [
        Abstain(id=str(i), reason="timeout", message="too late", trust=Trust())
        if one is None
        else Reward(id=str(i), value=one, values={}, low=0, high=1, trust=Trust())
        for i, one in enumerate(values)
    ]
    return Scored(
        step=step, items=[Item(id=str(i), output=f"{i}") for i in range(len(values))], results=given
    )


def test_gold_is_asked_about_rewarded_outputs_and_a_step_is_one_reading() -> None:
    asked: list[list[str]] = []

    def gold(items: list[Item]) -> list[float | None]:
        asked.append([item.id for item in items])
        return [0.5 if item.id == "0" else None for item in items]

    rule = HeldOut(gold)
    rule.saw(scored(3, [0.2, None, 0.9]))
    rule.saw(scored(3, [0.4]))
    assert rule.advice is None
    rule.saw(scored(4, [None]))

    assert asked == [["0", "2"], ["0"]]
    assert rule.asked == 3
    assert rule.advice == TrainingMonitor().update(3, (0.2 + 0.4) / 2, 0.5)


def test_gold_is_asked_about_every_so_many_batches_and_a_log_closes_a_step() -> None:
    rule = HeldOut(lambda items: [0.5] * len(items), every=2)
    for step in (1, 2, 3):
        rule.saw(scored(step, [0.5, 0.5]))
    rule.read(4, {})

    assert rule.asked == 4
    assert rule.advice is not None
    assert (rule.advice.step, rule.advice.readings) == (3, 2)


def test_gold_that_returns_too_few_values_is_refused() -> None:
    with pytest.raises(DataError, match="1 values for 2 outputs"):
        HeldOut(lambda _: [0.5]).saw(scored(1, [0.1, 0.2]))


@pytest.mark.parametrize("name", ["A", "C", "F", "G"])
def test_recorded_runs_read_from_a_log_give_the_monitor_s_own_advice(name: str) -> None:
    if not CURVES.exists():
        pytest.skip(f"no {CURVES}")
    run = json.loads(CURVES.read_text("utf-8"))[name]
    rule, alone = HeldOut("gold", proxy="reward"), TrainingMonitor()

    for step, (proxy, gold) in enumerate(zip(run["proxy"], run["gold"], strict=True)):
        rule.read(step, {"reward": proxy, "loss": 1.0})
        rule.read(step, {"gold": gold})
        assert rule.advice == alone.update(step, proxy, gold)
    assert (rule.ruling().action == "stop") == (name != "G")
