"""Two real judges on the same outputs: the swap is the judge's, not the system's."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trueup.agreement.drift import Count, Week, attribute, watch
from trueup.agreement.drift.bridge import bridge_mean, bridge_rate
from trueup.testing.weeks import week_name

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"
SCORES = DATA / "wildbench_two_judges" / "scores.csv.gz"
OLD, NEW = "gpt-4-turbo-2024-04-09", "gpt-4o-2024-05-13"
BAR = 7

pytestmark = pytest.mark.skipif(not SCORES.exists(), reason=f"no {SCORES}")


@pytest.fixture(scope="module")
def both() -> dict[tuple[str, str], tuple[float, float]]:
    """Return (model, session) to the scores of both judges."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with gzip.open(SCORES, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["version"] == "v2.0522" and row["judge"] in {OLD, NEW}:
                found[row["model"], row["session_id"]][row["judge"]] = float(row["score"])
    return {key: (s[OLD], s[NEW]) for key, s in found.items() if len(s) == 2}


def year(
    scores: dict[tuple[str, str], tuple[float, float]], seed: int, *, declared: bool = False
) -> list[Week]:
    """Return 30 weeks of 150 outputs, judged by one judge until week 15 and by the other after."""
    rng = np.random.default_rng(seed)
    keys = sorted(scores)
    order = rng.permutation(len(keys))
    anchors, rest = [keys[i] for i in order[:60]], order[60:]
    weeks = []
    for number in range(30):
        judge = int(number >= 15)
        judged: dict[str, list[bool]] = defaultdict(list)
        for i in rng.choice(rest, 150, replace=False):
            judged[keys[i][0]].append(scores[keys[i]][judge] >= BAR)
        weeks.append(
            Week(
                week=week_name(number),
                question="good enough",
                instrument=f"judge {judge}" if declared else "judge",
                judged={name: Count(sum(met), len(met)) for name, met in judged.items()},
                anchors={"/".join(key): scores[key][judge] >= BAR for key in anchors},
            )
        )
    return weeks


def test_the_outputs_are_those_that_both_judges_scored(
    both: dict[tuple[str, str], tuple[float, float]],
) -> None:
    old, new = np.array(list(both.values())).T

    assert len(both) == 6133
    assert [round(float(x.mean()), 2) for x in (old, new)] == [6.79, 6.17]


@pytest.mark.parametrize("seed", range(5))
def test_a_silent_swap_of_the_judge_is_attributed_to_the_judge(
    both: dict[tuple[str, str], tuple[float, float]], seed: int
) -> None:
    found = attribute(watch({"good": year(both, seed)}))

    assert found
    assert {cause.value for change in found for cause in change.causes} == {"judge"}
    assert all(change.causes for change in found)
    assert all(week_name(13) <= change.since <= week_name(17) for change in found)


def test_a_declared_swap_is_no_alarm_and_the_judges(
    both: dict[tuple[str, str], tuple[float, float]],
) -> None:
    watched = watch({"good": year(both, 1, declared=True)})
    (change,) = attribute(watched)

    assert not watched.alarms
    assert (change.declared, change.causes[0].value) == (True, "judge")


def test_the_same_judge_all_year_rings_nothing(
    both: dict[tuple[str, str], tuple[float, float]],
) -> None:
    weeks = year({key: (old, old) for key, (old, _) in both.items()}, 1)

    assert not watch({"good": weeks}).alarms


def test_the_new_judges_figures_are_bridged_back_over_anchors(
    both: dict[tuple[str, str], tuple[float, float]],
) -> None:
    """Of 200 draws of 60 anchors and 400 outputs, bridged intervals cover the old judge's truth."""
    old, new = np.array(list(both.values())).T
    rng = np.random.default_rng(9)
    rates = means = 0
    for _ in range(200):
        order = rng.permutation(len(old))
        a, b = order[:60], order[60:460]
        rate = bridge_rate(
            int((new[b] >= BAR).sum()), len(b), old=old[a] >= BAR, new=new[a] >= BAR
        ).figure
        mean = bridge_mean(new[b], old=old[a], new=new[a]).figure
        rates += rate.low <= (old >= BAR).mean() <= rate.high
        means += mean.low <= old.mean() <= mean.high

    assert rates / 200 >= 0.91
    assert means / 200 >= 0.91


def test_a_swap_that_is_undone_is_seen_twice(
    both: dict[tuple[str, str], tuple[float, float]],
) -> None:
    weeks = year(both, 2)
    back = [replace(week, week=week_name(30 + i)) for i, week in enumerate(weeks[:14])]
    alarms = watch({"good": [*weeks, *back]}).alarms

    assert len([alarm for alarm in alarms if alarm.stream == "anchors"]) == 2
