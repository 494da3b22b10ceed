"""What a changed rubric ends, and what it leaves standing."""

from __future__ import annotations

import json

import pytest

from trueup.rubric.diff import CriterionChange, RubricDiff, diff
from trueup.rubric.load import parse_rubric

OLD = """\
name: billing
version: 1
task: The assistant answers a question about a bill.
pass_bar: 0.6
criteria:
  - id: not-empty
    check: {not_empty: true}
    weight: 0
    gate: true
  - id: fee
    ask: Does the reply state the fee?
    met: A number of euros.
    unmet: No number.
    weight: 2
  - id: tone
    ask: How formal is the reply?
    scale: {1: no greeting at all, 2: greeting by first name, 3: greeting by title}
  - id: outcome
    ask: What became of the request?
    choices:
      done: {text: It is carried out., value: 1}
      open: {text: It is passed on., value: 0.5}
      none: {text: Nothing is said of it., value: 0}
"""


def changed(*swaps: tuple[str, str]) -> RubricDiff:
    new = OLD.replace("version: 1", "version: 2")
    for before, after in swaps:
        assert before in new
        new = new.replace(before, after)
    return diff(parse_rubric(OLD), parse_rubric(new))


def only(result: RubricDiff) -> CriterionChange:
    assert len(result.changes) == 1
    return result.changes[0]


def test_the_same_rubric_has_no_difference() -> None:
    result = diff(parse_rubric(OLD), parse_rubric(OLD))

    assert not result
    assert result.unchanged == ("not-empty", "fee", "tone", "outcome")


@pytest.mark.parametrize(
    "swap",
    [
        ("version: 1", "version: 1  # a comment"),
        ("    met: A number of euros.\n", "    met: >-\n      A number of\n      euros.\n"),
        ("    met: A number of euros.\n    unmet: No number.\n",
         "    unmet: No number.\n    met: A number of euros.\n"),
    ],
)  # fmt: skip
def test_comments_folding_and_the_order_of_keys_end_nothing(swap: tuple[str, str]) -> None:
    result = diff(parse_rubric(OLD), parse_rubric(OLD.replace(*swap)))

    assert result.changes == ()
    assert result.asked_again == ()


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("state the fee?", "state the monthly fee?", "ask"),
        ("met: A number of euros.", "met: A number of euros or cents.", "met"),
        ("    weight: 2", "    weight: 2\n    when: There is a fee.", "when"),
        ("    weight: 2", "    weight: 2\n    implicit: true", "implicit"),
        ("    weight: 2", "    weight: 2\n    examples: [{output: 4, answer: met}]", "examples"),
    ],
)  # fmt: skip
def test_a_question_that_asks_something_else_ends_its_labels(
    before: str, after: str, part: str
) -> None:
    result = changed((before, after))
    change = only(result)

    assert (change.id, change.kind) == ("fee", "reworded")
    assert part in change.parts
    assert result.labels_end == result.asked_again == ("fee",)


def test_a_scale_in_another_order_asks_something_else() -> None:
    result = changed(("{1: no greeting at all, 2: greeting by first name,",
                      "{2: greeting by first name, 1: no greeting at all,"))  # fmt: skip

    assert only(result).parts == ("scale", "values")
    assert result.labels_end == ("tone",)


def test_choices_in_another_order_ask_the_same_and_are_shown_otherwise() -> None:
    none = "      none: {text: Nothing is said of it., value: 0}\n"
    result = changed((none, ""), ("    choices:\n", f"    choices:\n{none}"))

    assert (only(result).kind, only(result).parts) == ("instrument", ("choices",))
    assert result.asked_again == ("outcome",)
    assert result.labels_end == ()


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("    weight: 2", "    weight: 3", "weight"),
        ("    weight: 2", "    weight: 2\n    gate: true", "gate"),
        ("value: 0.5", "value: 0.25", "values"),
    ],
)
def test_weights_gates_and_values_only_change_scores(before: str, after: str, part: str) -> None:
    result = changed((before, after))

    assert only(result).kind == "scoring"
    assert only(result).parts == (part,)
    assert result.scores_change
    assert result.asked_again == result.labels_end == ()
    for words in (
        "verdicts, labels and agreement figures stand",
        "The next run makes other scores",
    ):
        assert words in only(result).consequence


def test_what_a_criterion_needs_changes_the_instrument_and_leaves_labels() -> None:
    result = changed(("    weight: 2", "    weight: 2\n    needs: [context]"))

    assert only(result).kind == "instrument"
    assert result.verdicts_end == ("fee",)
    assert result.labels_end == result.asked_again == ()


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("about a bill.", "about a phone bill.", "task"),
        ("    weight: 2", "    weight: 2\n    needs: [metadata.plan]", "metadata"),
    ],
)
def test_what_every_question_is_shown_with_ends_all_verdicts_of_judges(
    before: str, after: str, part: str
) -> None:
    result = changed((before, after))

    assert result.asked_again == ("fee", "tone", "outcome")
    assert all(part in change.parts for change in result.changes)
    assert result.labels_end == ()


def test_the_language_rules_are_written_for_ends_nothing() -> None:
    result = changed(("version: 2", "version: 2\nlanguage: en-GB"))

    assert result.asked_again == result.labels_end == ()
    assert "language" in result.parts


def test_what_code_says_of_an_empty_output_asks_no_judge_again() -> None:
    result = changed(("    weight: 2", "    weight: 2\n    if_empty: unmet"))

    assert only(result).parts == ("if_empty",)
    assert result.asked_again == ()
    assert only(result).consequence.startswith("Only the answers that code gives to empty outputs")


def test_a_changed_check_costs_nothing() -> None:
    result = changed(("{not_empty: true}", "{not_empty: true, max_words: 90}"))

    assert only(result).kind == "reworded"
    assert result.asked_again == ()
    assert only(result).consequence.startswith("Code decides it")


def test_a_mark_for_the_linter_is_cosmetic() -> None:
    result = changed(("    weight: 2", "    weight: 2\n    guard: true"))

    assert (only(result).kind, only(result).parts) == ("cosmetic", ("guard",))
    assert result.labels_end == result.asked_again == ()


def test_added_and_removed_criteria_are_told_apart_from_renamed_ones() -> None:
    fee = OLD[OLD.index("  - id: fee") : OLD.index("  - id: tone")]
    result = changed((fee, "  - id: date\n    ask: Is a date named?\n"))

    assert [(c.id, c.kind, c.suspicion) for c in result.changes] == [
        ("date", "added", None),
        ("fee", "removed", None),
    ]
    assert result.asked_again == ("date",)


def test_the_same_question_under_another_id_is_suspected_to_be_renamed() -> None:
    result = changed(("- id: fee", "- id: price"))

    assert [(c.id, c.kind, c.suspicion, c.other) for c in result.changes] == [
        ("price", "added", "renamed", "fee"),
        ("fee", "removed", "renamed", "price"),
    ]
    assert "'fee'" in result.changes[0].consequence


def test_another_question_under_the_same_id_is_suspected_to_be_reuse() -> None:
    result = changed(("Does the reply state the fee?", "Is the customer greeted by name?"))

    assert only(result).suspicion == "id-reuse"


def test_a_typo_is_no_reuse() -> None:
    assert only(changed(("state the fee?", "state the fees?"))).suspicion is None


def test_a_change_of_meaning_under_the_same_version_is_told() -> None:
    new = OLD.replace("state the fee?", "state the monthly fee?")

    notes = diff(parse_rubric(OLD), parse_rubric(new)).notes

    assert any("version stayed '1'" in note for note in notes)


def test_a_judge_of_all_criteria_at_once_is_told_to_read_another_prompt() -> None:
    assert any("one call" in note for note in changed(("state the fee?", "name a fee?")).notes)
    assert not any("one call" in note for note in changed(("weight: 2", "weight: 3")).notes)


def test_another_bar_changes_no_score() -> None:
    result = changed(("pass_bar: 0.6", "pass_bar: 0.7"))

    assert result.parts == ("version", "pass_bar")
    assert not result.scores_change
    (note,) = result.notes
    assert "good went from 0.6 to 0.7. No score changes by that. Verdicts, labels" in note


def test_a_bar_that_comes_or_goes_is_called_none() -> None:
    assert any("from 0.6 to none" in note for note in changed(("pass_bar: 0.6\n", "")).notes)


def test_another_treatment_of_missing_values_changes_scores() -> None:
    result = changed(("pass_bar: 0.6", "missing: renormalise\npass_bar: 0.6"))

    assert result.scores_change
    assert result.asked_again == ()
    (note,) = result.notes
    assert "'renormalise' instead of 'bound': the next run makes other scores" in note
    assert "labels and agreement figures stand" in note


def test_the_difference_is_plain_data() -> None:
    plain = changed(("weight: 2", "weight: 3")).to_dict()

    assert json.loads(json.dumps(plain))["changes"][0]["kind"] == "scoring"
    assert plain["old"] == "billing 1"
    assert plain["scores_change"] is True
