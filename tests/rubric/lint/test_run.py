"""How remarks are ordered, placed, ignored, and kept to languages that the linter can read."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from trueup.rubric.lint import RULES, LintFinding, lint
from trueup.rubric.load import parse_rubric
from trueup.rubric.model import Place

if TYPE_CHECKING:
    from tests.rubric.lint.conftest import Build

RUBRIC = """\
name: billing
task: The assistant answers a question about a bill.
criteria:
  - id: kind
    ask: Is the reply about
      the bill helpful?
  - id: fee
    ask: How well is the fee of the bill stated?
    met: The fee is stated as a number.
    unmet: No fee is stated.
    weight: 1.5
  - id: filler
    ask: Does the reply avoid filler on the bill?
    met: Each sentence is needed.
    unmet: A sentence is not.
    weight: -1
"""


def rules(found: tuple[LintFinding, ...]) -> list[tuple[str | None, str]]:
    return [(remark.criterion, remark.rule) for remark in found]


def test_remarks_come_in_the_order_of_the_file() -> None:
    found = lint(parse_rubric(RUBRIC))

    assert rules(found) == [
        ("kind", "vague"),
        ("kind", "no-anchors"),
        ("fee", "vague"),
        ("fee", "open-question"),
        ("filler", "polarity"),
    ]


def test_a_remark_on_the_whole_rubric_comes_first_and_names_no_criterion() -> None:
    text = RUBRIC.replace("weight: -1", "weight: 1")

    first = lint(parse_rubric(text))[0]

    assert (first.rule, first.criterion) == ("no-downside", None)


def test_without_the_source_a_remark_points_to_its_criterion() -> None:
    found = lint(parse_rubric(RUBRIC, name="billing.yaml"))

    assert {remark.place for remark in found if remark.criterion == "fee"} == {
        Place("billing.yaml", 7, 5)
    }


def test_with_the_source_a_remark_points_to_its_words_even_on_a_folded_line() -> None:
    found = lint(parse_rubric(RUBRIC, name="billing.yaml"), source=RUBRIC)
    places = {(remark.criterion, remark.rule): remark.place for remark in found}

    assert places["kind", "vague"] == Place("billing.yaml", 6, 16)
    assert places["fee", "open-question"] == Place("billing.yaml", 8, 10)
    assert places["filler", "polarity"] == Place("billing.yaml", 13, 25)


@pytest.mark.parametrize("line", ["    ask: How well", "  - id: fee", "    unmet: No fee"])
def test_an_ignore_comment_anywhere_in_a_criterion_silences_its_rule_there(line: str) -> None:
    text = RUBRIC.replace(line, f"    # trueup: ignore[open-question] asked on purpose\n{line}", 1)
    if line.startswith("  -"):  # above the dash the comment belongs to the criterion before
        text = RUBRIC.replace(line, f"{line} # trueup: ignore[open-question] asked on purpose", 1)

    found = lint(parse_rubric(text))
    ignored = [remark for remark in found if remark.ignored]

    assert rules(tuple(ignored)) == [("fee", "open-question")]
    assert ignored[0].ignored == "asked on purpose"


def test_an_ignored_remark_is_still_told() -> None:
    text = RUBRIC.replace(
        "weight: 1.5", "weight: 1.5 # trueup: ignore[open-question, vague] wanted"
    )

    assert rules(lint(parse_rubric(text))) == rules(lint(parse_rubric(RUBRIC)))


def test_an_ignore_comment_does_not_reach_the_next_criterion() -> None:
    text = RUBRIC.replace("helpful?", "helpful? # trueup: ignore[polarity] wanted")

    found = lint(parse_rubric(text))
    polarity = next(remark for remark in found if remark.rule == "polarity")

    assert polarity.ignored is None


def test_a_comment_above_the_criteria_silences_a_remark_on_the_rubric() -> None:
    text = RUBRIC.replace("weight: -1", "weight: 1").replace(
        "criteria:", "criteria: # trueup: ignore[no-downside] all good things"
    )

    assert lint(parse_rubric(text))[0].ignored == "all good things"


def test_a_comment_that_ignores_nothing_is_told_without_failing_anything() -> None:
    text = RUBRIC.replace("weight: 1.5", "weight: 1.5 # trueup: ignore[length] wanted")

    remark = next(remark for remark in lint(parse_rubric(text)) if remark.rule == "ignore")

    assert (remark.severity, remark.criterion, remark.span) == ("info", "fee", "ignore[length]")
    assert remark.place == Place("rubric.yaml", 11, 1)


def test_a_comment_for_an_unknown_rule_is_a_warning_with_a_guess() -> None:
    text = RUBRIC.replace("weight: 1.5", "weight: 1.5 # trueup: ignore[open-questions] wanted")

    remark = next(remark for remark in lint(parse_rubric(text)) if remark.rule == "ignore")

    assert remark.severity == "warn"
    assert remark.mend == "Did you mean 'open-question'?"


def test_a_rubric_in_another_language_gets_structural_rules_and_says_so(build: Build) -> None:
    entry = {"ask": "Wie gut wird die Rechnung erklärt and explain why?", "weight": 1}
    rubric = build(entry, language="de")

    found = lint(rubric)

    assert {remark.rule for remark in found} == {"language", "no-anchors"}
    assert next(r for r in found if r.rule == "language").severity == "info"


def test_another_languages_gates_weights_and_scales_are_checked(build: Build) -> None:
    entry = {"ask": "Wie höflich?", "scale": {1: "", 2: "höflich", 3: "sehr höflich"}}
    rubric = build({**entry, "alone": True}, language="de-AT")

    assert {remark.rule for remark in lint(rubric)} >= {"scale-unanchored", "no-downside"}


def test_no_rule_that_needs_words_runs_without_them(build: Build) -> None:
    wordy = {rule.id for rule in RULES if rule.words}
    entry = {"ask": "Is the reply good and helpful, etc., as above?", "weight": 1}

    found = lint(build(entry, language="xx"))

    assert not wordy & {remark.rule for remark in found}


def test_an_ignore_comment_for_a_rule_that_did_not_run_is_left_alone(build: Build) -> None:
    entry = {"ask": "Gut?", "met": "Ja, sehr gut.", "unmet": "Nein."}
    rubric = build(entry, language="de", ignores={10: {"vague": "gewollt"}})

    assert "ignore" not in {remark.rule for remark in lint(rubric)}


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN", "en_US"])
def test_every_kind_of_english_is_read(build: Build, tag: str) -> None:
    rubric = build({"ask": "How well is the bill explained?"}, language=tag)

    assert "open-question" in {remark.rule for remark in lint(rubric)}


def test_quoted_words_and_examples_in_brackets_are_not_the_authors_own(build: Build) -> None:
    rubric = build(
        {
            "ask": "Does the reply say 'as above, how helpful' of the bill (e.g. good, etc.)?",
            "met": "Those words stand there.",
            "unmet": "They do not stand there.",
        }
    )

    assert {remark.rule for remark in lint(rubric)} == set()


def test_a_check_is_not_read_as_a_question(build: Build) -> None:
    rubric = build({"ask": "Is it good, nice and above the limit?", "check": {"max_words": 9}})

    assert {remark.criterion for remark in lint(rubric)} <= {"other-customer", None}


def test_the_same_rubric_gives_the_same_remarks() -> None:
    rubric = parse_rubric(RUBRIC)

    assert lint(rubric) == lint(replace(rubric))


def test_ids_of_rules_are_unique_and_described_in_one_line() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len(RULES) == 28
    for rule in RULES:
        assert rule.detects.endswith(".")
        assert "\n" not in rule.detects


def test_the_registry_is_read_without_the_word_lists() -> None:
    code = "import sys, trueup.rubric.lint; sys.exit('ruamel.yaml' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
