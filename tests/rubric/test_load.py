"""What a rubric file means once it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from tests.strategies import as_yaml, documents
from trueup.rubric.load import load_rubric, parse_rubric
from trueup.rubric.model import Criterion, Example, Level, Place, Rubric

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

BILLING = """\
# yaml-language-server: $schema=rubric.schema.json
name: billing-reply
version: 1.10
task: The assistant answers a question about a bill.   # simulated
description: For the walk-through.
language: no
validated: 40 simulated replies
pass_bar: 0.8
missing: renormalise
criteria:
  - id: grounded
    ask: >
      Does every claim follow
      from the excerpt?
    met: Each amount is there.
    unmet: At least one amount is not there.
    weight: 3
    gate: true
    needs: [context, metadata.plan, context]
    examples:
      - output: It costs 3 euros.
        answer: unmet
        input: What does it cost?
        context: It costs 2 euros.
        why: The excerpt says 2.
  - id: padding
    ask: Does the reply repeat itself?
    weight: -0.5
    when: The reply is longer than a line.
    if_empty: unmet
    implicit: true
    guard: true
    generic: true
"""


def first(entry: str) -> Criterion:
    """Return the criterion of a flow mapping's inside."""
    tail = "  - {id: earns, ask: Does it?}"
    text = f"name: r\ntask: Replies.\ncriteria:\n  - {{id: a, {entry}}}\n{tail}\n"
    return parse_rubric(text).criteria[0]


def test_every_key_arrives() -> None:
    rubric = parse_rubric(BILLING, name="billing.yaml")

    grounded, padding = rubric.criteria
    assert rubric == Rubric(
        name="billing-reply",
        task="The assistant answers a question about a bill.",
        criteria=(grounded, padding),
        version="1.10",
        missing="renormalise",
        language="no",
        validated="40 simulated replies",
        pass_bar=0.8,
        description="For the walk-through.",
    )
    assert grounded == Criterion(
        id="grounded",
        ask="Does every claim follow from the excerpt?",
        levels=(
            Level("unmet", "At least one amount is not there.", 0.0),
            Level("met", "Each amount is there.", 1.0),
        ),
        weight=3.0,
        gate="met",
        needs=("context", "metadata.plan"),
        examples=(
            Example(
                output="It costs 3 euros.",
                answer="unmet",
                input="What does it cost?",
                context="It costs 2 euros.",
                why="The excerpt says 2.",
            ),
        ),
    )
    assert padding == Criterion(
        id="padding",
        ask="Does the reply repeat itself?",
        levels=(Level("unmet", "", 0.0), Level("met", "", 1.0)),
        weight=-0.5,
        when="The reply is longer than a line.",
        if_empty="unmet",
        implicit=True,
        guard=True,
        generic=True,
    )


def test_each_criterion_knows_its_place() -> None:
    rubric = parse_rubric(BILLING, name="billing.yaml")

    assert [c.place for c in rubric.criteria] == [
        Place("billing.yaml", 11, 5),
        Place("billing.yaml", 26, 5),
    ]


def test_the_defaults_are_the_least_surprising() -> None:
    rubric = parse_rubric("name: r\ntask: Replies.\ncriteria: [{id: a, ask: Does it?}]\n")

    assert rubric == Rubric(
        name="r",
        task="Replies.",
        criteria=(Criterion("a", "Does it?", (Level("unmet", "", 0.0), Level("met", "", 1.0))),),
    )
    assert rubric.path is None


def test_a_scale_runs_evenly_from_worst_to_best() -> None:
    scale = first("ask: How?, scale: {1: curt, 2: fine, 3: {text: right}}, gate: {min: 2}")

    assert scale.kind == "scale"
    assert scale.levels == (
        Level("1", "curt", 0.0),
        Level("2", "fine", 0.5),
        Level("3", "right", 1.0),
    )
    assert scale.gate == "2"


def test_a_scale_takes_declared_values_and_levels_without_text() -> None:
    scale = first("ask: How?, scale: {low: {text: curt, value: 0.2}, high: {value: 0.9}}")

    assert scale.levels == (Level("low", "curt", 0.2), Level("high", "", 0.9))
    assert first("ask: How?, scale: {1: , 2: right}").levels[0].text == ""


def test_choices_keep_their_order_texts_and_values() -> None:
    choices = first("ask: What?, choices: {sent: 1, no: {text: Refused., value: 0}, 1.10: 0.5}")

    assert choices.kind == "choices"
    assert choices.levels == (
        Level("sent", "", 1.0),
        Level("no", "Refused.", 0.0),
        Level("1.10", "", 0.5),
    )


@pytest.mark.parametrize("word", ["no", "off", "1.10", "007", "1e3", "0x1f", "2024-05-01", "true"])
def test_what_stands_in_the_file_stays_text_where_text_is_meant(word: str) -> None:
    text = f"name: r\nversion: {word}\ntask: {word}\ncriteria: [{{id: a, ask: {word}}}]\n"
    rubric = parse_rubric(text)
    scale = first(f"ask: What?, choices: {{{word}: 0, x: 1}}, if_empty: {word}")

    assert (rubric.version, rubric.task, rubric.criteria[0].ask) == (word, word, word)
    assert (scale.levels[0].key, scale.if_empty) == (word, word)


def test_a_check_is_asked_by_a_generated_sentence_unless_the_file_has_one() -> None:
    check = first(r"check: {pattern: 'clause \d+', where: context}")

    assert check.kind == "check"
    assert check.check == {"where": "context", "pattern": r"clause \d+"}
    assert check.ask == r'Does the context pass the check {pattern: "clause \\d+"}?'
    assert first("ask: Short?, check: {max_words: 3}").ask == "Short?"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("{contains: refund, case: false, where: output}", {"contains": ["refund"]}),
        ("{excludes: [1.10, no]}", {"excludes": ["1.10", "no"]}),
        ("{equals: 42}", {"equals": "42"}),
        ("{equals: {field: reference}}", {"equals": {"field": "reference"}}),
        ("{json: true, grounded: numbers}", {"json": True, "grounded": ["numbers"]}),
        ("{count: {unit: bullets, max: 5}}", {"count": {"unit": "bullets", "max": 5}}),
    ],
)
def test_a_check_is_kept_as_plain_data_without_what_goes_unsaid(
    written: str, kept: dict[str, Any]
) -> None:
    assert first(f"check: {written}").check == kept


def test_ignore_comments_are_kept_with_their_line_and_reason() -> None:
    text = (
        "name: r  # trueup: ignore[no-downside] a demonstration\n"
        "task: Replies.\n"
        "criteria:\n"
        "  # trueup: ignore[vague, length]   both are meant\n"
        "  - id: a\n"
        "    ask: |  # trueup: ignore[compound] one act\n"
        "      Does it?\n"
        "      # trueup: ignore[vague]\n"
        "    met: 'It does # trueup: ignore[length] so.'\n"
    )

    assert parse_rubric(text).ignores == {
        1: {"no-downside": "a demonstration"},
        4: {"vague": "both are meant", "length": "both are meant"},
        6: {"compound": "one act"},
    }


def test_aliases_stand_for_what_they_name() -> None:
    text = (
        "name: r\ntask: &t Replies.\ndescription: *t\n"
        "criteria:\n  - {id: a, ask: A?, needs: &n [context]}\n  - {id: b, ask: B?, needs: *n}\n"
    )
    rubric = parse_rubric(text)

    assert rubric.description == "Replies."
    assert rubric.criteria[1].needs == ("context",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, end: str) -> None:
    file = tmp_path / "billing.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + BILLING.replace("\n", end).encode())
    rubric = load_rubric(str(file))

    assert rubric == parse_rubric(BILLING)
    assert rubric.path == str(file)
    assert rubric.criteria[1].place == Place(str(file), 26, 5)


@settings(max_examples=50)
@given(documents())
def test_every_document_in_order_is_read(document: dict[str, Any]) -> None:
    rubric = parse_rubric(as_yaml(document))

    assert [c.id for c in rubric.criteria] == [entry["id"] for entry in document["criteria"]]
    assert [c.weight for c in rubric.criteria] == [e.get("weight", 1) for e in document["criteria"]]
