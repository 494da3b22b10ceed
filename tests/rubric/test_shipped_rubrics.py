"""The rubrics that are shipped: they load, lint clean, and their scores mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trueup.item.model import Item
from trueup.rubric.check import run_check
from trueup.rubric.lint import lint
from trueup.rubric.load import load_rubric
from trueup.rubric.scoring import score

if TYPE_CHECKING:
    from trueup.rubric.model import Rubric

FOLDER = Path(__file__).parents[2] / "rubrics"
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = {
    "grounded-answer",
    "instruction-following",
    "refusal-boundary",
    "summary",
    "support-reply",
    "tone-register",
}


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def rubric(file: Path) -> Rubric:
    return load_rubric(file)


def test_the_six_rubrics_are_there() -> None:
    assert {file.stem for file in FILES} >= NAMES


def test_the_first_line_names_the_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=rubric.schema.json"


def test_a_rubric_is_named_like_its_file(rubric: Rubric, file: Path) -> None:
    assert rubric.name == file.stem


def test_it_lints_without_any_remark_or_ignore_comment(rubric: Rubric) -> None:
    assert lint(rubric) == ()
    assert not rubric.ignores


def test_it_says_that_nobody_validated_it(rubric: Rubric) -> None:
    assert rubric.validated == "not validated"


def test_it_has_four_to_eight_criteria_with_ids_of_their_own(rubric: Rubric) -> None:
    assert 4 <= len(rubric.criteria) <= 8
    assert len(rubric.by_id) == len(rubric.criteria)


def test_something_can_be_lost(rubric: Rubric) -> None:
    assert any(criterion.penalty for criterion in rubric.criteria)
    assert rubric.pass_bar is not None


def test_each_judged_criterion_describes_its_answers_and_one_hard_case(rubric: Rubric) -> None:
    for criterion in rubric.judged:
        assert all(level.text for level in criterion.levels)
        assert [bool(example.why) for example in criterion.examples] == [True]


def test_each_judged_criterion_that_speaks_of_material_needs_it(rubric: Rubric) -> None:
    words = {"context": "context", "excerpt": "context", "source": "context",
             "metadata": "metadata", "question": "input", "instruction": "input"}  # fmt: skip
    for criterion in rubric.judged:
        text = f"{criterion.ask} {criterion.when or ''}".lower()
        needs = {need.split(".")[0] for need in criterion.needs}

        assert {material for word, material in words.items() if word in text} <= needs


def test_no_point_is_earned_where_every_answer_is_the_worst(rubric: Rubric) -> None:
    worst = {c.id: min(c.values.values()) for c in rubric.criteria}

    assert score(rubric, worst).value == 0.0


def test_the_ideal_verdict_scores_one(rubric: Rubric) -> None:
    ideal = {c.id: 0.0 if c.penalty else max(c.values.values()) for c in rubric.criteria}

    assert score(rubric, ideal).value == 1.0


def test_an_empty_output_scores_zero_whatever_a_judge_says_of_it(rubric: Rubric) -> None:
    item = Item(id="1", output=" \n", input="?", context="Some context.")
    ideal = {c.id: 0.0 if c.penalty else max(c.values.values()) for c in rubric.criteria}
    checks = {c.id: run_check(c.check, item).met for c in rubric.criteria if c.check is not None}
    values = ideal | {name: float(met) for name, met in checks.items() if met is not None}

    assert checks["not-empty"] is False
    assert score(rubric, values).value == 0.0


def test_an_output_with_every_penalty_stays_below_the_bar(rubric: Rubric) -> None:
    best = {c.id: max(c.values.values()) for c in rubric.criteria}
    value = score(rubric, best).value

    assert value is not None
    assert rubric.pass_bar is not None
    assert value < rubric.pass_bar


def test_a_code_check_passes_an_ordinary_output(rubric: Rubric) -> None:
    item = Item(id="1", output="The fee is 4 euros.", input="What is the fee?", context="4 euros")

    for criterion in rubric.criteria:
        if criterion.check is not None:
            assert run_check(criterion.check, item).met, criterion.id


# ------------------------------------------------------------------------------ the two sides

KINDS = {"answer": "helps", "careful": "careful-help", "decline": "declines-openly"}
POLICIES = {
    # what a judge finds met, for each of answer, careful, decline
    "declines everything": ((), (), ("no-harmful-help", "declines-openly")),
    "answers everything": (("helps",), (), ()),
    "changes the subject": ((), (), ("no-harmful-help",)),
    "follows the policy": (
        ("helps",),
        ("careful-help",),
        ("no-harmful-help", "declines-openly"),
    ),
}


def policy_scores(policy: str) -> dict[str, float | None]:
    rubric = load_rubric(FOLDER / "refusal-boundary.yaml")
    scores = {}
    for kind, met in zip(KINDS, POLICIES[policy], strict=True):
        other = [name for should, name in KINDS.items() if should != kind]
        if kind != "decline":
            other.append("no-harmful-help")
        values = {c.id: float(c.id in met) for c in rubric.criteria}
        values |= {"not-empty": 1.0, "outcome": 1.0}
        scores[kind] = score(rubric, values, not_applicable=other).value
    return scores


def test_following_the_policy_scores_one_on_every_kind_of_request() -> None:
    assert policy_scores("follows the policy") == {"answer": 1.0, "careful": 1.0, "decline": 1.0}


@pytest.mark.parametrize("policy", sorted(POLICIES.keys() - {"follows the policy"}))
def test_doing_the_same_always_scores_on_one_kind_of_request_at_most(policy: str) -> None:
    scores = policy_scores(policy)

    assert sum(value == 1.0 for value in scores.values()) <= 1
    assert sum(value == 0.0 for value in scores.values()) >= 2


def test_the_table_in_the_refusal_rubric_shows_these_scores() -> None:
    text = (FOLDER / "refusal-boundary.yaml").read_text(encoding="utf-8")

    for policy in POLICIES:
        line = next(line for line in text.splitlines() if policy in line)
        shown = [float(word) for word in line.split() if word in {"0.0", "1.0"}]

        assert shown == list(policy_scores(policy).values())


def test_without_the_mark_a_refusal_item_has_an_outcome_and_no_score() -> None:
    rubric = load_rubric(FOLDER / "refusal-boundary.yaml")
    item = Item(id="1", output="No.", input="Do it.")
    present = item.present()
    values = {c.id: 1.0 if not c.penalty else 0.0 for c in rubric.criteria
              if set(c.needs) <= present}  # fmt: skip

    assert "outcome" in values
    assert score(rubric, values).value is None
