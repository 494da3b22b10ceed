"""One week: what is judged, compared and written down, for criteria of every kind."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.runner.calibration.material import (
    EVERY,
    ONE,
    WEEK,
    judge,
    labels,
    number,
    only,
    outputs,
    plain,
)
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.result import Absent, Agreement
from trueup.runner.result import Scores
from trueup.store import ledger
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from trueup.runner.calibration.result import Calibration
    from trueup.store.store import Store


@pytest.fixture
def every(run: Calibrate) -> Calibration:
    """Eighty items and forty of them labelled by two people, on criteria of every kind."""
    items = outputs(WEEK, 80, rubric=EVERY, segment=lambda n: "ab"[n % 2])
    said = labels(items[:40], rubric=EVERY, error=0.1)
    said += [{"item_id": item["id"], "criterion": "said", "annotator": "a", "value": "met"}
             for item in items[:5]]  # fmt: skip
    return run(items, rubric=EVERY, labels=said, label_design="random")


def test_criteria_of_every_kind_are_compared(every: Calibration) -> None:
    kinds = {one.id: one.kind for one in every.criteria}
    assert kinds == {"kind": "binary", "padded": "binary", "safe": "binary", "tone": "scale",
                     "outcome": "choices", "said": "check"}  # fmt: skip
    assert only(every, "padded").penalty
    assert only(every, "safe").gate
    for one in every.criteria[:5]:
        assert isinstance(one.agreement, Agreement)
        assert one.agreement.n_pairs == 40
        assert sum(map(sum, one.agreement.confusion)) == 80
        assert number(one.agreement.alpha).estimate > 0.5
        assert number(one.agreement.people).n == 40


@pytest.mark.parametrize(
    ("name", "level", "levels"),
    [
        ("kind", "nominal", ("unmet", "met")),
        ("tone", "ordinal", ("1", "2", "3")),
        ("outcome", "nominal", ("delivered", "deflected", "refused")),
    ],
)
def test_levels_are_ordinal_on_a_scale_alone(
    every: Calibration, name: str, level: str, levels: tuple[str, ...]
) -> None:
    found = only(every, name).agreement
    assert isinstance(found, Agreement)
    assert (found.level, set(found.levels)) == (level, set(levels))


def test_a_check_is_compared_where_people_labelled_it_or_where_it_is_asked_for(
    run: Calibrate, every: Calibration
) -> None:
    check = only(every, "said").agreement
    assert isinstance(check, Agreement)
    assert check.n_pairs == 5

    items = outputs(WEEK, 5, rubric=EVERY)
    named = run(items, rubric=EVERY, criteria=["said"], store=None)
    assert [one.id for one in named.criteria] == ["said"]
    rest = run(items, rubric=EVERY, store=None)
    assert "said" not in {one.id for one in rest.criteria}


def test_only_the_named_criteria_are_compared(run: Calibrate, store: Store) -> None:
    found = run(outputs(WEEK, 9, rubric=EVERY), rubric=EVERY, criteria=["tone", "safe"])

    assert [one.id for one in found.criteria] == ["safe", "tone"]
    assert {one["criterion"] for one in ledger.read(store)} == {"safe", "tone"}


def test_a_criterion_that_nobody_knows_is_refused_with_the_nearest(run: Calibrate) -> None:
    with pytest.raises(Exception, match=r"no criterion 'knd'.*Did you mean 'kind'"):
        run(outputs(WEEK, 3), criteria=["knd"])


def test_what_is_left_out_of_a_sample_is_not_judged_and_its_chance_is_kept(
    run: Calibrate, store: Store
) -> None:
    asked = judge()
    found = run(outputs(WEEK, 60), sample=15, judge=asked)

    assert asked.asked == 15
    assert (found.sampled.n, found.sampled.n_scored) == (60, 15)
    known = [json.loads(row["known"]) for rows in store.observations(found.run) for row in rows]
    assert [one["p_judged"] for one in known] == [0.25] * 15


def test_segments_and_groups_reach_the_ledger_and_the_intervals(
    run: Calibrate, store: Store
) -> None:
    items = outputs(WEEK, 80, segment=lambda n: "free" if n % 4 else "paid")
    for item in items:  # of four items in a group all say the same
        item["metadata"]["kind"] = items[int(item["id"].rpartition("-")[2]) // 4 * 4]["metadata"][
            "kind"
        ]
    together = [{**item, "group": f"u{n // 4}"} for n, item in enumerate(items)]
    alone = run(items, judge=judge(0), store=None)
    found = run(together, judge=judge(0))

    counts = ledger.read(store)[0]["judged"]
    assert {name: count[1] for name, count in counts.items()} == {"free": 60, "paid": 20}
    wide, narrow = (number(only(one).pass_rate.judge) for one in (found, alone))
    assert wide.estimate == narrow.estimate
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


@pytest.mark.parametrize("fault", ["abstained", "refused", "failed", "not_applicable"])
def test_what_the_judge_does_not_answer_is_neither_met_nor_unmet(
    run: Calibrate, store: Store, fault: str
) -> None:
    items = outputs(WEEK, 60)
    faulty = judge(0, faults={fault: 0.5})
    found = run(items, judge=faulty, labels=labels(items), label_design="random")

    truth = Counter(item["metadata"]["kind"] for item in items)
    row = only(found)
    scored = found.sampled.outcomes["scored"]
    assert found.sampled.outcomes == {"scored": scored, fault: 60 - scored}
    assert 15 < scored < 45
    assert number(row.pass_rate.judge).n == scored
    assert ledger.read(store)[0]["judged"][""][1] == scored
    assert isinstance(row.agreement, Agreement)
    assert row.agreement.n_pairs == scored
    assert number(row.agreement.tpr).estimate == number(row.agreement.tnr).estimate == 1
    # labels say what the judge did not
    share = number(row.pass_rate.corrected)
    assert share.n == 60
    assert share.estimate == pytest.approx(truth["met"] / 60, abs=1e-6)


def test_a_gate_on_a_scale_passes_by_its_own_bar(run: Calibrate) -> None:
    rubric = parse_rubric(
        "name: one\ntask: t\ncriteria:\n  - id: tone\n    ask: How?\n    gate: {min: 3}\n"
        "    scale: {1: curt, 2: fine, 3: right}\n"
    )
    items = outputs(WEEK, 30, rubric=rubric)
    found = run(items, rubric=rubric, judge=judge(0),
                labels=labels(items, rubric=rubric), label_design="random")  # fmt: skip
    right = sum(item["metadata"]["tone"] == "3" for item in items)

    assert number(only(found, "tone").pass_rate.judge).estimate == pytest.approx(right / 30)
    assert number(only(found, "tone").pass_rate.corrected).estimate == pytest.approx(right / 30)


def test_disagreements_are_named_with_what_both_sides_said(run: Calibrate) -> None:
    items = outputs(WEEK, 12)
    wrong = items[3]
    truth = wrong["metadata"]["kind"]
    other = {"met": "unmet", "unmet": "met"}[truth]
    answers = {(item["id"], "kind"): (item["metadata"]["kind"], "as it is") for item in items}
    answers[wrong["id"], "kind"] = (other, "I misread it")
    notes = [{**row, "note": "look again"} if row["item_id"] == wrong["id"] else row
             for row in labels(items, "a")]  # fmt: skip
    found = run(items, judge=ScriptedJudge(answers), labels=notes, label_design="random")

    (one,) = only(found).disagreements
    assert (one.item_id, one.judge, one.people) == (wrong["id"], other, truth)
    assert one.kind == ("false pass" if other == "met" else "false fail")
    assert (one.explanation, one.notes) == ("I misread it", ("look again",))
    assert (one.input, one.output) == (wrong["input"], wrong["output"])


def test_a_judge_that_gives_probabilities_gets_a_calibration_curve(run: Calibrate) -> None:
    items = outputs(WEEK, 60)
    sure = ScriptedJudge(lambda item, _: 0.8 if item.metadata["kind"] == "met" else 0.3)
    found = run(items, judge=sure, labels=labels(items), label_design="random")
    curve = only(found).curve

    assert not isinstance(curve, Absent)
    shown = {round(point.said, 9): point.found for point in curve.bins}
    assert shown == {0.3: 0.0, 0.8: 1.0}
    met = sum(item["metadata"]["kind"] == "met" for item in items)
    brier = (met * 0.2**2 + (60 - met) * 0.3**2) / 60
    assert number(curve.brier).estimate == pytest.approx(brier)


def test_the_same_week_again_asks_nothing_and_changes_nothing(run: Calibrate, store: Store) -> None:
    items = outputs(WEEK, 40, rubric=EVERY)
    asked = judge()
    said = labels(items[:20], rubric=EVERY)
    given = {"rubric": EVERY, "judge": asked, "labels": said,
             "label_design": "random", "sample": 30}  # fmt: skip
    first = run(items, **given)
    before = asked.asked, ledger.read(store)
    second = run(list(reversed(items)), **given)

    assert (asked.asked, ledger.read(store)) == before
    assert plain(first) == plain(second)
    assert (first.labels.n_new, second.labels.n_new) == (len(said), 0)


def test_the_run_says_what_was_judged_and_from_where(run: Calibrate, store: Store) -> None:
    found = run(iter(outputs(WEEK, 7)))

    assert (found.sitting, found.rubric, found.judge) == (WEEK, "one", "scripted")
    assert (found.sampled.source, found.store) == ("list", store.where)
    assert Scores(store, found.run).row["occasion"] == WEEK


def test_nothing_to_compare_is_inconclusive(run: Calibrate) -> None:
    checks = parse_rubric("name: c\ntask: t\ncriteria:\n  - {id: said, check: {not_empty: true}}\n")
    found = run(outputs(WEEK, 5), rubric=checks, judge=None)

    assert (found.gate, found.criteria) == ("inconclusive", ())
    assert "Nothing is compared" in found.reasons[0]


def test_the_week_is_that_of_the_newest_item_where_none_is_named(run: Calibrate) -> None:
    found = run([*outputs("2026-W31", 4), *outputs("2026-W30", 9)])

    assert (found.sitting, found.sampled.n) == ("2026-W31", 4)


def test_the_last_week_that_has_ended_is_measured_and_why_is_said(run: Calibrate) -> None:
    began = datetime.now(UTC)
    rows = [{**row, "timestamp": began.isoformat()} for row in outputs("2026-W31", 2)]
    found = run([*rows, *outputs(WEEK, 9)])

    assert (found.sitting, found.sampled.n) == (WEEK, 9)
    assert found.labels.notes[0].startswith(f"{WEEK} is the last week with items that has ended")


def test_labels_say_themselves_how_their_items_were_chosen(run: Calibrate) -> None:
    items = outputs(WEEK, 50)
    found = run(items, labels=labels(items[:30], design="random"))

    assert found.labels.design == "random"
    assert number(only(found).pass_rate.corrected).n == 30


def test_without_a_design_there_is_no_corrected_rate_but_there_is_agreement(
    run: Calibrate,
) -> None:
    items = outputs(WEEK, 50)
    found = run(items, labels=labels(items))
    rate = only(found).pass_rate

    assert found.labels.design == "unknown"
    assert isinstance(rate.corrected, Absent)
    assert "label_design" in rate.corrected.why
    beside = only(found).agreement
    assert isinstance(beside, Agreement)
    assert 0 < beside.n_pairs < 50  # neither train nor test


def test_the_rubric_is_taken_by_its_questions(run: Calibrate) -> None:
    items = outputs(WEEK, 20)
    found = run(items, labels=labels(items), label_design="random")

    assert only(found).question == ONE.by_id["kind"].question
    assert only(found).weeks[-1].question == ONE.by_id["kind"].question
