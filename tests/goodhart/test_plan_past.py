"""Planning with a ledger: the smallest judge gain worth believing, and one more A/B."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from trueup.goodhart import Release, WatchSpec
from trueup.goodhart.plan import plan_watch
from trueup.goodhart.plan.experiment import ExperimentAim
from trueup.goodhart.plan.past import UNDECLARED, Believed, believed, planned_effect
from trueup.goodhart.plan.pilot import Pilot, PilotSignal
from trueup.goodhart.plan.releases import ReleasesAim
from trueup.goodhart.plan.stream import StreamAim

RETRIES = PilotSignal(name="retries", rate=1.0, spread=0.46, worth=0.2)
STATED = Pilot(items=3000, judge_spread=1.1, signals=(RETRIES,), rise=0.23, reliability=0.55)
AB = ExperimentAim()


def ledger(tests: int, *, worth: float = 0.13, signal: str = "retries") -> list[Release]:
    """Past A/Bs in which a judge point brought so many retries less."""
    rng = np.random.default_rng(3)
    return [
        Release(
            id=f"t{k}", rise=rise, signals={signal: -worth * rise + 0.004 * rng.standard_normal()},
            better={signal: "lower"}, errors={"rise": 0.016, signal: 0.007},
        )
        for k, rise in enumerate(0.15 + 0.1 * rng.standard_normal(tests))
    ]  # fmt: skip


def spec(rows: list[Release]) -> WatchSpec:
    return WatchSpec(judge="judge", time="time", signals=[], ledger=rows)


def told(tests: int, aim: ExperimentAim | StreamAim | ReleasesAim = AB, **more: float) -> Believed:
    return believed(STATED, aim, spec(ledger(tests, **more)))  # type: ignore[arg-type] # its worth


def test_without_a_ledger_one_sentence_says_what_is_missing() -> None:
    plan = plan_watch(STATED, design="concurrent", compare=False)
    assert plan.believed == Believed()
    assert plan.message.endswith(UNDECLARED)


def test_a_ledger_of_other_signals_is_said_to_be_of_no_use() -> None:
    found = believed(STATED, AB, spec(ledger(3, signal="thumbs")))
    assert found.experiments == 0
    assert found.rise is None
    assert "holds no A/B that can be used" in found.sentence
    assert "nothing about retries" in found.sentence
    assert "it is empty" in believed(STATED, AB, spec([])).sentence


def test_the_smallest_gain_worth_believing_is_told_with_numbers() -> None:
    found = told(8)
    assert found.experiments == 8
    assert found.rise is not None
    assert found.shown is not None
    assert 0 < found.rise < found.shown
    number = re.search(r"judge gain below ([0-9.]+) points promises nothing", found.sentence)
    assert number is not None
    assert float(number[1]) == pytest.approx(found.rise, rel=0.05)
    assert "by 8 past A/Bs" in found.sentence
    assert "the planned rise is 0.23" in found.sentence


def test_worth_that_past_tests_put_lower_takes_a_larger_gain() -> None:
    much, little = (told(8, worth=worth) for worth in (0.2, 0.05))
    assert much.shown is not None
    assert little.shown is not None
    assert little.shown > 1.5 * much.shown
    assert much.outputs is not None
    assert little.outputs is not None
    assert little.outputs > much.outputs


def test_where_past_gains_brought_now_good_now_harm_no_gain_is_believed() -> None:
    rows = [
        replace(row, signals={"retries": 0.9 * abs(row.rise) * (-1) ** k})
        for k, row in enumerate(ledger(6))
    ]
    found = believed(STATED, AB, spec(rows))
    assert found.rise is None
    assert found.outputs is None
    assert found.sentence.startswith("No judge gain, however large, promises users a gain yet")


def test_one_more_ab_is_worth_something_at_first() -> None:
    found = told(1)
    assert found.one_more is not None
    assert found.one_more.experiments == 1
    assert 0 < found.one_more.now < 1
    assert "Where that A/B decides as well" in found.sentence


def test_verdicts_of_releases_rest_on_records_alone() -> None:
    found = told(8, ReleasesAim())
    assert found.one_more is None
    assert found.outputs is None
    assert found.rise is not None


def test_shocks_raise_what_a_stream_must_see_and_a_holdback_cures_that() -> None:
    shaken = replace(STATED, judge_scatter=0.06, gain_scatter=0.09, lingering=0.6)
    calm, rough = (float(planned_effect(p, StreamAim()).gain_variance) for p in (STATED, shaken))
    held = planned_effect(shaken.steady(), StreamAim(holdback=0.5))
    assert rough > 3 * calm
    assert float(held.gain_variance) == pytest.approx(4 * calm, rel=0.01)
    trend = planned_effect(STATED, ReleasesAim(counts=(12,)))
    assert float(trend.rise_variance) > STATED.judge_variance / 6


def test_the_message_and_the_plan_say_the_same() -> None:
    plan = plan_watch(STATED, spec(ledger(4)), design="concurrent", compare=False)
    assert plan.believed.sentence in plan.message
    assert plan == plan_watch(STATED, spec(ledger(4)), design="concurrent", compare=False)
