"""What changes a rubric's hashes, and what does not."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import as_yaml, documents
from trueup.rubric.load import parse_rubric
from trueup.rubric.model import Criterion, Rubric

if TYPE_CHECKING:
    from typing import Any

ORIGINAL = """\
name: billing-reply
task: The assistant answers a question about a bill.
criteria:
  - id: grounded
    ask: Does every claim follow from the excerpt?
    met: Each amount is there.
    unmet: One amount is lacking.
    when: The excerpt has amounts.
    weight: 3
    gate: true
    examples:
      - output: Fees are three euros.
        answer: unmet
        input: What are fees?
        context: Two euros.
        why: Excerpt says two.
  - id: tone
    ask: How fitting is it?
    scale: {1: curt words, 2: {text: fine words}, 3: right words}
  - id: outcome
    ask: What happened?
    choices: {delivered: 1, deflected: 0.5, refused: 0}
  - id: clause
    check: {pattern: 'clause \\d+', max_words: 120}
"""
SCALE = "1: curt words, 2: {text: fine words}, 3: right words"
DECLARED = (
    "1: {text: curt words, value: 0}, 2: {text: fine words, value: 0.5}, "
    "3: {text: right words, value: 1}"
)
REWRITTEN = """\
# A comment, other keys first, other white space, other quotes.
criteria:
  - gate:   true          # a comment
    weight: 3.0
    unmet: "One amount
      is lacking."
    met: |
      Each  amount
      is there.
    when: 'The excerpt has amounts.'
    ask: >-
      Does every claim

      follow from the excerpt?
    examples:
      - why: Excerpt says two.
        context: "Two\\teuros."
        input: What are   fees?
        answer: unmet
        output: |
          Fees are three euros.
    id: grounded

  - scale:
      1: curt words
      2: fine words
      3: {text: right words}
    ask: How fitting is it?
    id: tone
  - choices:
      refused: 0.0
      deflected: .5
      delivered: 1.0
    id: outcome
    ask: What happened?
  - {check: {max_words: 120, case: false, pattern: "clause \\\\d+", where: output}, id: clause}
task: Another task.
version: 2
name: other-name
"""


def questions(rubric: Rubric) -> dict[str, str]:
    return {criterion.id: criterion.question for criterion in rubric.criteria}


def changed(before: Rubric, after: Rubric) -> set[str]:
    """Return the ids of the criteria whose question changed."""
    old, new = questions(before), questions(after)
    return {name for name in old if old[name] != new[name]}


def swap(old: str, new: str) -> Rubric:
    assert ORIGINAL.count(old) == 1, old
    return parse_rubric(ORIGINAL.replace(old, new))


BEFORE = parse_rubric(ORIGINAL)


def test_comments_key_order_quotes_and_white_space_change_nothing() -> None:
    after = parse_rubric(REWRITTEN)

    assert questions(after) == questions(BEFORE)
    assert after.scoring == BEFORE.scoring


def test_the_order_of_the_criteria_changes_nothing() -> None:
    after = Rubric(name="r", task="t", criteria=BEFORE.criteria[::-1])

    assert questions(after) == questions(BEFORE)
    assert after.scoring == BEFORE.scoring


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight: 3", "weight: 2.5"),
        ("    gate: true\n", ""),
        ("3: right words", "3: right words}\n    gate: {min: 2"),
        (SCALE, DECLARED.replace("0.5", "0.4")),
        ("deflected: 0.5", "deflected: 0.6"),
        ("name: billing-reply", "name: billing-reply\nmissing: renormalise"),
    ],
)  # fmt: skip
def test_weights_gates_and_level_values_change_the_scoring_only(old: str, new: str) -> None:
    after = swap(old, new)

    assert changed(BEFORE, after) == set()
    assert after.scoring != BEFORE.scoring


def test_values_declared_as_they_would_be_anyway_change_nothing() -> None:
    after = swap(SCALE, DECLARED)

    assert (questions(after), after.scoring) == (questions(BEFORE), BEFORE.scoring)


TEXTS = {
    "grounded": (
        "Does every claim follow from the excerpt?",
        "Each amount is there.",
        "One amount is lacking.",
        "The excerpt has amounts.",
        "Fees are three euros.",
        "What are fees?",
        "Two euros.",
        "Excerpt says two.",
    ),
    "tone": ("How fitting is it?", "curt words", "fine words", "right words"),
    "outcome": ("What happened?", "delivered", "deflected", "refused"),
    "clause": (r"clause \d+", "max_words", "120"),
}
WORDS = [
    (name, text, place)
    for name, texts in TEXTS.items()
    for text in texts
    for place in range(len(text.split()))
]


@pytest.mark.parametrize(("name", "text", "place"), WORDS)
def test_each_word_changes_exactly_its_own_criterion(name: str, text: str, place: int) -> None:
    words = text.split()
    other = {"max_words": "min_words", "120": "121"}.get(words[place], f"un{words[place]}")
    after = swap(text, " ".join([*words[:place], other, *words[place + 1 :]]))

    assert changed(BEFORE, after) == {name}
    if name != "outcome":  # where the words are level keys, on which the scoring hangs too
        assert after.scoring == BEFORE.scoring


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("answer: unmet", "answer: met", "grounded"),
        ("    when: The excerpt has amounts.\n", "", "grounded"),
        ("    weight: 3\n", "    weight: 3\n    implicit: true\n", "grounded"),
        ("1: curt words, 2: {text: fine words}", "2: curt words, 1: {text: fine words}", "tone"),
        ("scale: {1: curt words, 2: {text: fine words}, 3: right words}", "met: It is.", "tone"),
    ],
)
def test_what_else_changes_what_is_asked(old: str, new: str, name: str) -> None:
    assert changed(BEFORE, swap(old, new)) == {name}


@pytest.mark.parametrize(
    "line", ["needs: [context]", "if_empty: unmet", "guard: true", "generic: true"]
)
def test_what_is_not_asked_changes_no_question(line: str) -> None:
    after = swap("    weight: 3\n", f"    weight: 3\n    {line}\n")

    assert (questions(after), after.scoring) == (questions(BEFORE), BEFORE.scoring)


@settings(max_examples=50)
@given(st.data(), documents())
def test_any_order_of_keys_hashes_the_same(data: st.DataObject, document: dict[str, Any]) -> None:
    shuffled = _shuffle(data, document, ordered={"scale"})

    before, after = parse_rubric(as_yaml(document)), parse_rubric(as_yaml(shuffled))

    assert questions(after) == questions(before)
    assert after.scoring == before.scoring


def _shuffle(data: st.DataObject, value: Any, *, ordered: set[str]) -> Any:
    if isinstance(value, list):
        return [_shuffle(data, entry, ordered=ordered) for entry in value]
    if not isinstance(value, dict):
        return value
    keys = data.draw(st.permutations(sorted(value)))
    return {
        key: value[key] if key in ordered else _shuffle(data, value[key], ordered=ordered)
        for key in keys
    }


def test_every_field_of_a_criterion_is_known_to_these_tests() -> None:
    """A new field must be placed: in the question, in the scoring, or in neither."""
    question = {"ask", "levels", "kind", "when", "examples", "check", "implicit"}
    scoring = {"id", "weight", "gate"}
    neither = {"needs", "if_empty", "generic", "guard", "place"}

    assert {field.name for field in fields(Criterion)} == question | scoring | neither
