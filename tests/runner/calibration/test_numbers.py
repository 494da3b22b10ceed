"""The numbers are right: compared with the same computed here, in another way, from the truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import krippendorff
import numpy as np
import pytest

from tests.runner.calibration.material import (
    EVERY,
    ONE,
    WEEK,
    chosen,
    judge,
    labels,
    number,
    only,
    outputs,
    said,
)
from trueup.runner.calibration.calibrate import calibrate
from trueup.runner.calibration.result import Agreement
from trueup.store.store import Store
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from tests.runner.calibration.material import Rows
    from trueup.item.model import Item
    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.result import Calibration

ERROR = 0.2
KIND = ONE.by_id["kind"]


def verdicts(items: Rows, name: str = "kind") -> list[str]:
    """Return what the usual judge says, without asking it."""
    criterion = EVERY.by_id[name]
    return [said(item["id"], criterion, item["metadata"][name], error=ERROR, seed=0)
            for item in items]  # fmt: skip


def wilson(hits: float, n: float) -> tuple[float, float]:
    z = 1.959963984540054
    centre, half = (
        hits / n + z * z / (2 * n),
        math.sqrt(hits * (n - hits) / n**3 + z * z / (4 * n * n)) * z,
    )
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


@pytest.fixture(scope="module")
def items() -> Rows:
    return outputs(WEEK, 300, rubric=EVERY)


@pytest.fixture(scope="module")
def found(items: Rows) -> Calibration:
    """Three hundred items judged, of which one person labelled the first ninety without error."""
    some = labels(items[:90], "a", rubric=EVERY)
    return calibrate(items, rubric=EVERY, judge=judge(ERROR), labels=some, label_design="random")


@pytest.mark.parametrize("name", ["kind", "padded", "safe"])
def test_tpr_and_tnr_are_counts_with_their_wilson_intervals(
    found: Calibration, items: Rows, name: str
) -> None:
    pairs = list(zip(verdicts(items[:90], name), items[:90], strict=True))
    for figure, level in (("tpr", "met"), ("tnr", "unmet")):
        of = [v for v, item in pairs if item["metadata"][name] == level]
        told = number(getattr(only(found, name).agreement, figure))
        assert told.n == len(of)
        assert told.estimate == pytest.approx(of.count(level) / len(of))
        low, high = wilson(of.count(level), len(of))
        assert (told.low, told.high) == pytest.approx((low, high))


@pytest.mark.parametrize("name", ["kind", "padded", "safe"])
def test_a_corrected_rate_weighs_what_labels_say_of_each_verdict(
    found: Calibration, items: Rows, name: str
) -> None:
    every = verdicts(items, name)
    pairs = list(zip(every[:90], (i["metadata"][name] for i in items[:90]), strict=True))
    rate = 0.0
    for verdict in ("met", "unmet"):
        truth = [t for v, t in pairs if v == verdict]
        rate += every.count(verdict) / 300 * truth.count("met") / len(truth)
    told = only(found, name).pass_rate

    assert number(told.corrected).estimate == pytest.approx(rate)
    assert number(told.judge).estimate == pytest.approx(every.count("met") / 300)
    met = sum(t == "met" for _, t in pairs)
    assert number(told.labels_only).estimate == pytest.approx(met / 90)
    assert number(told.corrected).low < rate < number(told.corrected).high


@pytest.mark.parametrize(
    ("name", "level"), [("kind", "nominal"), ("outcome", "nominal"), ("tone", "ordinal")]
)
def test_alpha_is_krippendorffs_package_s(
    found: Calibration, items: Rows, name: str, level: str
) -> None:
    place = {key: code for code, key in enumerate(EVERY.by_id[name].values)}
    judged = [place[level_] for level_ in verdicts(items[:90], name)]
    truth = [place[item["metadata"][name]] for item in items[:90]]
    expected = krippendorff.alpha(np.array([judged, truth]), level_of_measurement=level)
    beside = only(found, name).agreement

    assert isinstance(beside, Agreement)
    told = number(beside.alpha)
    assert told.estimate == pytest.approx(expected, abs=1e-12)
    assert told.low < expected < told.high


@pytest.mark.parametrize("name", ["outcome", "tone"])
def test_a_confusion_table_counts_every_labelled_item(
    found: Calibration, items: Rows, name: str
) -> None:
    beside = only(found, name).agreement
    assert isinstance(beside, Agreement)
    for row, judged in enumerate(beside.levels):
        for column, level in enumerate(beside.levels):
            pairs = zip(verdicts(items[:90], name), items[:90], strict=True)
            both = [v == judged and item["metadata"][name] == level for v, item in pairs]
            assert beside.confusion[row][column] == sum(both)


def test_people_s_alpha_and_ceiling_are_those_of_people_alone(run: Calibrate, items: Rows) -> None:
    part = labels(items[:90], "abc", error=0.2)
    some = [row for n, row in enumerate(part) if n % 7]
    beside = only(run(items, judge=judge(ERROR), labels=some, label_design="random")).agreement
    assert isinstance(beside, Agreement)

    table = np.full((3, 90), np.nan)
    at = {item["id"]: n for n, item in enumerate(items)}
    for row in some:
        table["abc".index(row["annotator"]), at[row["item_id"]]] = row["value"] == "met"
    expected = krippendorff.alpha(table, level_of_measurement="nominal")
    assert number(beside.people).estimate == pytest.approx(expected, abs=1e-12)

    agree, of = 0.0, 0
    for unit in table.T:
        known = unit[~np.isnan(unit)]
        for left in range(len(known) if len(known) > 1 else 0):
            agree += np.mean(np.delete(known, left) == known[left])
            of += 1
    assert number(beside.ceiling).estimate == pytest.approx(agree / of)


def test_where_people_differ_a_label_counts_in_parts(run: Calibrate, items: Rows) -> None:
    some = labels(items[:90], "ab", error=0.3)
    found = run(items, judge=judge(ERROR), labels=some, label_design="random")
    said_met: dict[str, list[bool]] = {}
    for row in some:
        said_met.setdefault(row["item_id"], []).append(row["value"] == "met")
    truth = [float(np.mean(said_met[item["id"]])) for item in items[:90]]
    judged = [verdict == "met" for verdict in verdicts(items[:90])]

    told = only(found).agreement
    assert isinstance(told, Agreement)
    tpr = sum(t for t, j in zip(truth, judged, strict=True) if j) / sum(truth)
    assert number(told.tpr).estimate == pytest.approx(tpr)
    assert number(only(found).pass_rate.labels_only).estimate == pytest.approx(np.mean(truth))


def test_labels_balanced_by_the_verdict_do_not_bend_the_rates(run: Calibrate) -> None:
    items = outputs(WEEK, 1100, rate=0.8)
    by_verdict: dict[str, Rows] = {"met": [], "unmet": []}
    for item, verdict in zip(items, verdicts(items), strict=True):
        by_verdict[verdict].append(item)
    some = [*by_verdict["met"][:120], *by_verdict["unmet"][:120]]
    found = run(items, judge=judge(ERROR), labels=labels(some, "a"), label_design="stratified")
    truth = [item["metadata"]["kind"] == "met" for item in items]
    judged = [verdict == "met" for verdict in verdicts(items)]
    pairs = list(zip(judged, truth, strict=True))

    told = only(found).agreement
    assert isinstance(told, Agreement)
    real = {
        "tpr": np.mean([j for j, t in pairs if t]),
        "tnr": np.mean([not j for j, t in pairs if not t]),
        "accuracy": np.mean([j == t for j, t in pairs]),
    }
    for name, true in real.items():
        figure = number(getattr(told, name))
        assert figure.low < true < figure.high, name
    rate = number(only(found).pass_rate.corrected)
    assert rate.low < np.mean(truth) < rate.high
    in_sample = [v for v, i in zip(verdicts(some), some, strict=True)
                 if i["metadata"]["kind"] == "met"]  # fmt: skip
    assert in_sample.count("met") / len(in_sample) < real["tpr"] - 0.05  # as if drawn at random


def unsure(item: Item, _: Criterion) -> float:
    """Give 0.55 to the half that is hard, where it is mostly wrong, and 0.95 to the rest."""
    return 0.55 if item.segment == "hard" else 0.95


def drawn_week(seed: int) -> tuple[Calibration, Rows, Rows]:
    """Return a week of which 24 items were drawn and labelled, all its items, and those drawn."""
    items = outputs(WEEK, 120, segment=lambda n: "hard" if n % 2 else "easy")
    for n, item in enumerate(items):
        item["metadata"]["kind"] = "met" if n % 2 == 0 or n % 10 == 1 else "unmet"
    given: dict[str, Any] = {
        "rubric": ONE,
        "judge": ScriptedJudge(unsure),
        "seed": seed,
        "label_next": (24, 1),
    }
    with Store.open(None) as store:
        wanted = chosen(items, calibrate(items, **given, store=store))
        found = calibrate(items, **given, store=store, labels=labels(wanted, "a"))
    return found, items, wanted


def share(rows: Rows) -> float:
    return float(np.mean([row["metadata"]["kind"] == "met" for row in rows]))


def test_drawn_labels_give_an_unbiased_rate_though_they_are_drawn_unevenly() -> None:
    off, plainly, covered = [], [], 0
    for seed in range(16):
        found, items, wanted = drawn_week(seed)
        rate = number(only(found).pass_rate.corrected)
        off.append(rate.estimate - share(items))
        plainly.append(share(wanted) - share(items))
        covered += rate.low <= share(items) <= rate.high
        assert found.labels.design == "stratified"

    error = np.std(off, ddof=1) / math.sqrt(len(off))
    assert abs(np.mean(off)) < 4 * error + 0.005
    assert np.mean(plainly) < -0.03  # what the labels say without their chances
    assert covered >= 13
