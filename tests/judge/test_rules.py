"""Rules: plain functions that decide criteria."""

# ruff: noqa: ARG001 - rules under test do not look at everything
from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import DataError, JudgeError
from trueup.item.model import Item
from trueup.judge.protocol import Request
from trueup.judge.rules import Rules
from trueup.judge.verdict import Finding, unscored
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
SCALE = (Level("1", "", 0.0), Level("2", "", 0.5), Level("3", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(Criterion("a", "A?", LEVELS), Criterion("s", "S?", SCALE, kind="scale")),
)


def decide(rules: Rules, criterion: str, output: str = "hello") -> Finding:
    item = Item(id="i", output=output)
    request = Request(id="q", rubric=RUBRIC, criteria=(criterion,), candidates=(item,))

    async def listen() -> Finding:
        async for name, verdict in rules.judge([request]):
            assert name == "q"
            return verdict.findings[criterion]
        raise AssertionError

    return asyncio.run(listen())


def one_rule(criterion: str, function: Callable[..., Any]) -> Rules:
    rules = Rules("mine", version="1")
    assert rules.rule(criterion)(function) is function
    return rules


@pytest.mark.parametrize(
    ("criterion", "said", "value", "level", "explanation"),
    [
        ("a", True, 1.0, "met", ""),
        ("a", (False, "no clause"), 0.0, "unmet", "no clause"),
        ("a", 0.75, 0.75, "met", ""),
        ("s", "2", 0.5, "2", ""),
        ("s", ("3", "just so"), 1.0, "3", "just so"),
    ],
)
def test_a_rule_decides(
    criterion: str, said: object, value: float, level: str, explanation: str
) -> None:
    found = decide(one_rule(criterion, lambda _: said), criterion)

    expected = Finding(
        outcome="scored", value=value, level=level, explanation=explanation, decided_by="rule"
    )
    assert found == expected


def test_a_rule_sees_the_item_and_where_it_asks_for_it_the_criterion() -> None:
    assert decide(one_rule("a", lambda item: item.output == "hello"), "a").value == 1.0
    assert decide(one_rule("a", lambda item, c: c.ask in item.output), "a", "A? Yes").value == 1.0


def test_a_rule_may_abstain_or_say_anything_else() -> None:
    found = decide(one_rule("a", lambda _: (None, "too short")), "a")
    assert (found.outcome, found.reason, found.explanation) == (
        "abstained",
        "no_answer",
        "too short",
    )
    other = decide(one_rule("a", lambda _: unscored("not_applicable", "no_order")), "a")
    assert (other.outcome, other.decided_by) == ("not_applicable", "rule")


def test_a_criterion_without_a_rule_is_left_undecided() -> None:
    found = decide(one_rule("a", lambda _: True), "s")

    assert (found.outcome, found.reason, found.decided_by) == ("abstained", "no_rule", "rule")


def test_a_rule_that_raises_fails_alone() -> None:
    def broken(item: Item) -> bool:
        raise ZeroDivisionError("\x07")

    found = decide(one_rule("a", broken), "a")

    assert (found.outcome, found.reason, found.decided_by) == ("failed", "judge_raised", "rule")
    assert found.explanation == "ZeroDivisionError: \\x07"


def test_an_error_of_trueup_passes_through() -> None:
    def broken(item: Item) -> bool:
        raise DataError("the list of clauses is missing")

    with pytest.raises(DataError):
        decide(one_rule("a", broken), "a")


def test_one_function_may_decide_several_criteria() -> None:
    rules = Rules("mine", version="1")
    rules.rule("a", "s")(lambda item, criterion: criterion.levels[-1].key)  # noqa: ARG005 - its form counts

    assert rules.criteria == ("a", "s")
    assert decide(rules, "s").level == "3"


def test_a_new_rule_changes_the_instrument_of_its_criterion_alone() -> None:
    before, after = Rules("mine", version="1"), one_rule("a", lambda _: True)

    assert before.instrument(RUBRIC, "a") != after.instrument(RUBRIC, "a")
    assert before.instrument(RUBRIC, "s") == after.instrument(RUBRIC, "s")


def test_a_rule_whose_code_changes_is_another_instrument_and_the_same_code_is_not() -> None:
    first = one_rule("a", lambda item: len(item.output) > 3).instrument(RUBRIC, "a")
    again = one_rule("a", lambda item: len(item.output) > 3).instrument(RUBRIC, "a")
    edited = one_rule("a", lambda item: len(item.output) > 4).instrument(RUBRIC, "a")

    assert first == again
    assert first != edited


def test_rules_keep_the_contract() -> None:
    rules = Rules("mine", version="1")
    rules.rule("answers", "next-step")(lambda item: len(item.output) > 3)
    rules.rule("tone")(lambda item: item.missing)

    check_judge(rules)


async def _waits(item: Item) -> bool:
    return bool(item)


def _no_parameters() -> bool:
    return True


def _three(item: Item, criterion: Criterion, more: int) -> bool:
    return bool(item and criterion and more)


@pytest.mark.parametrize("function", [_waits, _no_parameters, _three, bool])
def test_what_cannot_be_a_rule_is_refused_where_it_is_written(
    function: Callable[..., Any],
) -> None:
    with pytest.raises(JudgeError, match="cannot be a rule"):
        one_rule("a", function)


def test_a_criterion_has_one_rule() -> None:
    rules = one_rule("a", lambda _: True)

    with pytest.raises(JudgeError, match="mine: there are two rules for 'a'"):
        rules.rule("a")(lambda _: False)


def test_a_decorator_without_criteria_is_refused() -> None:
    rules = Rules("mine", version="1")

    with pytest.raises(JudgeError, match="names its criteria"):
        rules.rule()
    with pytest.raises(JudgeError, match="names its criteria"):
        rules.rule(lambda item: True)  # type: ignore[arg-type] # noqa: ARG005 - the mistake under test


def test_rules_need_a_name_and_a_version() -> None:
    with pytest.raises(JudgeError):
        Rules("", version="1")
    with pytest.raises(JudgeError):
        Rules("mine", version="")
