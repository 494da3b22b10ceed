"""Criteria that code decides, test by test."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from trueup.item.model import Item
from trueup.rubric import check as module
from trueup.rubric import grounded
from trueup.rubric.check import CheckResult, describe, field_text, run_check


def item(output: Any, **given: Any) -> Item:
    return Item(id="1", output=output, **given)


def met(check: dict[str, Any], output: Any, **given: Any) -> bool | None:
    return run_check(check, item(output, **given)).met


@pytest.mark.parametrize(
    ("check", "output", "expected"),
    [
        ({"pattern": r"clause \d+"}, "See clause 12.", True),
        ({"pattern": r"clause \d+"}, "See Clause 12.", False),
        ({"pattern": r"(?i)clause \d+"}, "See Clause 12.", True),
        ({"pattern": r"(?m)^\p{Lu}"}, "see\nÉtat", True),
        ({"absent": "(?i)as an ai"}, "As an AI, I cannot.", False),
        ({"absent": "(?i)as an ai"}, "Done.", True),
        ({"contains": "refund"}, "Your REFUND is on its way.", True),
        ({"contains": "refund", "case": True}, "Your REFUND is on its way.", False),
        ({"contains": ["refund", "14 days"]}, "A refund in 14 days.", True),
        ({"contains": ["refund", "14 days"]}, "A refund soon.", False),
        ({"contains": "straße"}, "STRASSE", True),
        ({"contains": "caf\u00e9"}, "cafe\u0301", True),
        ({"excludes": ["guarantee", "promise"]}, "We guarantee it.", False),
        ({"excludes": ["guarantee", "promise"]}, "We try.", True),
        ({"starts_with": "dear"}, "  Dear customer", True),
        ({"starts_with": "dear", "case": True}, "Dear customer", False),
        ({"ends_with": "Your team"}, "Bye.\nYour team\n", True),
        ({"ends_with": "Your team"}, "Your team is here", False),
        ({"equals": "yes"}, " Yes\n", True),
        ({"equals": "two words"}, "two\n  words", True),
        ({"equals": "yes"}, "yes, it is", False),
        ({"not_empty": True}, " \n", False),
        ({"not_empty": True}, ".", True),
        ({"json": True}, '{"a": [1, 2.5, null]}\n', True),
        ({"json": True}, 'Here it is: {"a": 1}', False),
        ({"json": True}, '{"a": NaN}', False),
        ({"json": True}, "9" * 10_000, True),
        ({"json": True}, "[" * 100_000, False),
        ({"json": True}, "", False),
        ({"min_words": 3}, "one two three", True),
        ({"min_words": 3}, "one two -", False),
        ({"max_words": 2}, "one two three", False),
        ({"min_words": 2, "max_words": 2}, "one two", True),
        ({"count": {"unit": "bullets", "max": 2}}, "- a\n- b\n- c", False),
        ({"count": {"unit": "bullets", "min": 3}}, "- a\n- b\n- c", True),
        ({"count": {"unit": "questions", "exactly": 1}}, "Why? Why?", False),
        ({"count": {"unit": "questions", "exactly": 0}}, "So.", True),
        ({"pattern": "a", "max_words": 1}, "a b", False),
    ],
)
def test_a_check_is_met_where_every_test_holds(
    check: dict[str, Any], output: str, *, expected: bool
) -> None:
    assert met(check, output) is expected


@pytest.mark.parametrize(
    ("check", "output", "told"),
    [
        ({"pattern": r"clause \d+"}, "x", r"the output has no match of 'clause \\d+'"),
        ({"absent": "[Pp]romise"}, "I Promise.", "the output has 'Promise'"),
        ({"contains": ["a", "b", "c", "d", "e"]}, "-", "the output lacks 'a', 'b', 'c' and 2 more"),
        ({"excludes": "x" * 99}, "x" * 99, f"the output has '{'x' * 57}...'"),
        ({"starts_with": "Dear"}, "Hi", "the output does not start with 'Dear'"),
        ({"equals": "yes"}, "no", "the output is not 'yes'"),
        ({"max_words": 1}, "a b", "the output has 2 words, at most 1 are allowed"),
        (
            {"count": {"unit": "links", "exactly": 1}},
            "",
            "the output has 0 links, at least 1 are asked",
        ),
        ({"json": True}, "{", "the output is no JSON: Expecting property name"),
        ({"json": True}, "[" * 100_000, "the output is no JSON: nested too deeply"),
        ({"json": True}, "NaN", "the output is no JSON: NaN is no JSON value"),
        ({"not_empty": True}, "", "the output is empty"),
    ],
)
def test_a_failed_test_says_what_was_found(check: dict[str, Any], output: str, told: str) -> None:
    assert run_check(check, item(output)).explanation.startswith(told)


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("output", "out"),
        ("input", "in"),
        ("context", "con"),
        ("reference", "ref"),
        ("metadata.plan", "pro"),
        ("metadata.seats", "3"),
        ("metadata.tags", '["é", true]'),
    ],
)
def test_a_check_looks_where_it_is_told(where: str, text: str) -> None:
    full = item("out", input="in", context="con", reference="ref",
                metadata={"plan": "pro", "seats": 3, "tags": ["é", True]})  # fmt: skip

    assert field_text(full, where) == text
    assert run_check({"where": where, "equals": text}, full).met is True


@pytest.mark.parametrize("where", ["input", "context", "reference", "metadata.plan"])
def test_a_field_that_is_absent_leaves_the_check_undecided(where: str) -> None:
    actual = run_check({"where": where, "json": True}, item("out"))

    assert actual == CheckResult(None, "missing_input", f"the item has no {where}")


def test_an_empty_output_is_there_and_one_with_a_fault_is_not() -> None:
    assert met({"max_words": 3}, "") is True
    assert run_check({"max_words": 3}, item("", fault="missing_output")).reason == "missing_input"


def test_a_field_to_compare_with_may_be_absent_too() -> None:
    check = {"equals": {"field": "reference"}}

    assert met(check, "Yes", reference="yes") is True
    assert met(check, "no", reference="yes") is False
    assert run_check(check, item("no")) == CheckResult(
        None, "missing_input", "the item has no reference"
    )


def test_an_unknown_field_is_a_programming_mistake() -> None:
    with pytest.raises(ValueError, match="no field 'outptu'"):
        run_check({"where": "outptu", "json": True}, item("out"))


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"patern": "x"}, "no test 'patern'"),
        ({}, "without a test"),
        ({"where": "output"}, "without a test"),
    ],
)
def test_a_check_that_tests_nothing_is_never_met(check: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        run_check(check, item("out"))


def test_a_pattern_that_takes_too_long_leaves_the_check_undecided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATTERN_SECONDS", 0.01)
    actual = run_check({"pattern": "(a|aa)+$"}, item("a" * 5_000 + "b"))

    assert (actual.met, actual.reason) == (None, "pattern_timeout")


def test_a_test_that_fails_decides_whatever_another_could_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATTERN_SECONDS", 0.01)
    slow, text = {"pattern": "(a|aa)+$"}, "a" * 5_000 + "b"

    assert met({**slow, "max_words": 0}, text) is False
    assert met({**slow, "max_words": 1}, text) is None


def test_too_many_quotations_leave_the_check_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounded, "SECONDS", -1.0)
    actual = run_check({"grounded": ["quotes"]}, item('"a"', context="a"))

    assert (actual.met, actual.reason) == (None, "pattern_timeout")


def test_of_messages_only_what_was_said_and_called_is_looked_at() -> None:
    call = {"function": {"name": "refund", "arguments": '{"id": 7}'}}
    spoken = ({"role": "assistant", "content": "Done."},)
    calling = ({"role": "assistant", "content": None, "tool_calls": [call]}, *spoken)

    assert field_text(item(spoken), "output") == "Done."
    assert field_text(item(calling), "output") == '\n[calls refund({"id": 7})]\n\nDone.'
    assert met({"equals": "done."}, spoken) is True
    assert met({"contains": "assistant"}, spoken) is False


@pytest.mark.parametrize("text", ["a" * 5_000_000, "- \n" * 1_600_000, '"[' * 2_500_000])
def test_five_megabytes_are_no_trouble(text: str) -> None:
    check = {"contains": "x", "count": {"unit": "sentences", "max": 1}, "grounded": ["quotes"]}

    assert run_check(check, item(text, context=text)).met is False


def test_grounded_needs_something_to_rest_on() -> None:
    check = {"grounded": ["numbers"]}

    assert met(check, "It costs 3.", context="Price: 3.00") is True
    assert met(check, "It costs 3.", input="Is it 3?") is True
    assert run_check(check, item("It costs 4.", context="3", reference="5")).explanation == (
        "numbers that neither context nor reference nor input has: '4'"
    )
    assert run_check(check, item("It costs 3.")).reason == "missing_input"


def test_a_text_does_not_ground_itself() -> None:
    check = {"where": "context", "grounded": "numbers"}

    assert run_check(check, item("3", context="3")).reason == "missing_input"
    assert met(check, "4", context="3", input="3") is True


def test_the_generated_question_stays_as_it_is() -> None:
    """Question hashes of criteria without an `ask` hang on these words."""
    check = {"where": "context", "pattern": r"a\d", "count": {"unit": "words", "max": 3}}

    assert describe({"max_words": 3}) == "Does the output pass the check {max_words: 3}?"
    assert describe(check) == (
        r'Does the context pass the check {count: {"max": 3, "unit": "words"}, pattern: "a\\d"}?'
    )


def test_a_result_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        run_check({"json": True}, item("1")).met = None  # type: ignore[misc]  # what is tested
