"""Attribution: each cause is named for what it does, and nothing is blamed without evidence."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from trueup.agreement.drift import Change, Count, Week, attribute, leading, watch
from trueup.testing.weeks import Shift, Truth, simulate_weeks, week_name

WEEKS = 44
SHIFTS = {
    "judge": Shift(cause="judge", week=20, size=0.1),
    "raters": Shift(cause="raters", week=20, size=0.15),
    "traffic": Shift(cause="traffic", week=20, size=0.2),
    "system": Shift(cause="system", week=20, size=-0.12),
    "rubric": Shift(cause="rubric", week=20, size=-0.08),
}


def changes(*shifts: Shift, seed: int = 1, **more: Any) -> tuple[Change, ...]:
    truth = Truth(weeks=WEEKS, shifts=shifts, **more)
    return attribute(watch(simulate_weeks(truth, seed)))


def named(found: tuple[Change, ...]) -> set[str]:
    return {cause.value for change in found for cause in change.causes}


def numbers(thing: object) -> list[float]:
    """Return every number in a result, however deep."""
    if is_dataclass(thing):
        return [n for f in fields(thing) for n in numbers(getattr(thing, f.name))]
    if isinstance(thing, (tuple, list)):
        return [n for part in thing for n in numbers(part)]
    return [thing] if isinstance(thing, float) else []


@pytest.mark.parametrize("cause", SHIFTS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_change_is_put_down_to_its_cause_alone(cause: str, seed: int) -> None:
    found = changes(SHIFTS[cause], seed=seed)

    assert named(found) == {cause}
    assert all(change.since >= week_name(17) for change in found)
    assert all(change.seen >= week_name(20) for change in found)


@pytest.mark.parametrize("cause", SHIFTS)
def test_every_cause_gets_its_evidence_in_figures_and_a_sentence(cause: str) -> None:
    for change in changes(SHIFTS[cause]):
        assert [e.cause.value for e in change.evidence] == [
            "judge", "rubric", "raters", "traffic", "system"
        ]  # fmt: skip
        assert all(e.text.endswith(".") and "nan" not in e.text for e in change.evidence)
        assert {e.cause for e in change.evidence if e.state == "moved"} >= set(change.causes)
        assert all(math.isfinite(number) for number in numbers(change))
        assert change.text.endswith(".")


def test_a_moved_pass_rate_with_standing_anchors_is_the_systems() -> None:
    change = next(c for c in changes(SHIFTS["system"]) if c.stream == "pass")
    states = {e.cause.value: e.state for e in change.evidence}

    assert states == {"judge": "stood", "rubric": "stood", "raters": "stood",
                      "traffic": "stood", "system": "moved"}  # fmt: skip
    assert change.shift is not None
    assert change.shift.high < 0


def test_without_anchors_a_moved_pass_rate_is_inconclusive_and_says_what_is_missing() -> None:
    (change,) = changes(SHIFTS["system"], anchors=0)

    assert change.causes == ()
    assert "anchors" in change.missing
    assert change.missing in change.text


def test_traffic_is_unmeasured_where_segments_are_not_told_apart() -> None:
    found = changes(SHIFTS["system"], mix=(1.0,), gap=0.0)
    (told,) = {one.state for change in found for one in change.evidence if one.cause == "traffic"}

    assert named(found) == {"system"}
    assert told == "unmeasured"


def test_a_few_anchors_do_not_clear_the_judge() -> None:
    (change,) = changes(SHIFTS["system"], anchors=4, pairs=0, seed=2)

    assert change.causes == ()
    assert "the judge may explain" in change.missing


def test_people_who_err_together_are_not_told_from_new_items_and_nobody_is_blamed() -> None:
    shift = Shift(cause="raters", week=15, size=0.3, together=True)
    found = changes(shift, pairs=40)

    assert found
    assert named(found) == set()
    assert all("anchors" in change.missing for change in found)


def test_peoples_labels_on_anchors_tell_those_who_err_together() -> None:
    shift = Shift(cause="raters", week=15, size=0.3, together=True)
    history = simulate_weeks(Truth(weeks=WEEKS, shifts=(shift,), pairs=40), 1)["criterion-1"]
    weeks = [replace(week, checks=Count(9 if i < 15 else 6, 10)) for i, week in enumerate(history)]

    assert named(attribute(watch({"c": weeks}))) == {"raters"}


def test_an_observed_model_that_changed_is_named_where_anchors_are_wanting() -> None:
    shift = replace(SHIFTS["judge"], observed=True)
    found = changes(shift, anchors=0)

    assert named(found) == {"judge"}
    assert any("model-2" in e.text for change in found for e in change.evidence)


def test_an_observed_model_is_not_blamed_for_a_system_that_moved() -> None:
    newer = Shift(cause="judge", week=20, size=0.0, observed=True)
    last = [c for c in changes(SHIFTS["system"], newer) if c.stream == "pass"][-1]

    assert [cause.value for cause in last.causes] == ["system"]


def test_two_changes_at_different_weeks_are_both_named() -> None:
    later = replace(SHIFTS["judge"], week=32)

    assert named(changes(SHIFTS["traffic"], later)) == {"traffic", "judge"}


def test_judge_and_system_that_move_at_once_are_both_named_or_the_judge_is() -> None:
    found = changes(SHIFTS["judge"], replace(SHIFTS["system"], size=-0.3))

    assert named(found) == {"judge", "system"}


def test_a_reworded_question_ends_the_comparison_and_says_what_it_did() -> None:
    (change,) = changes(SHIFTS["rubric"])

    assert change.declared
    assert (change.stream, change.since, change.seen) == ("question", week_name(20), week_name(20))
    assert "not compared" in change.text


def test_a_replaced_instrument_is_the_judges_by_declaration() -> None:
    weeks = simulate_weeks(Truth(weeks=30), 1)["criterion-1"]
    changed = [replace(w, instrument="new") if i >= 15 else w for i, w in enumerate(weeks)]
    (change,) = attribute(watch({"c": changed}))

    assert (change.declared, change.stream, change.causes[0].value) == (True, "instrument", "judge")


def test_a_change_with_a_cause_leads_those_without_and_the_newest_the_old() -> None:
    found = changes(SHIFTS["judge"])
    unsure = replace(found[0], causes=(), seen="2026-W40")
    old = replace(found[0], since="2026-W10", causes=())

    assert leading([]) is None
    assert leading([old, unsure, *found]) in found
    assert leading([old, unsure]) == unsure


def test_until_gives_what_was_known_then() -> None:
    weeks = simulate_weeks(Truth(weeks=WEEKS, shifts=(SHIFTS["judge"],)), 1)["criterion-1"]
    whole = watch({"c": weeks})
    for week in (19, 25, 35):
        cut = watch({"c": weeks[: week + 1]})

        assert [(c.stream, c.causes, c.since, c.text) for c in attribute(cut)] == [
            (c.stream, c.causes, c.since, c.text) for c in attribute(whole, until=week_name(week))
        ]


def test_nothing_measured_says_nothing() -> None:
    weeks = [Week(week=week_name(i), question="q", instrument="i") for i in range(20)]

    assert attribute(watch({"c": weeks, "d": []})) == ()


def test_one_cause_of_five_criteria_is_named_for_that_one() -> None:
    found = changes(SHIFTS["judge"], criteria=5)

    assert {change.criterion for change in found} == {"criterion-1"}
    assert named(found) == {"judge"}
