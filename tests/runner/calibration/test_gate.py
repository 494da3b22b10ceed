"""The gate: 0, 1 or 3; few labels never fail, and no failure hides behind what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.runner.calibration.material import EVERY, WEEK, judge, labels, only, outputs
from trueup.errors import ConfigError
from trueup.runner.calibration.gate import verdict
from trueup.runner.calibration.result import Absent, Drift

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from trueup.runner.calibration.result import Calibration, CriterionResult


def judged(run: Calibrate, *, error: float, n: int, **more: Any) -> Calibration:
    items = outputs(WEEK, max(n, 30))
    return run(items, judge=judge(error, seed=1), labels=labels(items[:n]), label_design="random",
               **more)  # fmt: skip


@pytest.mark.parametrize("figure", ["tpr", "tnr", "accuracy", "alpha"])
def test_a_bar_that_is_reached_passes(run: Calibrate, figure: str) -> None:
    found = judged(run, error=0.02, n=60, bars={figure: 0.6})

    assert (found.gate, found.reasons, only(found).bars) == ("passed", (), ())


@pytest.mark.parametrize("figure", ["tpr", "tnr", "accuracy", "alpha"])
def test_a_bar_below_which_the_whole_interval_lies_fails(run: Calibrate, figure: str) -> None:
    found = judged(run, error=0.6, n=60, bars={figure: 0.8})

    assert found.gate == "failed"
    (said,) = only(found).bars
    assert said.startswith(figure)
    assert "below the bar of 0.8" in said
    assert found.reasons == (f"kind: {said}",)


def test_a_bar_inside_the_interval_asks_for_more_labels(run: Calibrate) -> None:
    found = judged(run, error=0.2, n=30, bars={"accuracy": 0.85})

    assert found.gate == "inconclusive"
    assert "more labels would tell" in found.reasons[0]


def test_few_labels_neither_reach_nor_miss_a_bar(run: Calibrate) -> None:
    wrong = judged(run, error=1.0, n=19, bars={"accuracy": 0.5}, store=None)
    right = judged(run, error=0.0, n=19, bars={"accuracy": 0.5}, store=None)

    for found in (wrong, right):
        assert found.gate == "inconclusive"
        assert "19 items have a verdict and a label; bars need 20" in found.reasons[0]
        assert only(found).bars == ()
    assert judged(run, error=1.0, n=20, bars={"accuracy": 0.5}, store=None).gate == "failed"


def test_a_bar_on_a_figure_that_is_not_defined_is_inconclusive(run: Calibrate) -> None:
    items = [item for item in outputs(WEEK, 80) if item["metadata"]["kind"] == "met"]
    found = run(items, labels=labels(items), label_design="random", bars={"tnr": 0.8, "tpr": 0.5})

    assert found.gate == "inconclusive"
    assert any("tnr is not known" in reason for reason in found.reasons)


def test_bars_without_labels_are_inconclusive(run: Calibrate) -> None:
    found = run(outputs(WEEK, 9), bars={"tpr": 0.8})

    assert found.gate == "inconclusive"
    assert "nothing is known about bars" in found.reasons[0]


def test_one_criterion_that_fails_fails_all_and_the_rest_is_still_told(run: Calibrate) -> None:
    items = outputs(WEEK, 60, rubric=EVERY)
    said = labels(items, rubric=EVERY, criteria=["kind"], error=0.7)
    found = run(items, rubric=EVERY, judge=judge(0), labels=said, label_design="random",
                bars={"accuracy": 0.8})  # fmt: skip

    assert found.gate == "failed"
    assert found.reasons[0].startswith("kind: accuracy")
    assert any(reason.startswith("tone: ") for reason in found.reasons[1:])


def moved(one: CriterionResult, cause: str) -> CriterionResult:
    drift = Drift(state="moved", cause=cause, since=WEEK, found=WEEK, sentence="It moved.")  # type: ignore[arg-type]
    return replace(one, drift=drift)


@pytest.mark.parametrize(
    ("cause", "gate"),
    [("judge", "failed"), ("raters", "failed"), ("inconclusive", "inconclusive"),
     ("rubric", "passed"), ("traffic", "passed"), ("system", "passed")],
)  # fmt: skip
def test_what_moved_decides_by_whose_fault_it_is(run: Calibrate, cause: str, gate: str) -> None:
    one = only(judged(run, error=0.1, n=30))

    assert verdict([moved(one, cause)], status="done")[0] == gate


def test_a_run_that_did_not_end_is_inconclusive_but_hides_no_failure(run: Calibrate) -> None:
    one = only(judged(run, error=0.1, n=30))

    assert verdict([one], status="budget")[0] == "inconclusive"
    assert verdict([moved(one, "judge")], status="budget")[0] == "failed"


def test_a_judge_that_answers_nothing_is_inconclusive_and_no_alarm(run: Calibrate) -> None:
    items = outputs(WEEK, 40)
    found = run(items, judge=judge(faults={"failed": 1.0}), labels=labels(items),
                label_design="random", bars={"tpr": 0.9})  # fmt: skip

    assert found.gate == "inconclusive"
    assert isinstance(only(found).agreement, Absent)
    assert only(found).weeks == ()
    assert any("Nothing was judged" in reason for reason in found.reasons)


@pytest.mark.parametrize("bars", [{}, {"tpr": 0.1}])
def test_one_labelled_item_is_no_calibration(run: Calibrate, bars: dict[str, float]) -> None:
    found = judged(run, error=0.0, n=1, bars=bars)

    assert found.gate == "inconclusive"
    assert "1 item" in found.reasons[0]
    assert "20" in found.reasons[0]


def test_people_who_contradict_each_other_calibrate_nothing(run: Calibrate) -> None:
    items = outputs(WEEK, 60)
    other = {"met": "unmet", "unmet": "met"}
    said = [{**row, "value": other[row["value"]]} if row["annotator"] == "b" else row
            for row in labels(items[:40])]  # fmt: skip
    found = run(items, labels=said, label_design="random")

    assert found.gate == "inconclusive"
    assert "less than by chance" in found.reasons[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bars": {"recall": 0.8}}, "there is no bar 'recall'"),
        ({"bars": {"tpr": 1.2}}, "the bar of tpr is 1.2"),
        ({"bars": {"tpr": float("nan")}}, "the bar of tpr is nan"),
        ({"label_design": "balanced"}, "'balanced' is no label design"),
        ({"split": "train"}, "'train' is no split to measure on"),
        ({"label_next": (-1, 2)}, "label_next is -1 items by 2 people"),
        ({"label_next": (5, 0)}, "label_next is 5 items by 0 people"),
        ({"yearly_rate": 0}, "the yearly rate of false alarms is 0"),
        ({"yearly_rate": 1.0}, "the yearly rate of false alarms is 1"),
        ({"yearly_rate": float("nan")}, "the yearly rate of false alarms is nan"),
        ({"sample": 0}, "the sample is of 0 items"),
        ({"week": "last"}, "'last' is no ISO week"),
        ({"accepted": ["2026-W99"]}, "'2026-W99' is no ISO week"),
        ({"criteria": ["mood"]}, "there is no criterion 'mood'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    run: Calibrate, given: dict[str, Any], said: str
) -> None:
    asked = judge()
    with pytest.raises(ConfigError) as caught:
        run(outputs(WEEK, 5), judge=asked, **given)

    assert said in caught.value.what
    assert caught.value.mend
    assert asked.asked == 0
