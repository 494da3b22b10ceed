"""Real histories, read where they lie: no false alarm, and what is planted is found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from trueup.goodhart import Signal, WatchSpec, backtest, distinct_outputs

if TYPE_CHECKING:
    from trueup.goodhart import Look

SHARED = Path(__file__).parents[3] / "shared" / "data"
CORRECT = Signal("correct", better="higher")
CLICKS = Signal("click", better="higher", within="1d")


def data(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the data set {name} is not beside this checkout")
    return path


def verdicts(looks: list[Look]) -> set[str]:
    return {look.verdict for look in looks}


def rounds(arm: str) -> pd.DataFrame:
    frame = pd.read_json(data("judge_goodhart/optimize.jsonl.gz"), lines=True)
    frame = frame[frame["arm"] == arm].copy()
    frame["correct"] = frame["correct"].astype(float)
    frame["round"] = frame["round"].astype(str)
    return frame.dropna(subset=["judge_score"])


def rounds_spec(**fields: object) -> WatchSpec:
    given = {"judge": "judge_score", "signals": [CORRECT], "version": "round",
             "unit": "task_id", **fields}  # fmt: skip
    return WatchSpec(**given)  # type: ignore[arg-type] # any of its fields


@pytest.mark.parametrize("design", ["auto", "releases"])
@pytest.mark.parametrize("arm", ["judge", "control"])
def test_a_judge_whose_rise_is_real_raises_no_alarm(arm: str, design: str) -> None:
    looks = backtest(rounds(arm), rounds_spec(design=design))

    assert "gaming" not in verdicts(looks)
    assert [look.label for look in looks] == ["1", "2", "3", "4", "5"]
    assert looks[-1].phi is not None
    assert looks[-1].phi > 1


def test_rounds_with_instants_are_compared_alike() -> None:
    frame = rounds("judge")
    frame["at"] = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
        7 * frame["round"].astype(int), unit="D"
    )
    looks = backtest(frame, rounds_spec(time="at"))

    assert "gaming" not in verdicts(looks)
    assert len(looks) == 5


@pytest.mark.parametrize("owner", ["unit", "group"])
def test_scores_raised_without_correctness_are_found(owner: str) -> None:
    frame = rounds("judge")
    first = frame[frame["round"] == "0"]
    gamed = [first]
    for number in range(1, 6):
        copy = first.copy()
        copy["round"] = str(number)
        copy["judge_score"] = np.minimum(copy["judge_score"] + 4 * number, 100)
        gamed.append(copy)
    spec = rounds_spec(**{"unit": None, owner: "task_id"})
    looks = backtest(pd.concat(gamed), spec)

    assert "gaming" in verdicts(looks)
    assert "improvement" not in verdicts(looks)


def test_raised_scores_beside_noisy_correctness_are_found() -> None:
    frame = rounds("judge")
    last = frame[frame["round"] == "5"].drop(columns=["correct"])
    before = frame[frame["round"] == "0"].set_index("task_id")["correct"]
    gamed = last.assign(correct=last["task_id"].map(before), judge_score=last["judge_score"] + 10)
    looks = backtest(pd.concat([frame[frame["round"] == "0"], gamed]), rounds_spec())

    assert verdicts(looks) == {"gaming"}


def impressions() -> pd.DataFrame:
    frame = pd.read_csv(data("open_bandit_daily/impressions.csv.gz"))
    frame = frame[frame["policy"] == "random"].copy()
    frame["at"] = pd.to_datetime(frame["ts"], utc=True)
    return frame.reset_index(drop=True)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rise", [0.0, 0.4])
def test_random_against_random_is_never_an_improvement(seed: int, rise: float) -> None:
    frame = impressions()
    rng = np.random.default_rng(seed)
    frame["arm"] = np.where(rng.random(len(frame)) < 0.5, "treatment", "control")
    quality = rng.standard_normal(len(frame)) + 0.5 * frame["click"]
    treated = frame["arm"] == "treatment"
    frame["judge"] = quality + rise * treated + 0.7 * rng.standard_normal(len(frame))
    frame["again"] = quality + rise * treated + 0.7 * rng.standard_normal(len(frame))
    spec = WatchSpec(
        time="at", judge="judge", judge_repeat="again", signals=[CLICKS], arm="arm",
        segment="campaign", period="1d", horizon=7,
    )  # fmt: skip
    looks = backtest(frame, spec)

    assert "improvement" not in verdicts(looks)
    if not rise:
        assert "gaming" not in verdicts(looks)


def test_a_swapped_judge_is_a_judge_change_and_no_gaming() -> None:
    frame = pd.read_csv(data("wildbench_two_judges/scores.csv.gz"))
    frame = frame[frame["version"] == "v2.0522"]
    both = frame.groupby("model")["judge"].nunique()
    frame = frame[frame["model"].isin(both[both > 1].index)]
    old, new = "gpt-4o-2024-05-13", "gpt-4-turbo-2024-04-09"
    rng = np.random.default_rng(0)
    parts = []
    for week in range(20):
        who = old if week < 12 else new
        part = frame[frame["judge"] == who].sample(400, random_state=week).copy()
        part["at"] = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(
            7 * week + 6 * rng.random(len(part)), unit="D"
        )
        parts.append(part)
    whole = pd.concat(parts)
    whole["useful"] = (whole["score"] + 3 * rng.standard_normal(len(whole)) > 6).astype(float)
    spec = WatchSpec(
        time="at", judge="score", instrument="judge",
        signals=[Signal("useful", better="higher", within="7d")], reliability=0.8,
    )  # fmt: skip
    looks = backtest(whole, spec)

    assert verdicts(looks) == {"unidentified"}
    assert "the judge changed" in looks[-1].message


def test_one_text_for_every_prompt_is_flagged_from_outputs_alone() -> None:
    items = pd.read_csv(data("null_model/null_annotations.csv.gz"))
    attack = data("null_model/null_output.txt").read_text("utf-8")
    found = distinct_outputs([attack] * len(items))

    assert found.flagged
    assert (found.n, found.distinct) == (805, 1)


def test_real_solutions_are_not_taken_for_one_text() -> None:
    last = rounds("judge").query("round == '5'")

    assert not distinct_outputs(list(last["solution"])).flagged
